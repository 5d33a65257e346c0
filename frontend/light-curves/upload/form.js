// Takes light curves: files and folders, dropped or chosen, and what is said of them where they do not say it.

import { Usage } from "../../account/usage.js";
import { useDraft } from "../../lib/data.js";
import { html, useState } from "../../lib/html.js";
import { t } from "../../lib/i18n.js";
import { DropZone } from "../../ui/drop-zone.js";
import { Field } from "../../ui/basics.js";
import { fromDrop, fromInput } from "./chosen-files.js";
import { TimeAndFlux } from "./time-and-flux.js";
import { enqueue } from "./uploads.js";

const NOTHING = { name: "", star: "", time_system: "", flux: "" };

/**
 * @param {object} properties
 * @param {{id: number, key: string}} properties.workspace
 * @param {object} [properties.curveSet] that the files are added to; none: they make one
 * @param {string} properties.title
 */
export function UploadForm({ workspace, curveSet = null, title }) {
  const [draft, setDraft, forgetDraft] = useDraft(`curves.${curveSet?.id ?? `w${workspace.id}`}`, NOTHING);
  const [problem, setProblem] = useState(null);
  const take = (chosen) => {
    setProblem(chosen.length === 0 ? t("curves.upload.nothing") : null);
    if (chosen.length === 0) return;
    const { name, ...said } = draft;
    enqueue(workspace, chosen, { curveSet, name, said });
    forgetDraft();
  };
  const takeDropped = async (transfer) => {
    try {
      take(await fromDrop(transfer));
    } catch (error) {
      setProblem(t("curves.upload.notRead", { why: error.message }));
    }
  };
  return html`
    <section class="card stack" aria-labelledby="curves-upload-title">
      <h2 id="curves-upload-title">${title}</h2>
      <div class="uploader">
        <${DropZone}
          test="curves-drop"
          button=${t("curves.upload.choose")}
          folderButton=${t("curves.upload.chooseFolder")}
          onFiles=${(files) => take(fromInput(files))}
          onTransfer=${takeDropped}
        >
          ${(isOver) => html`<p>${t(isOver ? "curves.upload.letGo" : "curves.upload.drop")}</p>`}
        <//>
        <div class="stack">
          ${!curveSet && html`<${NameField} value=${draft.name} onChange=${(name) => setDraft({ name })} />`}
          ${workspace.role === "owner"
            ? html`<${Usage} of="stored_bytes" />`
            : html`<p class="hint">${t("usage.ofOwner", { owner: workspace.owner })}</p>`}
        </div>
      </div>
      ${problem && html`<p class="message warning" role="alert">${problem}</p>`}
      <p class="hint">${t("curves.upload.help")}</p>
      <${Said} draft=${draft} onChange=${setDraft} />
    </section>
  `;
}

function NameField({ value, onChange }) {
  const onInput = (event) => onChange(event.target.value);
  return html`<${Field}
    id="curves-name"
    label=${t("curves.upload.name")}
    help=${t("curves.upload.nameHelp")}
    input=${{ value, maxlength: 200, autocomplete: "off", onInput }}
  />`;
}

/** Hidden behind "more": files of missions say all of it themselves. */
function Said({ draft, onChange }) {
  const isSaid = Boolean(draft.star || draft.time_system || draft.flux);
  const input = (name) => ({
    value: draft[name],
    maxlength: 200,
    autocomplete: "off",
    onInput: (event) => onChange({ [name]: event.target.value }),
  });
  return html`
    <details class="disclosure" open=${isSaid}>
      <summary>${t("curves.said.title")}</summary>
      <div class="stack">
        <p class="hint">${t("curves.said.lead")}</p>
        <${Field}
          id="curves-star"
          label=${t("curves.said.star")}
          help=${t("curves.said.starHelp")}
          input=${input("star")}
        />
        <${TimeAndFlux} id="curves" said=${draft} onChange=${onChange} />
      </div>
    </details>
  `;
}
