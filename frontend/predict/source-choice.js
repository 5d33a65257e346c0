// The survey of a candidate: it sets the band of the limb darkening and the length of the observations.

import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { Field } from "../ui/basics.js";

const SOURCES = ["", "koi", "k2", "toi", "exotrain"];

/** @param {{value: string, onChange: (value: string) => void}} properties empty: as the model was trained */
export function SourceChoice({ value, onChange }) {
  return html`<${Field} id="predict-source" label=${t("predict.source")} help=${t("predict.source.help")}>
    ${(common) => html`
      <select ...${common} value=${value} onChange=${(event) => onChange(event.target.value)}>
        ${SOURCES.map(
          (each) =>
            html`<option key=${each} value=${each}>${t(`predict.source.${each || "model"}`)}</option>`,
        )}
      </select>
    `}
  <//>`;
}
