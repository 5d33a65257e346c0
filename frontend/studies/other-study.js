// The choice of another study: only those that can be compared are offered.

import { get } from "../lib/api.js";
import { useData } from "../lib/data.js";
import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { canBeCompared } from "./comparable.js";

// The server lists at most so many at once.
const MOST = 200;

/** @param {{workspace: object, study: object, chosen: number | null, onChoose: (id: number) => void}} properties */
export function OtherStudy({ workspace, study, chosen, onChoose }) {
  const load = () => get("/api/training/studies", { workspace_key: workspace.key, limit: MOST });
  const { data } = useData(load, [workspace.key, study.id]);
  if (data === null) return null;
  const others = data.studies.filter((each) => canBeCompared(study, each));
  if (others.length === 0) return html`<p class="hint">${t("studies.compare.none")}</p>`;
  const value = others.some(({ id }) => id === chosen) ? String(chosen) : "";
  const choose = ({ target }) => target.value && onChoose(Number(target.value));
  return html`
    <div class="field">
      <label for="other-study">${t("studies.compare.choose")}</label>
      <select id="other-study" value=${value} onChange=${choose}>
        <option value="">${t("studies.compare.pick")}</option>
        ${others.map(
          ({ id, name }) => html`<option key=${id} value=${String(id)}>
            ${name} (${t("studies.study", { id: String(id) })})
          </option>`,
        )}
      </select>
    </div>
  `;
}
