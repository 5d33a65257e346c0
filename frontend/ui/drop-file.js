// An area that takes one dropped file, with a file input for who does not drag.

import { html, useEffect, useRef, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";

/**
 * @param {object} properties
 * @param {(file: File) => void} properties.onFile
 * @param {string} properties.accept of the file input
 * @param {any} properties.children what the area says
 */
export function DropFile({ onFile, accept, children }) {
  const [isOver, setOver] = useState(false);
  const input = useRef(null);
  useNoStrayDrops();
  const drop = (event) => {
    event.preventDefault();
    setOver(false);
    const [file] = event.dataTransfer.files;
    if (file) onFile(file);
  };
  const over = (event) => {
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    setOver(true);
  };
  const leave = (event) => {
    if (!event.currentTarget.contains(event.relatedTarget)) setOver(false);
  };
  const pick = () => {
    const [file] = input.current.files;
    if (file) onFile(file);
    input.current.value = ""; // the same file can be picked again
  };
  return html`
    <div
      class="drop-zone ${isOver ? "over" : ""}"
      data-test="batch-drop"
      onDragEnter=${over}
      onDragOver=${over}
      onDragLeave=${leave}
      onDrop=${drop}
    >
      ${children}
      <label class="button">
        <input ref=${input} class="visually-hidden" type="file" accept=${accept} onChange=${pick} />
        ${t("predict.batch.pick")}
      </label>
    </div>
  `;
}

/** A file that misses the area must not replace the page. */
function useNoStrayDrops() {
  useEffect(() => {
    const stop = (event) => event.preventDefault();
    addEventListener("dragover", stop);
    addEventListener("drop", stop);
    return () => {
      removeEventListener("dragover", stop);
      removeEventListener("drop", stop);
    };
  }, []);
}
