// What a study will cost, before it starts.

import { html } from "../lib/html.js";
import { number, roughDuration, t } from "../lib/i18n.js";
import { expectedTime, labelledRows } from "../training/form/training-estimate.js";
import { partsText } from "./study-kinds.js";
import { sessionsOf } from "./study-settings.js";

/**
 * @param {object} properties
 * @param {object} properties.dataset
 * @param {object} properties.network
 * @param {object} properties.values the settings that could be read
 * @param {object[]} properties.completed sessions, newest first
 */
export function StudyCost({ dataset, network, values, completed }) {
  const { folds, settings, seeds, space, minutes } = values;
  const sessions = sessionsOf(values);
  return html`
    <h2>${t("training.cost")}</h2>
    <dl class="cost" data-test="study-cost">
      <div>
        <dt>${t("training.cost.rows")}</dt>
        <dd>${number(labelledRows(dataset))}</dd>
      </div>
      <div>
        <dt>${t("studies.sessions")}</dt>
        <dd aria-live="polite">
          ${sessions === null
            ? "–"
            : space
              ? t("search.cost.sessions", { count: sessions })
              : html`${partsText({ folds, settings: settings && settings.length + 1 }, seeds)} =${" "}
              ${t("studies.sessions.count", { count: sessions })}`}
        </dd>
      </div>
      <div>
        <dt>${t("training.cost.time")}</dt>
        <dd aria-live="polite">
          ${minutes && html`<p>${t("search.cost.minutes", { count: minutes })}</p>`}
          <${Time} ...${{ dataset, network, values, completed, sessions }} />
          ${space && html`<p class="hint">${t("search.cost.first")}</p>`}
        </dd>
      </div>
    </dl>
  `;
}

function Time({ dataset, network, values, completed, sessions }) {
  const { epochs, ensemble, settings = [] } = values;
  if (sessions === null || epochs === undefined || ensemble === undefined) return "–";
  const base = { network: network.name, epochs, ensemble, rows: labelledRows(dataset) };
  const expected = [{}, ...settings].map((each) => expectedTime(completed, { ...base, ...each }));
  if (expected[0] === null) {
    return html`${t("training.cost.unknown")}<p class="hint">${t("training.cost.firstTells")}</p>`;
  }
  const { count } = expected[0];
  const seconds = expected.reduce((sum, each) => sum + each.seconds, 0) / expected.length;
  const isSameNetwork = expected.every((each) => each.isSameNetwork);
  return html`
    ${t("training.cost.about", { time: roughDuration(sessions * seconds) })}
    <p class="hint">${t("studies.cost.each", { time: roughDuration(seconds) })}</p>
    <p class="hint">${t(isSameNetwork ? "training.cost.same" : "training.cost.other", { count })}</p>
  `;
}
