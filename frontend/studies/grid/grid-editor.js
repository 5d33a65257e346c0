// The table in which the settings of a grid are typed: the base first, a column for each setting that is varied.

import { html } from "../../lib/html.js";
import { t } from "../../lib/i18n.js";
import { networkName } from "../../training/network-choice.js";
import { settingName } from "../../training/setting-field.js";
import { SETTINGS } from "../../training/training-settings.js";
import { valueText } from "../study-kinds.js";
import * as state from "./grid-settings.js";

/**
 * @param {object} properties
 * @param {string} properties.text of the draft
 * @param {Record<string, string>} properties.base the texts of the base, `network` among them
 * @param {object[]} properties.networks
 * @param {Record<string, string>} properties.errors by field, as the API names them
 * @param {(text: string) => void} properties.onChange
 */
export function GridEditor({ text, base, networks, errors, onChange }) {
  const grid = state.gridOf(text);
  const change = (next) => onChange(JSON.stringify(next));
  const others = state.VARIED.filter((name) => !grid.columns.includes(name));
  const vary = ({ target }) => target.value && change(state.addColumn(grid, target.value));
  return html`
    <fieldset class="field grid-editor" aria-describedby="grid-help">
      <legend>${t("grid.settings")}</legend>
      <p class="help" id="grid-help">${t("grid.settings.help")}</p>
      <div class="table-scroll whole" tabindex="0" role="region" aria-label=${t("grid.settings")}>
        <table data-test="grid-editor">
          <thead>
            <tr>
              <th scope="col">${t("grid.setting")}</th>
              ${grid.columns.map((name) => html`<${Column} key=${name} ...${{ name, grid, change }} />`)}
              <th scope="col">${t("grid.label")}</th>
              <td></td>
            </tr>
          </thead>
          <tbody>
            <tr>
              <th scope="row">${t("grid.base")}</th>
              ${grid.columns.map((name) => html`<td key=${name}>${written(name, base[name])}</td>`)}
              <td></td>
              <td></td>
            </tr>
            ${grid.rows.map(
              (row, number) =>
                html`<${Row} key=${number} ...${{ row, number, grid, base, networks, errors, change }} />`,
            )}
          </tbody>
        </table>
      </div>
      <div class="actions">
        <button
          type="button"
          disabled=${grid.rows.length >= state.MOST_SETTINGS}
          onClick=${() => change(state.addSetting(grid))}
        >
          ${t("grid.add")}
        </button>
        ${others.length > 0 &&
        html`<span class="row">
          <label for="grid-vary">${t("grid.vary")}</label>
          <select id="grid-vary" value="" onChange=${vary}>
            <option value="">${t("grid.vary.choose")}</option>
            ${others.map((name) => html`<option key=${name} value=${name}>${settingName(name)}</option>`)}
          </select>
        </span>`}
      </div>
    </fieldset>
  `;
}

function Column({ name, grid, change }) {
  const remove = () => change(state.removeColumn(grid, name));
  const label = t("grid.unvary", { name: settingName(name) });
  return html`<th scope="col">
    <span class="row nowrap">
      ${settingName(name)}
      ${grid.columns.length > 1 &&
      html`<button type="button" class="quiet" aria-label=${label} title=${label} onClick=${remove}>×</button>`}
    </span>
  </th>`;
}

function Row({ row, number, grid, base, networks, errors, change }) {
  const name = t("grid.number", { number: number + 1 });
  const set = (patch) => change(state.changeSetting(grid, number, patch));
  const error = errors[`settings.${number}`];
  const remove = t("grid.remove", { name });
  return html`
    <tr data-test=${`grid-setting-${number}`}>
      <th scope="row">
        ${name}
        ${error && html`<p class="field-error" id=${`grid-${number}-error`}>${error}</p>`}
      </th>
      ${grid.columns.map(
        (column, place) => html`<${Cell}
          key=${column}
          id=${`grid-${number}-${column}`}
          label=${`${name}, ${settingName(column)}`}
          error=${errors[`settings.${number}.${column}`]}
          rowError=${place === 0 && error ? `grid-${number}-error` : null}
          value=${row.values[column] ?? ""}
          onInput=${(text) => set({ values: { ...row.values, [column]: text } })}
          ...${{ name: column, base, networks }}
        />`,
      )}
      <${Cell}
        id=${`grid-${number}-label`}
        label=${`${name}, ${t("grid.label")}`}
        error=${errors[`settings.${number}.label`]}
        value=${row.label}
        onInput=${(label) => set({ label })}
      />
      <td>
        ${grid.rows.length > 1 &&
        html`<button
          type="button"
          class="quiet"
          aria-label=${remove}
          title=${remove}
          onClick=${() => change(state.removeSetting(grid, number))}
        >
          ×
        </button>`}
      </td>
    </tr>
  `;
}

/** One value; without a name it is the label. */
function Cell({ id, name, label, value, error, rowError, base, networks, onInput }) {
  const options = optionsOf(name, networks);
  const common = {
    id,
    "aria-label": label,
    "aria-invalid": error || rowError ? "true" : undefined,
    "aria-describedby": error ? `${id}-error` : (rowError ?? undefined),
    value,
  };
  const asInBase = name ? t("grid.asInBase", { value: written(name, base[name]) }) : undefined;
  return html`<td>
    ${options
      ? html`<select ...${common} onChange=${({ target }) => onInput(target.value)}>
          <option value="">${asInBase}</option>
          ${options.map((each) => html`<option key=${each.value} value=${each.value}>${each.text}</option>`)}
        </select>`
      : html`<input
          ...${common}
          placeholder=${asInBase}
          inputmode=${{ whole: "numeric", real: "decimal" }[SETTINGS[name]?.kind]}
          maxlength=${name ? 30 : 60}
          autocomplete="off"
          spellcheck=${false}
          onInput=${({ target }) => onInput(target.value)}
        />`}
    ${error && html`<p class="field-error" id=${`${id}-error`}>${error}</p>`}
  </td>`;
}

function optionsOf(name, networks) {
  if (name === "network") return networks.map((each) => ({ value: each.name, text: networkName(each.name) }));
  if (!state.isFlag(name)) return null;
  return ["true", "false"].map((value) => ({ value, text: written(name, value) }));
}

/** What was typed, as it is shown. */
function written(name, text) {
  if (name === "network") return valueText(name, text);
  return state.isFlag(name) ? valueText(name, text === "true") : text;
}
