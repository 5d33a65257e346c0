// One model: its metrics, provenance and actions.

import { BRIEF } from "../lib/figures.js";
import { html } from "../lib/html.js";
import { date, dateTime, fileSize, fixed, number, percent, t } from "../lib/i18n.js";
import { ModelActions } from "./model-actions.js";
import { useManifest } from "./model-choice.js";
import { titleOf } from "./models-state.js";
import { isNoBetter, ModelBadges, VerdictNote } from "../ui/verdict-notes.js";
import { networkName } from "../training/form/network-choice.js";
import { sessionHref } from "../training/session/session-head.js";

/** @param {object} properties as those of `ModelActions`, without the manifest */
export function ModelCard({ workspace, model, models, workspaces }) {
  const { data: manifest } = useManifest(model.id);
  return html`
    <article
      class="card stack model-card ${model.is_current ? "current" : ""}"
      data-test=${`model-${model.id}`}
    >
      <div class="row between">
        <h2><a href=${`#/w/${workspace.id}/models/${model.id}`}>${titleOf(model)}</a></h2>
        <span class="row">
          ${model.is_current && html`<${CurrentBadge} model=${model} />`}
          <${ModelBadges} model=${model} />
          <span class="hint">${t("models.version", { id: String(model.id) })}</span>
          <time class="hint" datetime=${model.created_at} title=${dateTime(model.created_at)}>
            ${date(model.created_at)}
          </time>
        </span>
      </div>
      <${VerdictNote} of=${model} />
      <${ModelFigures} model=${model} />
      <${Origin} workspace=${workspace} model=${model} manifest=${manifest} />
      <${ModelActions} ...${{ workspace, model, manifest, models, workspaces }} />
    </article>
  `;
}

/** Green with a tick only for a model that nothing speaks against. */
export function CurrentBadge({ model }) {
  const [kind, sign] = isNoBetter(model) || model.simulated ? ["warning", "!"] : ["current", "✓"];
  return html`<span class="badge ${kind}">
    <span aria-hidden="true">${sign}</span> ${t("models.current")}
  </span>`;
}

/** The figures on the test stars, then the best ones on the validation stars. */
export function ModelFigures({ model: { evaluation, metrics } }) {
  return html`
    <dl class="figures">
      ${evaluation &&
      BRIEF.map(
        (figure) => html`<div key=${figure.name}>
          <dt>${t(`evaluation.figure.${figure.name}`)} <span class="unit">${t("models.onTest")}</span></dt>
          <dd>${figure.write(figure.of(evaluation))}</dd>
        </div>`,
      )}
      <div>
        <dt>${t("models.valAccuracy")} <span class="unit">${t("models.onValidation")}</span></dt>
        <dd>${percent(metrics?.val_accuracy)}</dd>
      </div>
      <div>
        <dt>${t("evaluation.figure.log_loss")} <span class="unit">${t("models.onValidation")}</span></dt>
        <dd>${fixed(metrics?.val_label_loss, 3)}</dd>
      </div>
    </dl>
    ${!evaluation && html`<p class="hint">${t("models.neverTested")}</p>`}
  `;
}

/** From the manifest: the network and the rows; with links to the session. */
function Origin({ workspace, model, manifest }) {
  const { network, rows } = manifest ?? {};
  const all = rows ? rows.train + rows.validation + rows.test : null;
  return html`
    <dl class="parameters">
      <div><dt>${t("models.dataset")}</dt><dd><${DatasetLink} workspace=${workspace} model=${model} /></dd></div>
      <div><dt>${t("models.network")}</dt><dd>${network ? networkName(network) : "–"}</dd></div>
      <div><dt>${t("models.rows")}</dt><dd>${number(all)}</dd></div>
      <div><dt>${t("models.rows.test")}</dt><dd>${number(rows?.test)}</dd></div>
      <div><dt>${t("models.file")}</dt><dd>${fileSize(model.file_size)}</dd></div>
      <div>
        <dt>${t("models.training")}</dt>
        <dd><${SessionLinks} workspace=${workspace} model=${model} /></dd>
      </div>
    </dl>
  `;
}

/** The dataset that a model was trained on; its name where it was deleted. */
export function DatasetLink({ workspace, model: { dataset_id: id, dataset_name: name } }) {
  if (id !== null) return html`<a href=${`#/w/${workspace.id}/datasets/${id}`}>${name}</a>`;
  return name === null ? t("models.datasetDeleted") : t("models.datasetGone", { name });
}

/** Links to the session of a model and to its evaluation. */
export function SessionLinks({ workspace, model }) {
  if (model.session_id === null) return t("models.sessionDeleted");
  const name = t("models.session", { id: String(model.session_id) });
  return html`
    <a href=${sessionHref(workspace, model.session_id)}>${name}</a>
    ${model.evaluation &&
    html`, <a href=${sessionHref(workspace, model.session_id, "evaluation")}>${t("models.evaluation")}</a>`}
  `;
}
