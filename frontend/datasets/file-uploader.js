// Uploads files: dropped, chosen, or the example; shows the progress and result of each.

import { send } from "../lib/api.js";
import { useDraft } from "../lib/data.js";
import { html, useEffect, useRef } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { useStore } from "../lib/store.js";
import { Usage } from "../account/usage.js";
import { enqueue, isUnderWay, uploads, whenEnded } from "./uploads.js";
import { ActionButton, Empty, Field } from "../ui/basics.js";
import { CatalogueHelp } from "./catalogue-help.js";
import { DropZone } from "../ui/drop-zone.js";
import { UploadItem } from "./upload-item.js";

const ACCEPT = ".csv,.tsv,.txt,.dat,.tbl,.ecsv,.xml,.vot,.fits,.parquet,.xlsx,text/csv,text/tab-separated-values";

/**
 * @param {object} properties
 * @param {{id: number, key: string}} properties.workspace
 * @param {boolean} properties.isFirst the workspace has no dataset yet: the example is offered first
 * @param {() => void} properties.onEnd an upload has ended, well or not
 */
export function FileUploader({ workspace, isFirst, onEnd }) {
  const list = useStore(uploads, (state) => state.list.filter((each) => each.workspace.id === workspace.id));
  const results = useRef(null);
  const offersExample = isFirst && !list.some(isUnderWay);
  useEffect(() => whenEnded(onEnd), [onEnd]);
  useFocusOnResult(results, isFirst);
  // Of many uploads only what needs a look stays open above the list of datasets: the newest, and what has failed.
  const isPast = (each) => each !== list[0] && each.stage === "done" && !each.isReading;
  const past = list.filter(isPast);
  const one = { workspace, onChange: onEnd };
  return html`
    ${list.length > 0 &&
    html`<div class="stack" ref=${results}>
      <${Uploads} list=${list.filter((each) => !isPast(each))} label=${t("datasets.upload.list")} ...${one} />
      ${past.length > 0 &&
      html`<details class="card disclosure" data-test="past-uploads">
        <summary>${t("datasets.upload.past", { count: past.length })}</summary>
        <${Uploads} list=${past} label=${t("datasets.upload.past", { count: past.length })} ...${one} />
      </details>`}
    </div>`}
    ${offersExample && html`<${FirstStep} workspace=${workspace} />`}
    <${Chooser} workspace=${workspace} isFirst=${offersExample} />
  `;
}

function Uploads({ list, label, workspace, onChange }) {
  return html`<ul class="plain stack" aria-label=${label}>
    ${list.map((each) => html`<${UploadItem} key=${each.id} ...${{ upload: each, workspace, onChange }} />`)}
  </ul>`;
}

function FirstStep({ workspace }) {
  return html`
    <${Empty} title=${t("datasets.empty.title")}>
      <p>${t("datasets.empty.text")}</p>
      <div class="actions"><${ExampleButton} workspace=${workspace} class="primary" /></div>
      <p class="hint">${t("datasets.example.simulated")}</p>
    <//>
  `;
}

function Chooser({ workspace, isFirst }) {
  const [draft, setDraft, forgetDraft] = useDraft(`upload.${workspace.id}`, { name: "" });
  const take = (files) => {
    if (!files.length) return;
    enqueue(workspace, files, draft.name);
    if (files.length === 1) forgetDraft();
  };
  const name = {
    value: draft.name,
    maxlength: 200,
    autocomplete: "off",
    onInput: (event) => setDraft({ name: event.target.value }),
  };
  return html`
    <section class="card stack" aria-labelledby="uploader-title">
      <h2 id="uploader-title">${t(isFirst ? "datasets.upload.first" : "datasets.upload.title")}</h2>
      <div class="uploader">
        <${DropZone} onFiles=${take} accept=${ACCEPT} button=${t("datasets.upload.choose")}>
          ${(isOver) => html`<p>${t(isOver ? "datasets.upload.letGo" : "datasets.upload.drop")}</p>`}
        <//>
        <div class="stack">
          <${Field}
            id="dataset-name"
            label=${t("datasets.upload.name")}
            help=${t("datasets.upload.nameHelp")}
            input=${name}
          />
          ${!isFirst && html`<div><${ExampleButton} workspace=${workspace} /></div>`}
          ${workspace.role === "owner"
            ? html`<${Usage} of="stored_bytes" />`
            : html`<p class="hint">${t("usage.ofOwner", { owner: workspace.owner })}</p>`}
        </div>
      </div>
      <${CatalogueHelp} />
    </section>
  `;
}

/** The empty state disappears with its button, so the focus moves to the upload: its warnings come next. */
function useFocusOnResult(results, isFirst) {
  const wasFirst = useRef(false);
  useEffect(() => {
    const isGone = wasFirst.current && !isFirst && document.activeElement === document.body;
    if (isGone) results.current?.querySelector("h2")?.focus();
    wasFirst.current = isFirst;
  }, [isFirst]);
}

/** Uploads the simulated catalogue in the way of every other. */
export function ExampleButton({ workspace, ...rest }) {
  const use = async () => {
    const response = await send("GET", "/example_dataset.csv");
    const file = new File([await response.blob()], "example_dataset.csv", { type: "text/csv" });
    enqueue(workspace, [file], t("datasets.example.name"));
  };
  return html`<${ActionButton} onAct=${use} data-test="use-example" ...${rest}>
    ${t("datasets.example.use")}
  <//>`;
}
