// The form that starts a study: folds and seeds besides the settings of its sessions.

import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { goTo } from "../lib/router.js";
import { settingFields, StartForm } from "../training/form/start-form.js";
import { useStart, useStartForm } from "../training/form/start-form-state.js";
import { rangeText } from "../training/form/training-settings.js";
import { Field } from "../ui/basics.js";
import { GridEditor } from "./grid/grid-editor.js";
import { withoutRelations } from "./grid/grid-settings.js";
import { SpaceEditor } from "./search/space-editor.js";
import { KindChoice } from "./kind-choice.js";
import { startStudy, studiesHref, studyHref } from "./studies-state.js";
import { StudyCost } from "./study-cost.js";
import { COUNTS, INITIAL, kindOf, OWN, readStudy, studySettingsOf } from "./study-settings.js";

/** What a request of each kind has besides. */
const SENT_OF = {
  folds: [],
  grid: ["settings"],
  search: ["space", "trials", "minutes", "parallel", "pruning"],
};

const FIELDS = [...Object.keys(INITIAL), "dataset_id", "dataset_version", "network", "curve_set_id"];

/** @param {object} properties as those of the form that starts a session */
export function StudyForm(properties) {
  const { workspace, datasets, networks, completed, hasCluster, onStale } = properties;
  const form = useStartForm({
    ...properties,
    name: `study.${workspace.id}`,
    texts: INITIAL,
    read: readStudy,
    address: `${studiesHref(workspace)}/new`,
  });
  const kind = kindOf(form.draft);
  const settings = studySettingsOf(form.network, form.draft);
  const onStart = (study) => goTo(studyHref(workspace, study.id));
  const starting = useStart({
    ...{ workspace, form, hasCluster, onStart, onStale },
    names: ["kind", ...OWN[kind], ...settings, ...SENT_OF[kind]],
    send: (request, key) => startStudy(sent(request, networks), key),
  });
  const own = OWN[kind].map(
    (name) => html`<${OwnField} key=${name} ...${{ name, kind, form }} error=${starting.errors[name]} />`,
  );
  const { dataset, network, read, draft, change } = form;
  return html`<${StartForm}
    ...${{ workspace, datasets, networks, form, starting, hasCluster }}
    fields=${[...FIELDS, ...Object.keys(starting.errors).filter(isOfEditor)]}
    first=${html`<${KindChoice} chosen=${kind} onChoose=${(chosen) => change({ kind: chosen })} />`}
    everyday=${[
      ...own,
      ...settingFields(["epochs"], form, starting),
      kind === "grid" &&
        html`<${GridEditor}
          key="grid"
          text=${draft.settings}
          base=${{ ...draft, network: network.name }}
          networks=${networks}
          errors=${starting.errors}
          onChange=${(text) => change({ settings: text })}
        />`,
      kind === "search" &&
        html`<${SpaceEditor}
          key="search"
          text=${draft.search}
          network=${network}
          networks=${networks}
          errors=${starting.errors}
          onChange=${(text) => change({ search: text })}
        />`,
    ]}
    more=${settings.filter((name) => name !== "epochs")}
    cost=${html`<${StudyCost} ...${{ dataset, network, values: read.values, completed }} />`}
    label=${t("studies.start")}
    datasetHelp=${t(`studies.dataset.help.${kind}`)}
  />`;
}

/** Whether an error is shown in the editor of a grid or of a search. */
function isOfEditor(field) {
  return /^(settings|space)(\.|$)/.test(field) || SENT_OF.search.includes(field);
}

/** A network that sees no relations is not asked to, where the base is. */
function sent(request, networks) {
  if (request.space?.network) {
    const isAble = (name) => networks.find((each) => each.name === name)?.takes_relations;
    const { use_relations: _, use_stellar_uncertainties: __, ...rest } = request;
    return request.space.network.choices.every(isAble) ? request : rest;
  }
  if (!request.settings) return request;
  return { ...request, settings: request.settings.map((each) => withoutRelations(each, request, networks)) };
}

/** The name, or how many folds or seeds. */
function OwnField({ name, kind, form, error }) {
  const range = COUNTS[name];
  const about = name === "seeds" && kind === "grid" ? "gridSeeds" : name;
  return html`<${Field}
    id=${`study-${name}`}
    label=${t(`studies.${name}`)}
    help=${[t(`studies.help.${about}`), range && rangeText(range)].filter(Boolean).join(" ")}
    error=${error}
    input=${{
      name,
      value: form.draft[name],
      inputmode: range && "numeric",
      maxlength: range ? 10 : 48,
      autocomplete: "off",
      spellcheck: false,
      onInput: (event) => form.change({ [name]: event.target.value }),
    }}
  />`;
}
