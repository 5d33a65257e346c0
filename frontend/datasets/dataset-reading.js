// Asks how the file of an upload is to be read, and uploads it again, read in that way.

import { html, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { isNothingSaid } from "../reading/choices.js";
import { ReadingForm } from "../reading/form.js";
import { ReadingOutcome } from "../reading/outcome.js";
import { previewAt } from "../reading/sending.js";
import { Field } from "../ui/basics.js";
import { ClassCounts } from "./class-counts.js";
import { UPLOAD_PATH } from "./upload-form.js";
import { askHowToRead, changeReading, readAgain } from "./uploads.js";

/** @param {{upload: object, workspace: {id: number, key: string}}} properties an upload that has ended */
export function DatasetReading({ upload, workspace }) {
  const { id, file, error, reading } = upload;
  return html`<${ReadingForm}
    id=${`reading-${id}`}
    kind="dataset"
    file=${file}
    error=${error}
    reading=${reading}
    onChange=${(next) => changeReading(id, next)}
    preview=${(said) => previewAt(UPLOAD_PATH, workspace, file, said)}
    outcome=${(answer) => html`<${Outcome} answer=${answer} workspace=${workspace} />`}
    actions=${(state) => html`<${Actions} upload=${upload} ...${state} />`}
  />`;
}

function Outcome({ answer, workspace }) {
  const { existing_dataset_id: existing } = answer;
  if (existing !== null) {
    return html`<p class="message" data-test="reading-outcome">
      ${t("reading.exists")}${" "}
      <a href=${`#/w/${workspace.id}/datasets/${existing}`}>${t("datasets.view")}</a>
    </p>`;
  }
  return html`<${ReadingOutcome} kind="dataset" answer=${answer} used=${answer.num_samples}>
    <${ClassCounts} counts=${answer.class_counts} />
  <//>`;
}

function Actions({ upload, said, answer, look }) {
  const { id, file, name, dataset, earlier } = upload;
  const [typed, setTyped] = useState(name || (dataset ?? earlier)?.name || file.name);
  const isReady = answer !== null && answer.is_usable && answer.existing_dataset_id === null;
  const input = {
    value: typed,
    maxlength: 200,
    autocomplete: "off",
    onInput: (event) => setTyped(event.target.value),
  };
  return html`
    <${Field} id=${`reading-${id}-name`} label=${t("reading.name")} input=${input} />
    ${dataset &&
    !isNothingSaid(said) &&
    html`<p class="hint">${t("reading.staysFirst", { name: dataset.name })}</p>`}
    <div class="actions">
      ${look}
      <button type="button" class="primary" disabled=${!isReady} onClick=${() => readAgain(id, said, typed.trim())}>
        ${t("reading.upload")}
      </button>
      <button type="button" onClick=${() => askHowToRead(id, false)}>${t("cancel")}</button>
    </div>
  `;
}
