// What is in one part of the split: the groups of rows, and how they were found.

import { html } from "../lib/html.js";
import { number, percent, t } from "../lib/i18n.js";
import { Explained } from "../ui/basics.js";

/** @param {{groups: object | null}} properties of an evaluation; null: split by star, by an earlier version */
export function RowGroups({ groups }) {
  return html`
    <section class="card stack" data-test="groups">
      <h2 id="groups">${t("evaluation.groups")} <${Explained} term="groups" /></h2>
      ${groups ? html`<${Groups} groups=${groups} />` : html`<p class="hint">${t("evaluation.groups.byStar")}</p>`}
    </section>
  `;
}

function Groups({ groups }) {
  const { largest } = groups;
  const figures = [
    ["evaluation.groups.rows", number(groups.rows)],
    ["evaluation.groups.stars", number(groups.stars)],
    ["evaluation.groups.count", number(groups.groups)],
    ["evaluation.groups.inTest", number(groups.n_test)],
    ["evaluation.groups.twins", number(groups.twins)],
    ["evaluation.groups.sharing", number(groups.shared_ephemerides?.rows ?? null)],
  ];
  return html`
    <p>${t("evaluation.groups.lead")}</p>
    <dl class="figures">
      ${figures.map(([key, value]) => html`<div key=${key}><dt>${t(key)}</dt><dd>${value}</dd></div>`)}
    </dl>
    <p class="hint">${ephemeridesText(groups.shared_ephemerides)}</p>
    <p class=${largest.is_large ? "message warning" : "hint"} data-test="largest">
      ${t(largest.is_large ? "evaluation.groups.large" : "evaluation.groups.largest", {
        count: largest.rows,
        share: percent(largest.share),
      })}
    </p>
  `;
}

/** How many matches are chance, or why there are none. */
function ephemeridesText(shared) {
  if (!shared) return t("evaluation.groups.noEpochs");
  const chance = number(shared.chance_rows, 0);
  if (!shared.period_tolerance) return t("evaluation.groups.onlyChance", { chance });
  return t("evaluation.groups.chance", { count: shared.rows, chance });
}
