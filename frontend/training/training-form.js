// The form that starts a session: common settings first, the rest below, the estimate beside them.

import { useDraft } from "../lib/data.js";
import { html, useEffect, useMemo, useRef, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { askForNotifications, explain, notify } from "../lib/notices.js";
import { goTo } from "../lib/router.js";
import { startSession, useIdempotencyKey } from "./session-actions-state.js";
import { INITIAL_TEXTS, readSettings, SETTINGS, settingsOf } from "./training-settings.js";
import { UsageWarning } from "../account/usage.js";
import { DatasetChoice } from "./dataset-choice.js";
import { NetworkChoice } from "./network-choice.js";
import { SettingField } from "./setting-field.js";
import { Refusal } from "./start-refusal.js";
import { TrainingCost } from "./training-cost.js";

const EVERYDAY = ["model_name", "epochs"];
const FIELDS = [...Object.keys(SETTINGS), "dataset_id", "network"];

/**
 * @param {object} properties
 * @param {object} properties.workspace
 * @param {object} properties.query `dataset` and any setting: they fill the form once
 * @param {object[]} properties.datasets newest first
 * @param {object[]} properties.networks
 * @param {string} properties.defaultNetwork
 * @param {object[]} properties.completed sessions, newest first, for the time estimate
 * @param {number} properties.ahead sessions that run or wait on the server
 * @param {() => void} properties.onStale what the form was made from has changed
 */
export function TrainingForm(properties) {
  const { workspace, datasets, networks, completed, ahead, onStale } = properties;
  const form = useForm(properties);
  const starting = useStart({ workspace, form, onStale });
  const element = useRef(null);
  const submit = (event) => {
    event.preventDefault();
    starting.start();
  };
  useEffect(() => focusOnError(element.current), [starting.failures]);
  const fields = (names) =>
    names.map(
      (name) => html`<${SettingField}
        key=${name}
        name=${name}
        value=${form.draft[name]}
        error=${starting.errors[name]}
        onInput=${(text) => form.change({ [name]: text })}
      />`,
    );
  const more = settingsOf(form.network, form.draft).filter((name) => !EVERYDAY.includes(name));
  const isChanged = more.some((name) => form.draft[name] !== INITIAL_TEXTS[name]);
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
        <${NetworkChoice}
          networks=${networks}
          chosen=${form.network.name}
          error=${starting.errors.network}
          onChoose=${(network) => form.change({ network })}
        />
        <div class="two">${fields(EVERYDAY)}</div>
        <${MoreSettings} isChanged=${isChanged}><div class="two">${fields(more)}</div><//>
        <div class="actions end">
          <button type="button" class="quiet" disabled=${!form.isTouched} onClick=${form.forget}>
            ${t("training.defaults")}
          </button>
        </div>
      </div>
      <aside class="card stack beside" aria-label=${t("training.cost")}>
        <${TrainingCost}
          dataset=${form.dataset}
          network=${form.network}
          values=${form.read.values}
          completed=${completed}
          ahead=${ahead}
        />
        <${UsageWarning} of="waiting_sessions" />
        <button class="primary" disabled=${starting.isBusy} aria-busy=${starting.isBusy} data-test="start">
          ${t("training.start")}
        </button>
        <${Refusal} error=${starting.refusal} workspace=${workspace} fields=${FIELDS} />
      </aside>
    </form>
  `;
}

/** Rarely changed settings; open if one is changed. Only the user closes it. */
export function MoreSettings({ isChanged, children }) {
  const [isOpen, setOpen] = useState(isChanged);
  useEffect(() => {
    if (isChanged) setOpen(true);
  }, [isChanged]);
  return html`<details class="more" open=${isOpen} onToggle=${(event) => setOpen(event.target.open)}>
    <summary>${t("training.more")}</summary>
    ${children}
  </details>`;
}

function focusOnError(form) {
  const invalid = form?.querySelector("[aria-invalid=true]");
  if (!invalid) {
    form?.querySelector("[role=alert]")?.scrollIntoView({ block: "nearest" });
    return;
  }
  const details = invalid.closest("details");
  if (details) details.open = true;
  invalid.focus();
}

/** What is typed, kept over a reload; what the address gives fills it once. */
function useForm({ workspace, query, datasets, networks, defaultNetwork }) {
  const initial = useMemo(() => ({ ...INITIAL_TEXTS, dataset: null, network: null }), []);
  const [draft, change, forget] = useDraft(`train.${workspace.id}`, initial);
  useEffect(() => {
    const given = Object.entries(query).filter(([name]) => name in initial);
    if (given.length === 0) return;
    const read = ([name, text]) => [name, name === "dataset" ? Number(text) : text];
    change(Object.fromEntries(given.map(read)));
    // Otherwise a reload would overwrite what was typed since.
    goTo(`/w/${workspace.id}/train`, { replace: true });
  }, [JSON.stringify(query)]);
  const find = (list, name, value) => list.find((each) => each[name] === value);
  return {
    draft,
    change,
    forget,
    read: useMemo(() => readSettings(draft), [draft]),
    dataset: find(datasets, "id", draft.dataset) ?? datasets[0],
    // A dataset from an old address or draft that is gone must not be replaced silently.
    lostDataset: draft.dataset !== null && !find(datasets, "id", draft.dataset) ? draft.dataset : null,
    network: find(networks, "name", draft.network) ?? find(networks, "name", defaultNetwork) ?? networks[0],
    isTouched: Object.keys(initial).some((name) => draft[name] !== initial[name]),
  };
}

/** Starts the session; returns the errors by field, and a refusal that concerns no field. */
function useStart({ workspace, form, onStale }) {
  const key = useIdempotencyKey();
  const [isBusy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState(null);
  const [failures, setFailures] = useState(0);
  const { values, errors } = form.read;
  const request = {
    workspace_key: workspace.key,
    dataset_id: form.dataset.id,
    network: form.network.name,
    ...Object.fromEntries(settingsOf(form.network, form.draft).map((name) => [name, values[name]])),
  };
  const start = async () => {
    setRefusal(null);
    if (Object.keys(errors).length > 0) {
      setFailures((count) => count + 1);
      return;
    }
    setBusy(true);
    try {
      const session = await startSession(request, key.of(request));
      key.renew();
      form.forget();
      askForNotifications();
      goTo(`/w/${workspace.id}/sessions/${session.id}`);
    } catch (error) {
      setRefusal({ error, request: JSON.stringify(request) });
      setFailures((count) => count + 1);
      if (error.status === 404 || error.status === 409) {
        // The form shows the current list, so the refusal names the dataset that is gone.
        notify(`${explain(error)} ${t("training.refused.gone")}`, { kind: "error" });
        onStale();
      }
    } finally {
      setBusy(false);
    }
  };
  // A refusal of other values does not apply to these.
  const isCurrent = refusal?.request === JSON.stringify(request);
  const problems = (isCurrent && refusal.error.errors) || [];
  return {
    start,
    isBusy,
    failures,
    refusal: isCurrent ? refusal.error : null,
    errors: {
      ...Object.fromEntries(problems.filter(({ field }) => field).map(({ field, message }) => [field, message])),
      ...(failures > 0 ? errors : {}),
    },
  };
}
