// One model with its manifest: provenance, inputs and outputs, how to load it.

import { get } from "../lib/api.js";
import { useData } from "../lib/data.js";
import { html } from "../lib/html.js";
import { dateTime, t } from "../lib/i18n.js";
import { titleOf, useModels } from "./models-state.js";
import { goTo } from "../lib/router.js";
import { useTitle } from "../lib/title.js";
import { Loaded, PageHead } from "../ui/basics.js";
import { KerasCode } from "./keras-code.js";
import { ManifestFacts } from "./manifest-facts.js";
import { InputsAndOutputs, TrainingRanges } from "./manifest-tables.js";
import { ModelActions } from "./model-actions.js";
import { CurrentBadge, ModelFigures } from "./model-card.js";
import { NotFound } from "../ui/not-found.js";
import { ModelBadges, SimulatedNote, VerdictNote } from "../ui/verdict-notes.js";

export function Model({ workspace, id, workspaces }) {
  const models = useModels(workspace);
  const known = models.data?.find((each) => each.id === id);
  const manifest = useData(() => get(`/api/models/${id}`).then((answer) => answer.model.manifest), [id]);
  useTitle(known ? titleOf(known) : t("nav.models"));
  // A model of another workspace of yours has its page there.
  if (models.data && !known) return html`<${NotFound} />`;
  return html`<${Loaded} of=${models}>
    ${() => html`
      <${Head} ...${{ workspace, model: known, manifest: manifest.data, models, workspaces }} />
      <${Loaded} of=${manifest}>
        ${(data) => html`<${Parts} workspace=${workspace} model=${{ ...known, manifest: data }} />`}
      <//>
    `}
  <//>`;
}

function Head({ workspace, model, manifest, models, workspaces }) {
  const list = `/w/${workspace.id}/models`;
  return html`
    <${PageHead} title=${titleOf(model)} back=${{ href: `#${list}`, text: t("nav.models") }}>
      <span class="row">
        ${model.is_current && html`<${CurrentBadge} model=${model} />`}
        <${ModelBadges} model=${model} />
        <span>${t("models.version", { id: String(model.id) })}, ${dateTime(model.created_at)}</span>
      </span>
    <//>
    <section class="card stack model-head" aria-label=${t("models.figures")}>
      <${VerdictNote} of=${model} />
      <${SimulatedNote} simulated=${model.simulated} name=${model.dataset_name} />
      <${ModelFigures} model=${model} />
      <${ModelActions}
        workspace=${workspace}
        model=${model}
        manifest=${manifest}
        models=${models}
        workspaces=${workspaces}
        onErased=${() => goTo(list)}
      />
    </section>
  `;
}

function Parts({ workspace, model }) {
  const { manifest } = model;
  return html`
    <div class="stack">
      <${ManifestFacts} workspace=${workspace} model=${model} />
      ${manifest.training_ranges && html`<${TrainingRanges} ranges=${manifest.training_ranges} />`}
      ${manifest.inputs &&
      html`<${InputsAndOutputs} inputs=${manifest.inputs} outputs=${manifest.outputs ?? []} />`}
      <${KerasCode} model=${model} />
    </div>
  `;
}
