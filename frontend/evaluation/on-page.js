// The sections of a long page: a press goes to one of them.

import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";

/** @param {{sections: [string, string][]}} properties ids of headings, and what they say */
export function OnPage({ sections }) {
  return html`
    <nav class="on-page" aria-label=${t("evaluation.onPage")}>
      ${sections.map(
        ([id, text]) => html`<button key=${id} type="button" class="quiet" onClick=${() => show(id)}>
          ${text}
        </button>`,
      )}
    </nav>
  `;
}

/** The address after the # names a page, so a link cannot name a place in it. */
function show(id) {
  const heading = document.getElementById(id);
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
  heading.scrollIntoView({ behavior: "smooth" });
}
