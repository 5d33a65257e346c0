// The form that starts a study: dataset, folds and seeds first, the settings of its sessions below.

import { UsageWarning } from "../account/usage.js";
import { useDraft } from "../lib/data.js";
import { html, useEffect, useMemo, useRef, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { explain, notify } from "../lib/notices.js";
import { goTo } from "../lib/router.js";
import { DatasetChoice } from "../training/dataset-choice.js";
import { NetworkChoice } from "../training/network-choice.js";
import { useIdempotencyKey } from "../training/session-actions-state.js";
import { SettingField } from "../training/setting-field.js";
import { Refusal } from "../training/start-refusal.js";
import { MoreSettings } from "../training/training-form.js";
import { rangeText } from "../training/training-settings.js";
import { Field } from "../ui/basics.js";
import { startStudy, studiesHref, studyHref } from "./studies-state.js";
import { StudyCost } from "./study-cost.js";
import { COUNTS, INITIAL, readStudy, studySettingsOf } from "./study-settings.js";

const FIELDS = [...Object.keys(INITIAL), "dataset_id", "network"];

/** @param {object} properties as those of the form that starts a session */
export function StudyForm(properties) {
  const { workspace, datasets, networks, completed, onStale } = properties;
  const form = useForm(properties);
  const starting = useStart({ workspace, form, onStale });
  const element = useRef(null);
  useEffect(() => focusOnError(element.current), [starting.failures]);
  const submit = (event) => {
    event.preventDefault();
    starting.start();
  };
  const more = studySettingsOf(form.network, form.draft).filter((name) => name !== "epochs");
  const setting = (name) => html`<${SettingField}
    key=${name}
    name=${name}
    value=${form.draft[name]}
    error=${starting.errors[name]}
    onInput=${(text) => form.change({ [name]: text })}
  />`;
  const own = (name) => html`<${OwnField} name=${name} form=${form} error=${starting.errors[name]} />`;
  return html`
    <form class="training-form" ref=${element} onSubmit=${submit} noValidate>
      <div class="card stack">
        <${DatasetChoice}
          datasets=${datasets}
          chosen=${form.dataset}
          lost=${form.lostDataset}
          error=${starting.errors.dataset_id}
          onChoose=${(id) => form.change({ dataset: id })}
        />
        <div class="two">${own("name")}${own("folds")}${own("seeds")}${setting("epochs")}</div>
        <${NetworkChoice}
          networks=${networks}
          chosen=${form.network.name}
          error=${starting.errors.network}
          onChoose=${(network) => form.change({ network })}
        />
        <${MoreSettings} isChanged=${more.some((name) => form.draft[name] !== INITIAL[name])}>
          <div class="two">${more.map(setting)}</div>
        <//>
        <div class="actions end">
          <button type="button" class="quiet" onClick=${form.forget}>${t("training.defaults")}</button>
        </div>
      </div>
      <aside class="card stack beside" aria-label=${t("training.cost")}>
        <${StudyCost}
          dataset=${form.dataset}
          network=${form.network}
          values=${form.read.values}
          completed=${completed}
        />
        <${UsageWarning} of="waiting_sessions" />
        <button class="primary" disabled=${starting.isBusy} aria-busy=${starting.isBusy} data-test="start">
          ${t("studies.start")}
        </button>
        <${Refusal} error=${starting.refusal} workspace=${workspace} fields=${FIELDS} />
      </aside>
    </form>
  `;
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

function focusOnError(form) {
  const invalid = form?.querySelector("[aria-invalid=true]");
  const details = invalid?.closest("details");
  if (details) details.open = true;
  if (invalid) invalid.focus();
  else form?.querySelector("[role=alert]")?.scrollIntoView({ block: "nearest" });
}

/** What is typed, kept over a reload; the dataset of the address fills it once. */
function useForm({ workspace, query, datasets, networks, defaultNetwork }) {
  const initial = useMemo(() => ({ ...INITIAL, dataset: null, network: null }), []);
  const [draft, change, forget] = useDraft(`study.${workspace.id}`, initial);
  useEffect(() => {
    if (query.dataset === undefined) return;
    change({ dataset: Number(query.dataset) });
    goTo(`${studiesHref(workspace)}/new`, { replace: true });
  }, [query.dataset]);
  const find = (list, name, value) => list.find((each) => each[name] === value);
  const dataset = find(datasets, "id", draft.dataset);
  return {
    draft,
    change,
    forget,
    read: useMemo(() => readStudy(draft), [draft]),
    dataset: dataset ?? datasets[0],
    lostDataset: draft.dataset !== null && !dataset ? draft.dataset : null,
    network: find(networks, "name", draft.network) ?? find(networks, "name", defaultNetwork) ?? networks[0],
  };
}

/** Starts the study; returns the errors by field, and a refusal that concerns no field. */
function useStart({ workspace, form, onStale }) {
  const key = useIdempotencyKey();
  const [isBusy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState(null);
  const [failures, setFailures] = useState(0);
  const { values, errors } = form.read;
  const names = ["name", ...Object.keys(COUNTS), ...studySettingsOf(form.network, form.draft)];
  const request = {
    workspace_key: workspace.key,
    dataset_id: form.dataset.id,
    kind: "folds",
    network: form.network.name,
    ...Object.fromEntries(names.map((name) => [name, values[name]])),
  };
  const text = JSON.stringify(request);
  const start = async () => {
    setRefusal(null);
    if (Object.keys(errors).length > 0) return setFailures((count) => count + 1);
    setBusy(true);
    try {
      const study = await startStudy(request, key.of(request));
      key.renew();
      form.forget();
      goTo(studyHref(workspace, study.id));
    } catch (error) {
      setRefusal({ error, text });
      setFailures((count) => count + 1);
      if (error.status === 404 || error.status === 409) {
        notify(`${explain(error)} ${t("training.refused.gone")}`, { kind: "error" });
        onStale();
      }
    } finally {
      setBusy(false);
    }
    return undefined;
  };
  // A refusal of other values does not apply to these.
  const error = refusal?.text === text ? refusal.error : null;
  const problems = (error?.errors ?? []).filter(({ field }) => field);
  const found = Object.fromEntries(problems.map(({ field, message }) => [field, message]));
  return { start, isBusy, failures, refusal: error, errors: { ...found, ...(failures > 0 ? errors : {}) } };
}
