// The words of a file's labels that are not known or may mean several things, each with a class to choose.

import { CLASSES } from "../lib/columns.js";
import { html } from "../lib/html.js";
import { number, t } from "../lib/i18n.js";
import { className } from "../ui/basics.js";
import { changeReading } from "./uploads.js";

// What the numbers mean if nothing is said; any other word is left out.
const READ_AS = { 0: 0, 1: 1 };

/** @param {{id: number, reading: object}} properties the upload, and what was chosen so far */
export function ReadingLabels({ id, reading }) {
  const words = Object.entries(reading.words);
  if (!words.length) return null;
  return html`
    <fieldset class="stack" data-test="reading-labels">
      <legend>${t("datasets.reading.labels")}</legend>
      <p class="hint">${t("datasets.reading.labelsLead")}</p>
      <div class="table-scroll reading-words" tabindex="0" role="region" aria-label=${t("datasets.reading.labels")}>
        <table>
          <thead>
            <tr>
              <th scope="col">${t("datasets.reading.word")}</th>
              <th scope="col" class="number">${t("datasets.rows")}</th>
              <th scope="col">${t("datasets.reading.meaning")}</th>
            </tr>
          </thead>
          <tbody>
            ${words.map(
              ([word, rows]) => html`<tr key=${word}>
                <th scope="row"><code>${word}</code></th>
                <td class="number">${rows === null ? "–" : number(rows)}</td>
                <td><${Meaning} id=${id} word=${word} chosen=${reading.labels[word] ?? ""} /></td>
              </tr>`,
            )}
          </tbody>
        </table>
      </div>
    </fieldset>
  `;
}

function Meaning({ id, word, chosen }) {
  const choose = (event) => {
    const labels = { [word]: event.target.value };
    changeReading(id, (last) => ({ ...last, labels: { ...last.labels, ...labels } }));
  };
  return html`
    <select aria-label=${t("datasets.reading.meaningOf", { word })} onChange=${choose}>
      <option value="" selected=${chosen === ""}>${unsaidText(word)}</option>
      ${CLASSES.map(
        (name, code) => html`<option value=${code} selected=${String(code) === chosen}>${className(name)}</option>`,
      )}
    </select>
  `;
}

function unsaidText(word) {
  const code = READ_AS[word];
  if (code === undefined) return t("datasets.reading.leaveOut");
  return t("datasets.reading.unsaid", { label: className(CLASSES[code]) });
}
