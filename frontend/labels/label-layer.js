// Labels and versions of a dataset: by which rule labels change, frozen versions, CSV out and in.

import { download, get, post } from "../lib/api.js";
import { useData } from "../lib/data.js";
import { html, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { notify } from "../lib/notices.js";
import { ActionButton, ConfirmButton, Field, Loaded } from "../ui/basics.js";
import { ImportLabels } from "./import-labels.js";
import { useLayer } from "./layer.js";
import { VersionTable } from "./version-table.js";

const OTHER = { owner: "majority", majority: "owner" };

export function LabelLayer({ dataset, workspace }) {
  const layer = useLayer(dataset.id);
  const path = `/api/training/dataset/${dataset.id}`;
  const found = useData(() => get(`${path}/versions`), [path, layer.changes]);
  const { mayEdit, role } = workspace;
  return html`
    <div class="stack">
      <p class="hint">${t("labels.lead")}</p>
      <section class="card stack" aria-labelledby="layer-title">
        <h2 id="layer-title">${t("labels.now")}</h2>
        <${Loaded} of=${found}>${({ current }) => html`<${Now} current=${current} />`}<//>
        ${layer.rule && html`<${Rule} layer=${layer} mayChange=${role === "owner" && mayEdit} />`}
        <div class="actions">
          <${ActionButton} onAct=${() => download(`${path}/labels.csv`, `dataset_${dataset.id}_labels.csv`)}>
            ${t("labels.export")}
          <//>
          ${mayEdit && html`<${ActionButton} onAct=${() => layer.undo()}>${t("labels.undoLast")}<//>`}
        </div>
      </section>
      <section class="card stack" aria-labelledby="versions-title">
        <h2 id="versions-title">${t("labels.versions")}</h2>
        ${mayEdit && html`<${Freeze} path=${`${path}/versions`} onFrozen=${found.reload} />`}
        <${Loaded} of=${found}>${({ versions }) => html`<${VersionTable} versions=${versions} />`}<//>
      </section>
      ${mayEdit && html`<${ImportLabels} path=${`${path}/labels/import`} onTaken=${layer.take} />`}
    </div>
  `;
}

function Now({ current: { num_changed: changed, num_excluded: excluded, number } }) {
  return html`
    <p data-test="labels-now">
      ${t("labels.differ", { count: changed })}
      ${excluded > 0 && html`${" "}${t("labels.leftOut", { count: excluded })}`}${" "}
      ${number === null ? t("labels.notFrozen") : t("labels.isVersion", { number: String(number) })}
    </p>
  `;
}

function Rule({ layer, mayChange }) {
  const { rule } = layer;
  const other = OTHER[rule];
  return html`
    <div class="row between">
      <p><strong>${t("labels.rule")}</strong>${" "}${t(`labels.rule.${rule}`)}</p>
      ${mayChange &&
      html`<${ConfirmButton}
        question=${t(`labels.rule.ask.${other}`)}
        consequence=${`${t(`labels.rule.${other}`)} ${t("labels.rule.consequence")}`}
        confirm=${t("labels.rule.confirm")}
        onConfirm=${() => layer.setRule(other)}
        >${t("labels.rule.change")}<//
      >`}
    </div>
  `;
}

function Freeze({ path, onFrozen }) {
  const [name, setName] = useState("");
  const freeze = async () => {
    const { version } = await post(path, { name: name.trim() || null });
    notify(() => t("labels.frozen", { number: String(version.number) }), { kind: "success" });
    setName("");
    onFrozen();
  };
  return html`
    <form class="stack tight" onSubmit=${(event) => event.preventDefault()}>
      <${Field}
        id="version-name"
        label=${t("labels.version.name")}
        help=${t("labels.version.help")}
        input=${{ value: name, autocomplete: "off", onInput: (event) => setName(event.target.value) }}
      />
      <div><${ActionButton} type="submit" class="primary" onAct=${freeze}>${t("labels.freeze")}<//></div>
    </form>
  `;
}
