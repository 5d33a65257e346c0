// The provenance of a model: its data, settings and software.

import { html } from "../lib/html.js";
import { dateTime, fileSize, fixed, number, percent, significant, t } from "../lib/i18n.js";
import { fileName } from "./models-state.js";
import { saveJson } from "../lib/save-json.js";
import { SETTINGS } from "../training/form/training-settings.js";
import { CurveSetLink } from "../ui/curve-set-link.js";
import { Copyable, Explained } from "../ui/basics.js";
import { biasesText } from "../lib/biases.js";
import { DatasetLink, SessionLinks } from "./model-card.js";
import { settingText } from "../training/session/session-settings.js";
import { settingName } from "../training/form/setting-field.js";

/** @param {{workspace: object, model: object}} properties the model with its manifest */
export function ManifestFacts({ workspace, model }) {
  const { manifest } = model;
  const save = () => saveJson(manifest, fileName(model).replace(/\.keras$/, ".json"));
  return html`
    <section class="card stack manifest" aria-labelledby="origin">
      <div class="row between">
        <h2 id="origin">${t("models.origin")}</h2>
        <button type="button" onClick=${save}>${t("models.manifest")}</button>
      </div>
      <div>
        <h3>${t("models.data")}</h3>
        <dl class="parameters">
          <${Fact} name=${t("models.dataset")}>
            <${DatasetLink} workspace=${workspace} model=${model} />
          <//>
          ${manifest.light_curves &&
          html`<${Fact} name=${t("training.lightCurves")}>
            <${CurveSetLink} workspace=${workspace} id=${manifest.light_curves.curve_set_id} />
          <//>`}
          ${["train", "validation", "test"].map(
            (part) => html`<${Fact} key=${part} name=${t(`models.rows.${part}`)}>
              ${number(manifest.rows?.[part])}
            <//>`,
          )}
        </dl>
        <${Sum} label=${t("models.datasetSum")} text=${manifest.dataset_sha256} />
        ${manifest.light_curves &&
        html`<${Sum} label=${t("models.curvesSum")} text=${manifest.light_curves.sha256} />`}
      </div>
      <div>
        <h3>${t("models.settings")}</h3>
        <dl class="parameters">
          ${["network", ...Object.keys(SETTINGS)].map(
            (name) => html`<${Fact}
              key=${name}
              name=${name === "network" ? t("models.network") : settingName(name)}
            >
              ${settingText(name, manifest.spec?.[name])}
            <//>`,
          )}
          <${Fact} name=${t("models.training")}><${SessionLinks} workspace=${workspace} model=${model} /><//>
        </dl>
      </div>
      <div>
        <h3>${t("models.learnt")}</h3>
        <dl class="parameters">
          <${Fact} name=${t("models.bestEpoch")}>${number(manifest.metrics?.best_epoch)}<//>
          <${Fact} name=${t("models.temperature")} term="temperature">
            ${significant(manifest.temperature, 4)}
          <//>
          <${Fact} name=${t("models.biases")} term="biases">${biasesOf(manifest.calibration)}<//>
          <${Fact} name=${t("models.threshold")} term="abstention">
            ${thresholdText(manifest.abstention)}
          <//>
        </dl>
      </div>
      <div>
        <h3>${t("models.made")}</h3>
        <dl class="parameters">
          <${Fact} name=${t("models.created")}>${dateTime(model.created_at)}<//>
          <${Fact} name=${t("models.promotedAt")}>${dateTime(model.promoted_at)}<//>
          ${Object.entries(manifest.versions ?? {}).map(
            ([program, version]) => html`<${Fact} key=${program} name=${program}>${version}<//>`,
          )}
          <${Fact} name=${t("models.file")}>${fileName(model)} (${fileSize(model.file_size)})<//>
        </dl>
        <${Sum} label=${t("models.sum")} text=${model.sha256} />
        <${Sum} label=${t("models.revision")} text=${manifest.git_revision} />
      </div>
    </section>
  `;
}

function Fact({ name, term, children }) {
  return html`<div>
    <dt>${term ? html`<${Explained} term=${term}>${name}<//>` : name}</dt>
    <dd>${children}</dd>
  </div>`;
}

/** Of the classes; models of 0.4.0 and earlier have none. */
function biasesOf(calibration) {
  const isThere = calibration?.kind === "temperature_and_biases";
  return isThere ? biasesText(calibration.biases) : t("models.noBiases");
}

function thresholdText(abstention) {
  if (!abstention) return "–";
  if (abstention.threshold === null) return t("models.noThreshold");
  const { threshold, precision } = abstention;
  return t("models.thresholdFor", { threshold: fixed(threshold, 3), wanted: percent(precision, 0) });
}

function Sum({ label, text }) {
  return html`<p class="sum-line">
    <span class="hint">${label}</span>${" "}
    ${text ? html`<${Copyable} text=${text} label=${label} />` : t("unknown")}
  </p>`;
}
