// The choice of the light curves that a network learns from, and how many rows of the dataset have one.

import { get } from "../../lib/api.js";
import { SETS } from "../../lib/curve-sets.js";
import { useData } from "../../lib/data.js";
import { html } from "../../lib/html.js";
import { t } from "../../lib/i18n.js";
import { Field, Loaded } from "../../ui/basics.js";
import { choosingSet, readingNetwork } from "./curve-sets.js";
import { networkName } from "./network-choice.js";

/**
 * Nothing is shown in a workspace without curve sets, unless a network needs one.
 *
 * @param {object} properties
 * @param {object} properties.workspace
 * @param {object} properties.form from `useStartForm`
 * @param {object[]} properties.networks
 * @param {string} [properties.error]
 */
export function CurveChoice({ workspace, form, networks, error }) {
  const { curves, network, dataset, change } = form;
  const reading = readingNetwork(networks);
  if (reading === null) return null;
  if (curves.sets.length === 0) {
    return curves.isRead && html`<${NoSets} workspace=${workspace} error=${error} />`;
  }
  const value = curves.set ? String(curves.set.id) : "";
  const name = networkName(reading.name);
  const choose = ({ target }) => change(choosingSet(target.value, { network, networks, isRead: curves.isRead }));
  return html`
    <div class="stack" data-test="curve-choice">
      <${Field}
        id="curve-set"
        label=${t("training.lightCurves")}
        help=${t("training.lightCurves.help", { name })}
        error=${error}
      >
        ${(common) => html`<select ...${common} value=${value} onChange=${choose}>
          <option value="">${t("training.lightCurves.none")}</option>
          ${curves.sets.map(
            (each) => html`<option key=${each.id} value=${String(each.id)}>
              ${each.name} (${t("curves.stars", { count: each.stars })})
            </option>`,
          )}
        </select>`}
      <//>
      ${curves.isIdle && html`<p class="message" role="status">${t("training.lightCurves.idle", { name })}</p>`}
      ${curves.isLost && html`<p class="message warning">${t("training.lightCurves.lost")}</p>`}
      ${curves.set && html`<${Match} curveSet=${curves.set} dataset=${dataset} />`}
    </div>
  `;
}

function NoSets({ workspace, error }) {
  return html`<div class="message warning" id="curve-set" data-test="no-curve-sets">
    <p>${t("training.lightCurves.needed")}</p>
    ${error && html`<p class="field-error" role="alert">${error}</p>`}
    <p><a href=${`#/w/${workspace.id}/light-curves`}>${t("training.lightCurves.bring")}</a></p>
  </div>`;
}

function Match({ curveSet, dataset }) {
  const load = () =>
    get(`${SETS}/${curveSet.id}`, { dataset_id: dataset.id }).then((answer) => answer.curve_set.match);
  const found = useData(load, [curveSet.id, dataset.id]);
  return html`<div class="stack" role="status" data-test="curve-choice-match">
    <${Loaded} of=${found} what=${t("training.lightCurves.matching")}>
      ${(match) => html`<${Matched} match=${match} />`}
    <//>
  </div>`;
}

function Matched({ match }) {
  const { rows, matched_rows: matched, rows_without_epoch: withoutEpoch, other_mission_stars: others } = match;
  if (matched === 0) return html`<p class="message warning">${t("curves.match.none")}</p>`;
  return html`
    <p class="hint">${t("training.lightCurves.matched", { count: matched, rows })}</p>
    ${others > 0 && html`<p class="message warning">${t("curves.match.otherMission", { count: others })}</p>`}
    ${withoutEpoch > 0 &&
    html`<p class="message warning">${t("curves.match.withoutEpoch", { count: withoutEpoch })}</p>`}
  `;
}
