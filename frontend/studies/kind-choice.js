// The choice of what a study is to answer.

import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { KINDS } from "./study-kinds.js";

/** @param {{chosen: string, onChoose: (kind: string) => void}} properties */
export function KindChoice({ chosen, onChoose }) {
  return html`
    <fieldset class="field whole-row">
      <legend>${t("studies.kind")}</legend>
      <div class="choices">
        ${KINDS.map(
          (kind) => html`<div key=${kind} class="choice ${kind === chosen ? "chosen" : ""}">
            <input
              type="radio"
              id=${`kind-${kind}`}
              name="kind"
              value=${kind}
              checked=${kind === chosen}
              aria-describedby=${`kind-${kind}-help`}
              onChange=${() => onChoose(kind)}
            />
            <div>
              <label for=${`kind-${kind}`}>${t(`studies.kind.${kind}`)}</label>
              <p class="help" id=${`kind-${kind}-help`}>${t(`studies.kind.${kind}.help`)}</p>
            </div>
          </div>`,
        )}
      </div>
    </fieldset>
  `;
}
