// The choice of the labels to train on: those of now, or a version that was frozen before.

import { get } from "../lib/api.js";
import { useData } from "../lib/data.js";
import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { Field } from "../ui/basics.js";

/**
 * Nothing is shown for a dataset whose labels nobody has ever changed.
 *
 * @param {object} properties
 * @param {object} properties.dataset
 * @param {number | null} properties.chosen the number of a version; null: the labels of now
 * @param {string} [properties.error]
 * @param {(number: number | null) => void} properties.onChoose
 */
export function VersionChoice({ dataset, chosen, error, onChoose }) {
  const found = useData(() => get(`/api/training/dataset/${dataset.id}/versions`), [dataset.id]);
  if (found.data === null || !isCorrected(found.data)) return null;
  const { versions, current } = found.data;
  const choose = ({ target }) => onChoose(target.value === "" ? null : Number(target.value));
  return html`<${Field} id="dataset-version" label=${t("labels.train")} help=${t("labels.train.help")} error=${error}>
    ${(common) => html`<select ...${common} onChange=${choose}>
      <option value="" selected=${chosen === null}>
        ${t("labels.now")}: ${t("labels.differ", { count: current.num_changed })}
      </option>
      ${versions.map(
        (each) => html`<option key=${each.number} value=${each.number} selected=${chosen === each.number}>
          ${nameOf(each)}
        </option>`,
      )}
    </select>`}
  <//>`;
}

const isCorrected = ({ versions, current }) => versions.length > 1 || current.num_changed > 0;

function nameOf({ number, name }) {
  const version = `${t("labels.version")} ${number}`;
  if (number === 0) return `${version}: ${t("labels.version.file")}`;
  return name ? `${version}: ${name}` : version;
}
