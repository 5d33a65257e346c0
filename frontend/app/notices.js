// The notices, collapsed into one line of the header: it takes its room, so that it never lies over a control.

import { html, useEffect, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { close, closeAll, closeSeen, hold, notices } from "../lib/notices.js";
import { useStore } from "../lib/store.js";
import { ActionButton } from "../ui/basics.js";

/** The newest notice, the others on demand; `path` is the page that is open. */
export function Notices({ path = "/" }) {
  const list = useStore(notices, (state) => state.list);
  const [isOpen, setOpen] = useState(false);
  useEffect(() => closeSeen(path), [path]);
  useEffect(() => {
    if (list.length < 2) setOpen(false);
    if (list.length === 0) hold(false);
  }, [list.length]);
  const others = list.length - 1;
  const shown = isOpen ? [...list].reverse() : list.slice(-1);
  return html`
    <div
      class="notices"
      onMouseEnter=${() => hold(true)}
      onMouseLeave=${() => hold(false)}
      onFocusIn=${() => hold(true)}
      onFocusOut=${() => hold(false)}
    >
      <div role="status" aria-live="polite">
        ${shown.map((each) => html`<${Notice} key=${each.id} notice=${each} />`)}
      </div>
      ${others > 0 &&
      html`<div class="actions">
        <button type="button" class="quiet" aria-expanded=${isOpen} onClick=${() => setOpen(!isOpen)}>
          ${t(isOpen ? "notices.fewer" : "notices.more", { count: others })}
        </button>
        <button type="button" class="quiet" onClick=${closeAll}>${t("notices.closeAll")}</button>
      </div>`}
    </div>
  `;
}

function Notice({ notice: { id, say, kind, link, linkSays, act, actSays } }) {
  return html`<div class="notice ${kind}">
    <p>
      ${say()} ${link && html`<a href=${link} onClick=${() => close(id)}>${linkSays()}</a>`}
      ${act && html` <${ActionButton} class="quiet" onAct=${act} onDone=${() => close(id)}>${actSays()}<//>`}
    </p>
    <button type="button" class="quiet" aria-label=${t("close")} onClick=${() => close(id)}>✕</button>
  </div>`;
}
