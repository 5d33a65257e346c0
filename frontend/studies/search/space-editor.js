// The part of the form that says what a search may change, and for how long it goes on.

import { html } from "../../lib/html.js";
import { t } from "../../lib/i18n.js";
import { networkName } from "../../training/form/network-choice.js";
import { settingName } from "../../training/form/setting-field.js";
import { Field } from "../../ui/basics.js";
import * as state from "./search-space.js";

/**
 * @param {object} properties
 * @param {string} properties.text of the draft
 * @param {object} properties.network that of the first trial
 * @param {object[]} properties.networks
 * @param {Record<string, string>} properties.errors by field, as the API names them
 * @param {(text: string) => void} properties.onChange
 */
export function SpaceEditor({ text, network, networks, errors, onChange }) {
  const space = state.spaceOf(text);
  const change = (next) => onChange(JSON.stringify(next));
  const offered = [...state.RANGES, "network", ...(network.takes_relations ? ["use_relations"] : [])];
  const shared = { space, errors, change };
  return html`
    <fieldset class="field whole-row search-space" aria-describedby="search-help">
      <legend>${t("search.space")}</legend>
      <p class="help" id="search-help">${t("search.space.help")}</p>
      ${errors.space && html`<p class="field-error">${errors.space}</p>`}
      ${offered.map((name) => html`<${Searched} key=${name} ...${{ name, network, networks, ...shared }} />`)}
    </fieldset>
    <${Budget} ...${shared} />
  `;
}

function Searched({ name, network, networks, ...shared }) {
  const { space, errors, change } = shared;
  const id = `search-${name}`;
  const isSearched = space.searched.includes(name);
  const error = errors[`space.${name}`];
  return html`
    <div class="search-setting" data-test=${id}>
      <label class="row" for=${id}>
        <input type="checkbox" id=${id} checked=${isSearched} onChange=${() => change(state.toggle(space, name))} />
        ${settingName(name)}
      </label>
      ${isSearched && name in space.ranges && html`<${Range} name=${name} ...${shared} />`}
      ${isSearched && name === "network" && html`<${Networks} ...${{ network, networks, space, change }} />`}
      ${isSearched && error && html`<p class="field-error" role="alert">${error}</p>`}
    </div>
  `;
}

function Range({ name, space, errors, change }) {
  const range = space.ranges[name];
  const set = (patch) => change(state.changeRange(space, name, patch));
  const log = `search-${name}-log`;
  return html`
    <div class="search-range">
      ${["low", "high"].map(
        (end) => html`<${Field}
          key=${end}
          id=${`search-${name}-${end}`}
          label=${t(`search.${end}`, { name: settingName(name) })}
          error=${errors[`space.${name}.${end}`]}
          input=${{
            value: range[end],
            inputmode: "decimal",
            maxlength: 30,
            autocomplete: "off",
            spellcheck: false,
            onInput: (event) => set({ [end]: event.target.value }),
          }}
        />`,
      )}
      <label class="row" for=${log}>
        <input type="checkbox" id=${log} checked=${range.log} onChange=${() => set({ log: !range.log })} />
        ${t("search.log")}
      </label>
    </div>
  `;
}

function Networks({ network, networks, space, change }) {
  return html`
    <div class="search-range" role="group" aria-label=${t("search.networks")}>
      ${networks.map(({ name }) => {
        const isFirst = name === network.name;
        return html`<label key=${name} class="row" for=${`search-network-${name}`}>
          <input
            type="checkbox"
            id=${`search-network-${name}`}
            checked=${isFirst || space.networks.includes(name)}
            disabled=${isFirst}
            onChange=${() => change(state.toggleNetwork(space, name))}
          />
          ${networkName(name)}
        </label>`;
      })}
    </div>
  `;
}

function Budget({ space, errors, change }) {
  const pruning = { checked: space.pruning, onChange: () => change({ ...space, pruning: !space.pruning }) };
  return html`
    ${Object.keys(state.BUDGET).map(
      (name) => html`<${Field}
        key=${name}
        id=${`search-${name}`}
        label=${t(`search.${name}`)}
        help=${t(`search.${name}.help`)}
        error=${errors[name]}
        input=${{
          value: space.budget[name],
          inputmode: "numeric",
          maxlength: 10,
          autocomplete: "off",
          spellcheck: false,
          onInput: (event) => change(state.changeBudget(space, { [name]: event.target.value })),
        }}
      />`,
    )}
    <div class="field">
      <label class="row" for="search-pruning">
        <input type="checkbox" id="search-pruning" aria-describedby="search-pruning-help" ...${pruning} />
        ${t("search.pruning")}
      </label>
      <p class="help" id="search-pruning-help">${t("search.pruning.help")}</p>
    </div>
  `;
}
