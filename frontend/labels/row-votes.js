// The votes on one row, and the label that they decide.

import { get } from "../lib/api.js";
import { useData } from "../lib/data.js";
import { html } from "../lib/html.js";
import { dateTime, t } from "../lib/i18n.js";
import { Loaded } from "../ui/basics.js";
import { choiceName, labelName } from "./label-words.js";

/**
 * @param {object} properties
 * @param {{id: number}} properties.dataset
 * @param {number} properties.row its place among the accepted rows
 * @param {number} properties.changes as `useLayer` gives them: with each, it is read again
 * @param {any} properties.children what can be done
 */
export function RowVotes({ dataset, row, changes, children }) {
  const path = `/api/training/dataset/${dataset.id}/labels`;
  const found = useData(async () => (await get(path, { row })).rows[0], [path, row, changes]);
  return html`
    <div class="stack tight" data-test="row-votes">
      <h3>${t("labels.said")}</h3>
      <${Loaded} of=${found}>${(data) => html`<${Votes} said=${data} />`}<//>
      ${children}
    </div>
  `;
}

function Votes({ said: { label, file_label: inFile, decided_by: by, votes } }) {
  return html`
    <p>
      ${t(`labels.decided.${by}`, { label: labelName(label) })}
      ${label !== inFile && html`${" "}${t("labels.inFile", { label: labelName(inFile) })}`}
    </p>
    ${votes.length === 0
      ? html`<p class="hint">${t("labels.nobody")}</p>`
      : html`<ul class="plain votes">
          ${votes.map((vote, n) => html`<${Vote} key=${n} vote=${vote} />`)}
        </ul>`}
  `;
}

function Vote({ vote: { user, label, reason, comment, at, ended_by: endedBy } }) {
  return html`
    <li class=${endedBy ? "over" : ""}>
      <strong>${user}</strong>${" "}<span class="badge">${choiceName(label)}</span>${" "}
      <span class="hint">${dateTime(at)}</span>
      ${endedBy && html`${" "}<span class="hint">${t(`labels.ended.${endedBy}`)}</span>`}
      <p>${reason}</p>
      ${comment && html`<p class="hint">${comment}</p>`}
    </li>
  `;
}
