// The light curve of a candidate in its form: files, epoch, and what the server says of them.

import { fileSize, t } from "../../lib/i18n.js";
import { html } from "../../lib/html.js";
import { useStore } from "../../lib/store.js";
import { TimeAndFlux } from "../../light-curves/upload/time-and-flux.js";
import { Field, Progress } from "../../ui/basics.js";
import { DropZone } from "../../ui/drop-zone.js";
import { useSecondsTo } from "../../ui/waiting.js";
import { withFiles } from "./curve-state.js";
import { sending } from "./sent.js";

const ACCEPT = ".fits,.fit,.fz,.csv,.tsv,.txt,.dat,.tbl,.ecsv,.lc,.npz,.gz,.zip,.tar,.tgz";

/**
 * @param {object} properties
 * @param {import("./curve-state.js").Curve} properties.curve
 * @param {(patch: object) => void} properties.onChange
 * @param {(files: File[]) => void} properties.onTakeOut the files that stay
 * @param {object} properties.errors by field, as `curveErrors` gives them
 * @param {object | null} properties.wait while the server asks to come again, as `withPatience` reports it
 * @param {boolean} properties.isBusy it is being sent or read
 * @param {boolean} properties.isStopped it was, until `onStop` was called
 * @param {() => void} properties.onStop
 */
export function CurveField({ curve, onChange, onTakeOut, errors, wait, isBusy, isStopped, onStop }) {
  const { files } = curve;
  const described = ["candidate-curve-help", errors.file && "candidate-curve-error"].filter(Boolean).join(" ");
  return html`
    <fieldset class="stack tight" aria-describedby=${described} data-test="candidate-curve">
      <legend>${t("predict.curve")} <span class="unit">${t("predict.optional")}</span></legend>
      <p class="help" id="candidate-curve-help">${t("predict.curve.help")}</p>
      <${DropZone}
        test="candidate-curve-drop"
        accept=${ACCEPT}
        button=${t(files.length ? "predict.curve.more" : "predict.curve.choose")}
        onFiles=${(more) => onChange({ files: withFiles(files, more) })}
      >
        ${(isOver) => html`<p>${t(isOver ? "curves.upload.letGo" : "predict.curve.drop")}</p>`}
      <//>
      ${files.length > 0 && html`<${Chosen} files=${files} onTakeOut=${onTakeOut} />`}
      ${isBusy && html`<${Reading} />`}
      ${wait && html`<${Full} wait=${wait} />`}
      ${isBusy && html`<${Stop} onStop=${onStop} />`}
      ${isStopped &&
      html`<p class="message warning" role="status" data-test="curve-stopped">${t("predict.curve.stopped")}</p>`}
      ${errors.file &&
      html`<p class="field-error" id="candidate-curve-error" role="alert" lang="en">${errors.file}</p>`}
      ${(errors.isOfOther || curve.isSameStar) &&
      html`<label class="row">
        <input
          type="checkbox"
          data-test="same-star"
          checked=${curve.isSameStar}
          onChange=${(event) => onChange({ isSameStar: event.target.checked })}
        />
        <span>${t("predict.curve.sameStar")}</span>
      </label>`}
      ${files.length > 0 && html`<${OfFiles} ...${{ curve, onChange, errors }} />`}
    </fieldset>
  `;
}

function Chosen({ files, onTakeOut }) {
  return html`
    <ul class="chosen-files" aria-label=${t("predict.curve.chosen")}>
      ${files.map(
        (file) => html`<li key=${`${file.name} ${file.size}`}>
          <span class="file-name">${file.name}</span>
          <span class="unit">${fileSize(file.size)}</span>
          <button
            type="button"
            class="quiet"
            aria-label=${t("predict.curve.takeOutOne", { name: file.name })}
            onClick=${() => onTakeOut(files.filter((each) => each !== file))}
          >
            ${t("predict.curve.takeOut")}
          </button>
        </li>`,
      )}
    </ul>
    ${files.length > 1 &&
    html`<div class="actions">
      <button type="button" class="quiet" onClick=${() => onTakeOut([])}>${t("predict.curve.takeOutAll")}</button>
    </div>`}
  `;
}

function OfFiles({ curve, onChange, errors }) {
  const isSaid = Boolean(curve.time_system || curve.flux || errors.time_system || errors.flux);
  return html`
    <${Field}
      id="candidate-epoch"
      label=${t("predict.curve.epoch")}
      unit="BJD"
      help=${t("predict.curve.epoch.help")}
      error=${errors.epoch}
      input=${{
        inputmode: "decimal",
        autocomplete: "off",
        spellcheck: false,
        "aria-required": "true",
        value: curve.epoch,
        onInput: (event) => onChange({ epoch: event.target.value }),
      }}
    />
    <details class="disclosure" open=${isSaid}>
      <summary>${t("predict.curve.said")}</summary>
      <div class="stack">
        <p class="hint">${t("predict.curve.said.lead")}</p>
        <${TimeAndFlux} id="candidate-curve" said=${curve} onChange=${onChange} errors=${errors} />
      </div>
    </details>
  `;
}

function Reading() {
  const share = useStore(sending, (state) => state.share);
  if (share === null) return null;
  const text = t(share < 1 ? "predict.curve.sending" : "predict.curve.reading");
  return html`<div data-test="curve-reading">
    <p role="status">${text}</p>
    <${Progress} share=${share < 1 ? share : null} label=${text} />
  </div>`;
}

/** The button is gone once it was pressed: the keyboard is then where it can be asked again. */
function Stop({ onStop }) {
  const stop = () => {
    document.getElementById("predict-button").focus();
    onStop();
  };
  return html`<div class="actions">
    <button type="button" data-test="curve-stop" onClick=${stop}>${t("predict.curve.stop")}</button>
  </div>`;
}

function Full({ wait }) {
  return html`<p class="message warning" data-test="curve-busy">
    ${t("predict.curve.busy", { count: useSecondsTo(wait.until) })}
  </p>`;
}
