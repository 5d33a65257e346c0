// One doubtful label: a line, and behind it what helps to decide, and the votes on it.

import { html, useState } from "../lib/html.js";
import { fixed, number, t } from "../lib/i18n.js";
import { Relations } from "../dataset-rows/relations.js";
import { useLayer } from "../labels/layer.js";
import { OpenLabelForm, RowLabels, useLabelKeys } from "../labels/row-labels.js";
import { Diagnostics } from "../predict/diagnostics.js";
import { className } from "../ui/basics.js";

/** @param {{workspace: object, study: object, row: object}} properties `row` as the API lists a doubt */
export function Doubt({ workspace, study: { dataset_id: dataset }, row }) {
  const [isOpen, setOpen] = useState(false);
  const { mayEdit } = workspace;
  const layer = useLayer(isOpen ? dataset : null);
  const keys = useLabelKeys(layer, mayEdit && isOpen && dataset !== null);
  const said = { row: row.row, effective_label: row.label_name };
  const table = dataset === null ? null : `/w/${workspace.id}/datasets/${dataset}`;
  return html`
    <details
      class="disclosure"
      data-test="doubt"
      onToggle=${({ currentTarget }) => setOpen(currentTarget.open)}
      onKeyDown=${(event) => keys.steer(event, said)}
    >
      <summary><${Line} row=${row} /></summary>
      <div class="stack">
        <${Known} table=${table} row=${row} />
        ${isOpen &&
        table &&
        html`<${RowLabels} dataset=${{ id: dataset }} row=${said} ...${{ layer, keys, mayEdit }} />`}
      </div>
    </details>
    <${OpenLabelForm} layer=${layer} keys=${keys} />
  `;
}

function Line({ row: { row, star, label_name, suggested_name, self_confidence: share, spread } }) {
  const said = { label: className(label_name), suggested: className(suggested_name) };
  return html`
    ${t("doubts.row", { row: number(row + 1), star: star ?? "–", ...said, share: fixed(share, 3) })}
    ${spread !== null && ` ± ${fixed(spread, 3)}`}
  `;
}

/** What is computed only for the rows that are shown. */
function Known({ table, row }) {
  const { diagnostics, nearest, is_sparse, sparsity } = row;
  const candidate = row.candidate ?? {};
  const prediction = {
    diagnostics: diagnostics && { ...diagnostics, nearest, is_sparse, sparsity },
    missing: Object.keys(candidate).filter((name) => candidate[name] === null),
  };
  const text = t("studies.openRow", { row: number(row.row + 1) });
  return html`
    ${table && html`<p><a href=${`#${table}?tab=rows&row=${row.row}`}>${text}</a></p>`}
    <${Relations} relations=${row.relations} isTableRow=${true} table=${table} />
    <${Diagnostics} prediction=${prediction} trainedOn=${table} />
  `;
}
