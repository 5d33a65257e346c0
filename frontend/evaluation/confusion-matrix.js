// The confusion matrix as a table of buttons: a press lists the rows behind a cell.

import { CLASSES } from "../lib/columns.js";
import { html, useState } from "../lib/html.js";
import { number, percent, t } from "../lib/i18n.js";
import { className } from "../ui/basics.js";

const MODES = ["true", "predicted", "all"];

// Percent of the colour in the ground: more, and the number on it is hard to read.
const STRONGEST = 46;

/**
 * @param {object} properties
 * @param {number[][]} properties.matrix rows true, columns predicted
 * @param {{true: string, predicted: string} | null} properties.chosen names of the classes
 * @param {((cell: {true: string, predicted: string}) => void) | null} properties.onChoose null where the
 *   rows are gone: then the cells are no buttons
 */
export function ConfusionMatrix({ matrix, chosen, onChoose }) {
  const [mode, setMode] = useState("true");
  const rowSums = matrix.map(sum);
  const columnSums = matrix[0].map((_, column) => sum(matrix.map((row) => row[column])));
  const total = sum(rowSums);
  const shareOf = (row, column) => {
    const whole = { true: rowSums[row], predicted: columnSums[column], all: total }[mode];
    return whole ? matrix[row][column] / whole : null;
  };
  return html`
    <div>
      <div class="segmented" role="group" aria-label=${t("evaluation.shares")}>
        ${MODES.map(
          (each) => html`<button
            key=${each}
            type="button"
            aria-pressed=${mode === each}
            onClick=${() => setMode(each)}
            >${t(`evaluation.shares.${each}`)}</button
          >`,
        )}
      </div>
      <div class="table-scroll whole" tabindex="0" role="region" aria-label=${t("evaluation.confusion")}>
        <table class="confusion">
          <caption class="visually-hidden">${t("evaluation.confusionCaption")}</caption>
          <thead>
            <tr>
              <td></td>
              <th scope="colgroup" colspan=${CLASSES.length}>${t("evaluation.predictedClass")}</th>
              <td></td>
            </tr>
            <tr>
              <th scope="col">${t("evaluation.trueClass")}</th>
              ${CLASSES.map((name) => html`<th scope="col">${className(name)}</th>`)}
              <th scope="col" class="number">${t("evaluation.sum")}</th>
            </tr>
          </thead>
          <tbody>
            ${CLASSES.map(
              (trueName, row) => html`<tr key=${trueName}>
                <th scope="row">${className(trueName)}</th>
                ${CLASSES.map(
                  (predictedName, column) => html`<td key=${predictedName}>
                    <${Cell}
                      cell=${{ true: trueName, predicted: predictedName }}
                      count=${matrix[row][column]}
                      share=${shareOf(row, column)}
                      mode=${mode}
                      isChosen=${chosen?.true === trueName && chosen.predicted === predictedName}
                      onChoose=${onChoose}
                    />
                  </td>`,
                )}
                <td class="number">${number(rowSums[row])}</td>
              </tr>`,
            )}
            <tr>
              <th scope="row">${t("evaluation.sum")}</th>
              ${columnSums.map((each) => html`<td class="sum">${number(each)}</td>`)}
              <td class="number">${number(total)}</td>
            </tr>
          </tbody>
        </table>
      </div>
    </div>
  `;
}

function Cell({ cell, count, share, mode, isChosen, onChoose }) {
  const isRight = cell.true === cell.predicted;
  const words = {
    count,
    share: percent(share),
    true: className(cell.true),
    predicted: className(cell.predicted),
    of: t(`evaluation.shareOf.${mode}`),
  };
  const look = {
    class: `cell ${isRight ? "right" : "wrong"}`,
    style: { "--strength": `${Math.round((share ?? 0) * STRONGEST)}%` },
  };
  const numbers = html`<b>${number(count)}</b> <span>${percent(share)}</span>`;
  if (!onChoose) return html`<div ...${look}>${numbers}</div>`;
  return html`<button
    type="button"
    ...${look}
    aria-pressed=${isChosen}
    aria-label=${t("evaluation.cell", words)}
    data-test=${`cell-${CLASSES.indexOf(cell.true)}-${CLASSES.indexOf(cell.predicted)}`}
    onClick=${() => onChoose(cell)}
  >
    ${numbers}
  </button>`;
}

function sum(numbers) {
  return numbers.reduce((whole, each) => whole + each, 0);
}
