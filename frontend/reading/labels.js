// The words of a file's labels, those that are not known first, each with a class to choose.

import { CLASSES } from "../lib/columns.js";
import { html } from "../lib/html.js";
import { number, t } from "../lib/i18n.js";
import { className } from "../ui/basics.js";

/**
 * @param {object} properties
 * @param {"dataset" | "batch"} properties.kind what the table is read for
 * @param {object} properties.reading what was chosen so far
 * @param {(next: (last: object) => object) => void} properties.onChange
 */
export function ReadingLabels({ kind, reading, onChange }) {
  const words = Object.entries(reading.words);
  if (!words.length) return null;
  return html`
    <fieldset class="stack" data-test="reading-labels">
      <legend>${t("reading.labels")}</legend>
      <p class="hint">${t(`reading.labelsLead.${kind}`)}</p>
      <div class="table-scroll reading-words" tabindex="0" role="region" aria-label=${t("reading.labels")}>
        <table>
          <thead>
            <tr>
              <th scope="col">${t("reading.word")}</th>
              <th scope="col" class="number">${t("datasets.rows")}</th>
              <th scope="col">${t("reading.meaning")}</th>
            </tr>
          </thead>
          <tbody>
            ${words.map(
              ([word, { rows, code }]) => html`<tr key=${word}>
                <th scope="row"><code>${word}</code></th>
                <td class="number">${rows === null ? "–" : number(rows)}</td>
                <td>
                  <${Meaning}
                    word=${word}
                    unsaid=${unsaidText(kind, code)}
                    chosen=${reading.labels[word] ?? ""}
                    onChange=${onChange}
                  />
                </td>
              </tr>`,
            )}
          </tbody>
        </table>
      </div>
    </fieldset>
  `;
}

function Meaning({ word, unsaid, chosen, onChange }) {
  const choose = (event) => {
    const labels = { [word]: event.target.value };
    onChange((last) => ({ ...last, labels: { ...last.labels, ...labels } }));
  };
  return html`
    <select aria-label=${t("reading.meaningOf", { word })} onChange=${choose}>
      <option value="" selected=${chosen === ""}>${unsaid}</option>
      ${CLASSES.map(
        (name, code) => html`<option value=${code} selected=${String(code) === chosen}>${className(name)}</option>`,
      )}
    </select>
  `;
}

/** What becomes of a word that nothing is said of. */
function unsaidText(kind, code) {
  if (code === null) return t(`reading.leaveOut.${kind}`);
  return t("reading.unsaid", { label: className(CLASSES[code]) });
}
