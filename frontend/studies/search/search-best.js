// The best setting of a search so far, its model, and what this has on the test rows.

import { BRIEF } from "../../lib/figures.js";
import { html } from "../../lib/html.js";
import { fixed, number, t } from "../../lib/i18n.js";
import { sessionHref } from "../../training/session/session-head.js";
import { settingName } from "../../training/form/setting-field.js";
import { valueText } from "./trial-words.js";

/** @param {{workspace: object, study: object}} properties */
export function SearchBest({ workspace, study }) {
  const { best, state } = study.search;
  return html`
    <section class="card stack" data-test="search-best">
      <h2>${t(state === "open" ? "search.best" : "search.best.end")}</h2>
      <p class=${state === "open" ? "hint" : "message"} role="status">${t(`search.state.${state}`)}</p>
      ${best === null
        ? html`<p>${t("search.best.none")}</p>`
        : html`<${Best} ...${{ workspace, best }} space=${study.search.space} />`}
    </section>
  `;
}

function Best({ workspace, best, space }) {
  const { number: trial, session_id, model_id, value, best_epoch, settings, test } = best;
  return html`
    <p>
      <a href=${sessionHref(workspace, session_id)}>${t("search.trial", { number: String(trial) })}</a>${" · "}
      ${t("search.best.value", { value: fixed(value, 4), epoch: String(best_epoch) })}
      ${model_id !== null &&
      html`${" · "}<a href=${`#/w/${workspace.id}/models/${model_id}`}>${t("search.best.model")}</a>`}
    </p>
    <dl class="figures">
      ${Object.keys(space).map(
        (name) => html`<div key=${name}>
          <dt>${settingName(name)}</dt>
          <dd>${valueText(name, settings[name])}</dd>
        </div>`,
      )}
    </dl>
    ${test === null
      ? html`<p class="hint">${t("search.test.soon")}</p>`
      : html`
          <h3>${t("search.test", { rows: number(test.rows) })}</h3>
          <dl class="figures">
            ${BRIEF.map(
              ({ name, write }) => html`<div key=${name}>
                <dt>${t(`evaluation.figure.${name}`)}</dt>
                <dd>${write(test[name])}</dd>
              </div>`,
            )}
          </dl>
        `}
    <p class="hint">${t("search.test.about")}</p>
  `;
}
