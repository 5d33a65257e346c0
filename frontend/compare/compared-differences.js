// Each session against the first one, on the rows that both were tested on: differences with intervals.

import { get } from "../lib/api.js";
import { useData } from "../lib/data.js";
import { HEADLINE, signed } from "../lib/figures.js";
import { html } from "../lib/html.js";
import { number, t } from "../lib/i18n.js";
import { explain } from "../lib/notices.js";
import { Loaded } from "../ui/basics.js";
import { Difference, Verdict } from "../ui/difference.js";
import { ComparedTable } from "./compared-table.js";

/** @param {{workspace: object, compared: object[]}} properties sessions that were found */
export function ComparedDifferences({ workspace, compared }) {
  const [first, ...others] = compared.filter((each) => each.evaluation);
  const ids = others.map(({ id }) => id);
  const found = useData(() => Promise.all(ids.map((id) => comparisonOf(id, first.id))), [first?.id, ids.join()]);
  if (!others.length) return null;
  return html`
    <section class="card stack" data-test="differences">
      <div>
        <h2>${t("training.compare.differences")}</h2>
        <p class="hint">${t("training.compare.differences.lead", { id: `#${first.id}` })}</p>
      </div>
      <${Loaded} of=${found}>
        ${(answers) => html`<${Differences} ...${{ workspace, others, answers }} />`}
      <//>
    </section>
  `;
}

/** The comparison, or why the server refuses it. */
async function comparisonOf(id, other) {
  try {
    return (await get(`/api/training/session/${id}/comparison?other=${other}`)).comparison;
  } catch (error) {
    if (error.status !== 409 && error.status !== 404) throw error;
    return { refused: explain(error) };
  }
}

function Differences({ workspace, others, answers }) {
  const known = others.filter((_, n) => answers[n]?.figures);
  const comparisons = answers.filter((each) => each?.figures);
  return html`
    ${answers.map(
      (each, n) => each.refused && html`<p class="message warning" key=${others[n].id}>
        ${t("training.compare.differences.refused", { id: `#${others[n].id}`, why: each.refused })}
      </p>`,
    )}
    ${known.length > 0 &&
    html`<${ComparedTable}
      title=${t("training.compare.differences")}
      workspace=${workspace}
      compared=${known}
      rows=${[commonRow(comparisons), ...HEADLINE.map((figure) => rowOf(figure, comparisons))]}
    />`}
  `;
}

function commonRow(comparisons) {
  return {
    name: "common",
    title: t("training.compare.differences.common"),
    cells: comparisons.map(({ rows, stars }) => ({
      text: number(rows),
      note: t("training.compare.differences.stars", { count: stars }),
    })),
  };
}

function rowOf(figure, comparisons) {
  return {
    name: figure.name,
    title: t(`evaluation.figure.${figure.name}`),
    cells: comparisons.map(({ figures, seed_spread: [spread] }) => {
      const found = figures[figure.name];
      return {
        text: html`<${Difference} figure=${figure} ...${found} />`,
        note: html`<${Verdict} verdict=${found.verdict} />${seedsText(figure, spread)}`,
      };
    }),
  };
}

/** How far other seeds of the same settings are from each other: often more than the difference. */
function seedsText(figure, spread) {
  const value = spread?.[figure.name];
  if (value == null) return null;
  const told = { spread: signed(figure, value).replace("+", ""), seeds: spread.seeds };
  return html`<br />${t("training.compare.differences.seeds", told)}`;
}
