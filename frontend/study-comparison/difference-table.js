// Each figure of both studies, their difference with its interval, the verdict, and how far seeds are.

import { HEADLINE } from "../lib/figures.js";
import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { Explained } from "../ui/basics.js";
import { Difference, Verdict } from "../ui/difference.js";

/** @param {{comparison: object}} properties as the API gives it */
export function DifferenceTable({ comparison: { one, other, figures } }) {
  const study = (id) => t("studies.study", { id: String(id) });
  return html`
    <div class="table-scroll whole" tabindex="0" role="region" aria-label=${t("studies.compare.differences")}>
      <table>
        <thead>
          <tr>
            <th scope="col">${t("studies.figure")}</th>
            <th scope="col" class="number">${study(one)}</th>
            <th scope="col" class="number">${study(other)}</th>
            <th scope="col">${t("studies.compare.difference")}</th>
            <th scope="col">${t("studies.compare.verdict")}</th>
          </tr>
        </thead>
        <tbody>
          ${HEADLINE.filter(({ name }) => figures[name]).map(
            (figure) => html`<${Row} key=${figure.name} figure=${figure} found=${figures[figure.name]} />`,
          )}
        </tbody>
      </table>
    </div>
  `;
}

function Row({ figure, found }) {
  const { name, write } = figure;
  const side = (value, spread) => html`<td class="number">
    ${write(value)}${spread !== null && html`<div class="hint">± ${write(spread)}</div>`}
  </td>`;
  return html`
    <tr data-test=${`difference-${name}`}>
      <th scope="row"><${Explained} term=${name}>${t(`evaluation.figure.${name}`)}<//></th>
      ${side(found.one, found.seed_spread[0])} ${side(found.other, found.seed_spread[1])}
      <td><${Difference} figure=${figure} ...${found} /></td>
      <td><${Verdict} verdict=${found.verdict} /></td>
    </tr>
  `;
}
