// Asks how the chosen catalogue is to be read, and predicts it, read in that way.

import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { ReadingForm } from "../reading/form.js";
import { ReadingOutcome } from "../reading/outcome.js";
import { previewAt } from "../reading/sending.js";
import { askHowToRead, BATCHES, changeReading } from "./batch-upload.js";

/**
 * @param {object} properties
 * @param {{id: number, key: string, mayEdit: boolean}} properties.workspace
 * @param {object} properties.state of the chosen file
 * @param {boolean} properties.hasModel whether there is one that predicts
 * @param {(said: object) => void} properties.onPredict sends the file
 */
export function BatchReading({ workspace, state, hasModel, onPredict }) {
  const { file, error, reading } = state;
  const actions = ({ said, answer, look }) => html`
    <div class="actions">
      ${look}
      <button
        type="button"
        class="primary"
        data-test="batch-start"
        disabled=${!hasModel || !answer?.is_usable}
        onClick=${() => onPredict(said)}
      >
        ${t(workspace.mayEdit ? "reading.predict" : "reading.predictAtOnce")}
      </button>
      <button type="button" onClick=${() => askHowToRead(false)}>${t("cancel")}</button>
    </div>
  `;
  return html`<${ReadingForm}
    id="batch-reading"
    kind="batch"
    file=${file}
    error=${error}
    reading=${reading}
    onChange=${changeReading}
    preview=${(said) => previewAt(BATCHES, workspace, file, said)}
    outcome=${(answer) =>
      html`<${ReadingOutcome} kind="batch" answer=${answer} used=${answer.num_predicted} />`}
    actions=${actions}
  />`;
}
