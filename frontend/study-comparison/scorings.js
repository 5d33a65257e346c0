// Two studies that learnt different versions of the labels: how they compare against each kind of labels.

import { HEADLINE } from "../lib/figures.js";
import { html } from "../lib/html.js";
import { number, t } from "../lib/i18n.js";
import { Difference, Verdict } from "../ui/difference.js";

const DECISIVE = HEADLINE.find(({ name }) => name === "log_loss");

/** @param {{comparison: object}} properties as the API gives it; nothing is shown for one version */
export function Scorings({ comparison: { one, other, versions, scorings } }) {
  if (scorings.length === 0) return null;
  const names = { one: String(one), other: String(other) };
  const versionsOf = { ...names, first: String(versions[0]), second: String(versions[1]) };
  return html`
    <div class="stack" data-test="scorings">
      <p class="message">${t("studies.compare.versions", versionsOf)}</p>
      <div class="table-scroll whole" tabindex="0" role="region" aria-label=${t("studies.compare.scorings")}>
        <table>
          <thead>
            <tr>
              <th scope="col">${t("studies.compare.scorings")}</th>
              <th scope="col" class="number">${t("studies.compare.scoring.rows")}</th>
              <th scope="col">${t("studies.compare.scoring.difference")}</th>
              <th scope="col">${t("studies.compare.verdict")}</th>
            </tr>
          </thead>
          <tbody>
            ${scorings.map(
              (each) => html`<tr key=${each.labels} data-test=${`scoring-${each.labels}`}>
                <th scope="row">${t(`studies.compare.labels.${each.labels}`, names)}</th>
                <td class="number">${number(each.rows)}</td>
                <td><${Difference} figure=${DECISIVE} ...${each.figures[DECISIVE.name]} /></td>
                <td><${Verdict} verdict=${each.verdict} /></td>
              </tr>`,
            )}
          </tbody>
        </table>
      </div>
    </div>
  `;
}
