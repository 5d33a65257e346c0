// The choice of the curve set whose light curves the rows of a catalogue have, for a model that reads them.

import { readable } from "../training/form/curve-sets.js";
import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { Field } from "../ui/basics.js";

/**
 * Nothing is shown for a model that reads no light curves, nor in a workspace without curve sets.
 *
 * @param {object} properties
 * @param {object[]} properties.sets of the workspace, those that have been read
 * @param {string} properties.value the id of one; "" for none
 * @param {(value: string) => void} properties.onChange
 */
export function BatchCurves({ sets, value, onChange }) {
  if (sets.length === 0) return null;
  return html`<div data-test="batch-curves">
    <${Field} id="batch-curve-set" label=${t("predict.batch.curves")} help=${t("predict.batch.curves.help")}>
      ${(common) => html`<select ...${common} value=${value} onChange=${({ target }) => onChange(target.value)}>
        <option value="">${t("predict.batch.curves.none")}</option>
        ${sets.map(
          (each) => html`<option key=${each.id} value=${String(each.id)}>
            ${each.name} (${t("curves.stars", { count: each.stars })})
          </option>`,
        )}
      </select>`}
    <//>
  </div>`;
}

/** The sets that a model can be given; none for a model that reads no light curves. */
export function setsFor(model, sets, networks) {
  const isRead = networks.some(({ name, takes_curves: reads }) => reads && name === model?.network);
  return isRead ? readable(sets) : [];
}

/** What of a catalogue has a light curve, once it is predicted. */
export function CurvesOfBatch({ curves }) {
  if (!curves) return null;
  const { name, rows_used: count, rows_without: others, facts } = curves;
  return html`<p class="message" data-test="batch-light-curves">
    ${t("predict.batch.curves.used", { name, count, others })}
    ${facts?.rows_without_star > 0 && ` ${t("predict.batch.curves.noStar", { count: facts.rows_without_star })}`}
    ${facts?.rows_without_epoch > 0 && ` ${t("predict.batch.curves.noEpoch", { count: facts.rows_without_epoch })}`}
  </p>`;
}
