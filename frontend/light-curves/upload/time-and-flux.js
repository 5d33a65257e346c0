// What the times and the flux of light curves are, where their files do not say it.

import { html } from "../../lib/html.js";
import { t } from "../../lib/i18n.js";
import { Field } from "../../ui/basics.js";

const TIME_SYSTEMS = ["BKJD", "BTJD", "BJD", "MJD"];
const FLUXES = { flux: "linear", magnitudes: "magnitudes", "minus one": "minusOne" };

/**
 * @param {object} properties
 * @param {string} properties.id that the ids of both fields begin with
 * @param {{time_system: string, flux: string}} properties.said empty: as the files say
 * @param {(patch: object) => void} properties.onChange
 * @param {{time_system?: string, flux?: string}} [properties.errors]
 */
export function TimeAndFlux({ id, said, onChange, errors = {} }) {
  return html`
    <${Field}
      id=${`${id}-time`}
      label=${t("curves.said.time")}
      help=${t("curves.said.timeHelp")}
      error=${errors.time_system}
      input=${{
        value: said.time_system,
        maxlength: 200,
        autocomplete: "off",
        list: `${id}-times`,
        onInput: (event) => onChange({ time_system: event.target.value }),
      }}
    />
    <datalist id=${`${id}-times`}>${TIME_SYSTEMS.map((each) => html`<option value=${each}></option>`)}</datalist>
    <${Field}
      id=${`${id}-flux`}
      label=${t("curves.said.flux")}
      help=${t("curves.said.fluxHelp")}
      error=${errors.flux}
    >
      ${(common) => html`<select
        ...${common}
        value=${said.flux}
        onChange=${(event) => onChange({ flux: event.target.value })}
      >
        <option value="">${t("curves.said.flux.asFile")}</option>
        ${Object.entries(FLUXES).map(
          ([value, text]) => html`<option key=${value} value=${value}>${t(`curves.said.flux.${text}`)}</option>`,
        )}
      </select>`}
    <//>
  `;
}
