// The choice of a network: its description, inputs and number of parameters.

import { html } from "../../lib/html.js";
import { has, number, t } from "../../lib/i18n.js";

/** A network's displayed name; the API's own if the dictionary lacks it. */
export function networkName(name) {
  const key = `training.network.${name}`;
  return has(key) ? t(key) : name;
}

/** What the form chooses at first: the network with the lowest log loss in docs/BENCHMARKS.md, on both tables. */
export const RECOMMENDED = "transit_cnn_catalogue";

/** The recommended network first. */
function inOrder(networks) {
  const isRecommended = ({ name }) => name === RECOMMENDED;
  return [...networks.filter(isRecommended), ...networks.filter((each) => !isRecommended(each))];
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
        ${inOrder(networks).map(
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
        ${name === RECOMMENDED && html`<span class="badge completed">${t("training.network.recommended")}</span>`}
        <div id=${`${id}-help`}>
          <p class="help">${has(said) ? t(said) : sentence}</p>
          ${name === RECOMMENDED && html`<p class="help">${t("training.network.recommended.why")}</p>`}
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
