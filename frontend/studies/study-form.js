// The form that starts a study: folds and seeds besides the settings of its sessions.

import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { goTo } from "../lib/router.js";
import { settingFields, StartForm } from "../training/form/start-form.js";
import { useStart, useStartForm } from "../training/form/start-form-state.js";
import { rangeText } from "../training/form/training-settings.js";
import { Field } from "../ui/basics.js";
import { startStudy, studiesHref, studyHref } from "./studies-state.js";
import { StudyCost } from "./study-cost.js";
import { COUNTS, INITIAL, readStudy, studySettingsOf } from "./study-settings.js";

const OWN = ["name", ...Object.keys(COUNTS)];
const FIELDS = [...Object.keys(INITIAL), "dataset_id", "dataset_version", "network"];

/** @param {object} properties as those of the form that starts a session */
export function StudyForm(properties) {
  const { workspace, datasets, networks, completed, onStale } = properties;
  const form = useStartForm({
    ...properties,
    name: `study.${workspace.id}`,
    texts: INITIAL,
    read: readStudy,
    address: `${studiesHref(workspace)}/new`,
  });
  const settings = studySettingsOf(form.network, form.draft);
  const onStart = (study) => goTo(studyHref(workspace, study.id));
  const starting = useStart({
    ...{ workspace, form, onStart, onStale },
    names: [...OWN, ...settings],
    send: startStudy,
  });
  const own = OWN.map((name) => html`<${OwnField} key=${name} ...${{ name, form }} error=${starting.errors[name]} />`);
  const { dataset, network, read } = form;
  return html`<${StartForm}
    ...${{ workspace, datasets, networks, form, starting, fields: FIELDS }}
    everyday=${[...own, ...settingFields(["epochs"], form, starting)]}
    more=${settings.filter((name) => name !== "epochs")}
    cost=${html`<${StudyCost} ...${{ dataset, network, values: read.values, completed }} />`}
    label=${t("studies.start")}
    datasetHelp=${t("studies.dataset.help")}
  />`;
}

/** The name, or how many folds or seeds. */
function OwnField({ name, form, error }) {
  const range = COUNTS[name];
  return html`<${Field}
    id=${`study-${name}`}
    label=${t(`studies.${name}`)}
    help=${[t(`studies.help.${name}`), range && rangeText(range)].filter(Boolean).join(" ")}
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
