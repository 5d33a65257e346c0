// A form that starts a session or a study: common settings first, the rest below, the cost beside them.

import { UsageWarning } from "../../account/usage.js";
import { VersionChoice } from "../../labels/version-choice.js";
import { html, useEffect, useRef, useState } from "../../lib/html.js";
import { t } from "../../lib/i18n.js";
import { CurveChoice } from "./curve-choice.js";
import { DatasetChoice } from "./dataset-choice.js";
import { NetworkChoice } from "./network-choice.js";
import { SettingField } from "./setting-field.js";
import { Refusal } from "./start-refusal.js";
import { RESOURCES } from "./training-settings.js";

const RESERVED = Object.keys(RESOURCES);

/**
 * @param {object} properties
 * @param {object} properties.workspace
 * @param {object[]} properties.datasets newest first
 * @param {object[]} properties.networks
 * @param {object} properties.form from `useStartForm`
 * @param {object} properties.starting from `useStart`
 * @param {any} [properties.first] what is asked before all else
 * @param {any} properties.everyday the fields that are always shown
 * @param {string[]} properties.more the settings that are rarely changed
 * @param {any} properties.cost what it will take
 * @param {string} properties.label of the button
 * @param {string[]} properties.fields whose errors are shown beside them
 * @param {string} [properties.datasetHelp] what the dataset is for
 * @param {boolean} properties.hasCluster whether a session can reserve something
 */
export function StartForm(properties) {
  const { workspace, datasets, networks, form, starting, everyday, more, cost, label, fields } = properties;
  const element = useRef(null);
  const submit = (event) => {
    event.preventDefault();
    starting.start();
  };
  useEffect(() => focusOnError(element.current), [starting.failures]);
  return html`
    <form class="training-form" ref=${element} onSubmit=${submit} noValidate>
      <div class="card stack">
        ${properties.first}
        <${DatasetChoice}
          datasets=${datasets}
          chosen=${form.dataset}
          lost=${form.lostDataset}
          help=${properties.datasetHelp}
          error=${starting.errors.dataset_id}
          onChoose=${(id) => form.change({ dataset: id })}
        />
        <${VersionChoice}
          key=${form.dataset.id}
          dataset=${form.dataset}
          chosen=${form.version}
          error=${starting.errors.dataset_version}
          onChoose=${(number) => form.change({ version: number === null ? null : `${form.dataset.id}:${number}` })}
        />
        <${NetworkChoice}
          networks=${networks}
          chosen=${form.network.name}
          error=${starting.errors.network}
          onChoose=${(network) => form.change({ network })}
        />
        <${CurveChoice} ...${{ workspace, form, networks }} error=${starting.errors.curve_set_id} />
        <div class="two">${everyday}</div>
        <${Folded} title=${t("training.more")} isChanged=${form.isChanged(more)}>
          <div class="two">${settingFields(more, form, starting)}</div>
        <//>
        ${properties.hasCluster &&
        html`<${Folded} title=${t("training.resources")} isChanged=${form.isChanged(RESERVED)} dataTest="resources">
          <p class="hint">${t("training.resources.help")}</p>
          <div class="two">${settingFields(RESERVED, form, starting)}</div>
        <//>`}
        <div class="actions end">
          <button type="button" class="quiet" disabled=${!form.isTouched} onClick=${form.forget}>
            ${t("training.defaults")}
          </button>
        </div>
      </div>
      <aside class="card stack beside" aria-label=${t("training.cost")}>
        ${cost}
        <${UsageWarning} of="waiting_sessions" />
        <button class="primary" disabled=${starting.isBusy} aria-busy=${starting.isBusy} data-test="start">
          ${label}
        </button>
        <${Refusal} error=${starting.refusal} workspace=${workspace} fields=${fields} />
      </aside>
    </form>
  `;
}

/** The fields of some settings of a session. */
export function settingFields(names, form, starting) {
  return names.map(
    (name) => html`<${SettingField}
      key=${name}
      name=${name}
      value=${form.draft[name]}
      error=${starting.errors[name]}
      onInput=${(text) => form.change({ [name]: text })}
    />`,
  );
}

/** Rarely changed settings; open if one is changed. Only the user closes it. */
function Folded({ title, isChanged, dataTest, children }) {
  const [isOpen, setOpen] = useState(isChanged);
  useEffect(() => {
    if (isChanged) setOpen(true);
  }, [isChanged]);
  const onToggle = (event) => setOpen(event.target.open);
  return html`<details class="more" open=${isOpen} onToggle=${onToggle} data-test=${dataTest}>
    <summary>${title}</summary>
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
