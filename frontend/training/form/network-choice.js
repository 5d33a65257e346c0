// The choice of a network: its description, inputs and number of parameters.

import { html } from "../../lib/html.js";
import { has, number, t } from "../../lib/i18n.js";

/** A network's displayed name; the API's own if the dictionary lacks it. */
export function networkName(name) {
  const key = `training.network.${name}`;
  return has(key) ? t(key) : name;
}

/**
 * @param {object} properties
 * @param {object[]} properties.networks as `/api/networks` gives them
 * @param {string} properties.chosen
 * @param {(name: string) => void} properties.onChoose
 * @param {string} [properties.error]
 */
export function NetworkChoice({ networks, chosen, onChoose, error }) {
  return html`
    <fieldset class="field" aria-describedby=${error ? "network-error" : undefined}>
      <legend>${t("training.network")}</legend>
      <div class="choices">
        ${networks.map(
          (each) => html`<${Choice}
            key=${each.name}
            network=${each}
            isChosen=${each.name === chosen}
            onChoose=${onChoose}
          />`,
        )}
      </div>
      ${error && html`<p class="field-error" id="network-error">${error}</p>`}
    </fieldset>
  `;
}

function Choice({ network, isChosen, onChoose }) {
  const { name, inputs, parameters, sentence } = network;
  const id = `network-${name}`;
  const said = `training.network.${name}.sentence`;
  return html`
    <div class="choice ${isChosen ? "chosen" : ""}">
      <input
        type="radio"
        id=${id}
        name="network"
        value=${name}
        checked=${isChosen}
        aria-describedby=${`${id}-help`}
        onChange=${() => onChoose(name)}
      />
      <div>
        <label for=${id}>${networkName(name)}</label> <code class="hint">${name}</code>
        <div id=${`${id}-help`}>
          <p class="help">${has(said) ? t(said) : sentence}</p>
          <p class="help">
            ${t("training.network.sees", { count: inputs.length, inputs: inputs.map(inputName).join(", ") })}
            ${" "}${t("training.network.learns", { parameters: number(parameters) })}
          </p>
        </div>
      </div>
    </div>
  `;
}

function inputName(name) {
  const key = `training.input.${name}`;
  return has(key) ? t(key) : name;
}
