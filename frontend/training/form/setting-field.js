// One setting of a session: a field with its description and range.

import { html } from "../../lib/html.js";
import { t } from "../../lib/i18n.js";
import { rangeText, RESOURCES, SETTINGS } from "./training-settings.js";
import { Field } from "../../ui/basics.js";

const ALL = { ...SETTINGS, ...RESOURCES };

/** The displayed name of a setting, the dataset or the network. */
export function settingName(name) {
  return t(name in ALL ? `training.setting.${name}` : `training.${name}`);
}

/**
 * @param {object} properties
 * @param {string} properties.name one of SETTINGS or RESOURCES
 * @param {string} properties.value the text as it was typed
 * @param {string} [properties.error]
 * @param {(text: string) => void} properties.onInput
 */
export function SettingField({ name, value, error, onInput }) {
  const setting = ALL[name];
  if (setting.kind === "flag") return html`<${Flag} ...${{ name, value, error, onInput }} />`;
  const isNumber = setting.kind !== "name";
  const help = [t(`training.setting.${name}.help`), isNumber && rangeText(setting)].filter(Boolean).join(" ");
  return html`<${Field}
    id=${`setting-${name}`}
    label=${settingName(name)}
    help=${help}
    error=${error}
    input=${{
      name,
      value,
      // Not type=number, which forgets what it does not understand and refuses a decimal comma.
      inputmode: { whole: "numeric", real: "decimal" }[setting.kind],
      maxlength: isNumber ? 30 : 64,
      autocomplete: "off",
      spellcheck: false,
      onInput: (event) => onInput(event.target.value),
    }}
  />`;
}

/** A setting that is on or off. */
function Flag({ name, value, error, onInput }) {
  const id = `setting-${name}`;
  const described = `${id}-help${error ? ` ${id}-error` : ""}`;
  return html`<div class="field ${error ? "invalid" : ""}">
    <label class="row" for=${id}>
      <input
        type="checkbox"
        id=${id}
        name=${name}
        checked=${value === "true"}
        aria-describedby=${described}
        aria-invalid=${error ? "true" : undefined}
        onChange=${(event) => onInput(String(event.target.checked))}
      />
      ${settingName(name)}
    </label>
    ${error && html`<p class="field-error" id=${`${id}-error`}>${error}</p>`}
    <p class="help" id=${`${id}-help`}>${t(`training.setting.${name}.help`)}</p>
  </div>`;
}
