// The two ways to predict: one candidate, or a catalogue.

import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";

/** @param {{workspace: object, isBatch: boolean}} properties */
export function PredictTabs({ workspace, isBatch }) {
  const base = `#/w/${workspace.id}/predict`;
  return html`
    <nav class="tabs" aria-label=${t("predict.tabs")}>
      <a href=${base} aria-current=${isBatch ? undefined : "page"}>${t("predict.tab.single")}</a>
      <a href=${`${base}/batch`} aria-current=${isBatch ? "page" : undefined}>${t("predict.tab.batch")}</a>
    </nav>
  `;
}
