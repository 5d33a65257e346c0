// The estimated cost of a session, before it starts.

import { html } from "../../lib/html.js";
import { duration, number, roughDuration, significant, t } from "../../lib/i18n.js";
import { expectedTime, labelledRows, splitRows } from "./training-estimate.js";

// Below this a second is too coarse a unit for an epoch.
const SHORT_EPOCH = 10;

/**
 * @param {object} properties
 * @param {object} properties.dataset
 * @param {object} properties.network
 * @param {object} properties.values the settings that could be read
 * @param {object[]} properties.completed sessions, newest first
 * @param {number} properties.ahead sessions that run or wait on the server
 */
export function TrainingCost({ dataset, network, values, completed, ahead }) {
  const { validation_split, test_split, ensemble } = values;
  const rows = labelledRows(dataset);
  const areSplitsKnown = validation_split !== undefined && test_split !== undefined;
  return html`
    <h2>${t("training.cost")}</h2>
    <dl class="cost">
      <div>
        <dt>${t("training.cost.rows")}</dt>
        <dd>${number(rows)}${areSplitsKnown && html`<${Parts} parts=${splitRows(rows, values)} />`}</dd>
      </div>
      <div>
        <dt>${t("training.cost.parameters")}</dt>
        <dd>
          ${ensemble > 1
            ? `${ensemble} × ${number(network.parameters)} = ${number(ensemble * network.parameters)}`
            : number(network.parameters)}
        </dd>
      </div>
      <div>
        <dt>${t("training.cost.time")}</dt>
        <dd aria-live="polite"><${Time} ...${{ rows, network, values, completed }} /></dd>
      </div>
    </dl>
    ${ahead > 0 && html`<p class="hint">${t("training.cost.ahead", { count: ahead })}</p>`}
  `;
}

function Parts({ parts }) {
  return html`<ul class="plain hint">
    ${Object.entries(parts).map(
      ([part, count]) => html`<li key=${part}>${t(`training.cost.${part}`, { rows: number(count) })}</li>`,
    )}
  </ul>`;
}

function Time({ rows, network, values, completed }) {
  const { epochs, ensemble } = values;
  if (epochs === undefined || ensemble === undefined) return "–";
  const expected = expectedTime(completed, { network: network.name, epochs, ensemble, rows });
  if (expected === null) {
    return html`${t("training.cost.unknown")}<p class="hint">${t("training.cost.firstTells")}</p>`;
  }
  const { seconds, epochSeconds, restSeconds, count, isSameNetwork } = expected;
  const epoch = epochSeconds < SHORT_EPOCH ? `${significant(epochSeconds, 2)} s` : duration(epochSeconds);
  return html`
    ${t("training.cost.about", { time: roughDuration(seconds) })}
    <p class="hint">${t("training.cost.made", { epochs, epoch, rest: duration(restSeconds) })}</p>
    <p class="hint">${t(isSameNetwork ? "training.cost.same" : "training.cost.other", { count })}</p>
  `;
}
