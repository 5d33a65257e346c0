// A button that opens a panel below it; Escape and a click elsewhere close it.

import { html, useEffect, useRef, useState } from "../lib/html.js";

/** @param {{text: string, children: (close: () => void) => any}} properties */
export function Menu({ text, children }) {
  const [isOpen, setOpen] = useState(false);
  const root = useRef(null);
  const close = () => {
    setOpen(false);
    root.current?.querySelector("button").focus();
  };
  useEffect(() => {
    if (!isOpen) return undefined;
    root.current.querySelector(".menu-panel input, .menu-panel select")?.focus();
    const outside = ({ target }) => !root.current?.contains(target) && setOpen(false);
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [isOpen]);
  const onKeyDown = (event) => {
    if (event.key !== "Escape" || !isOpen) return;
    event.stopPropagation();
    close();
  };
  return html`
    <div class="menu" ref=${root} onKeyDown=${onKeyDown}>
      <button type="button" aria-expanded=${isOpen} onClick=${() => setOpen(!isOpen)}>
        ${text} <span aria-hidden="true">▾</span>
      </button>
      ${isOpen && html`<div class="menu-panel card" role="group" aria-label=${text}>${children(close)}</div>`}
    </div>
  `;
}
