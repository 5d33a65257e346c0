// The curve set that a session learnt from: its name with a link, and the version of its light curves.

import { get } from "../lib/api.js";
import { SETS } from "../lib/curve-sets.js";
import { shortHash } from "../lib/curves-learnt.js";
import { useData } from "../lib/data.js";
import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";

/**
 * @param {object} properties
 * @param {object} properties.workspace
 * @param {number} properties.id of the set, which may be deleted
 * @param {string | null} [properties.sha256] of the version that was learnt from
 */
export function CurveSetLink({ workspace, id, sha256 }) {
  const { data, error } = useData(() => get(`${SETS}/${id}`).then((answer) => answer.curve_set), [id]);
  const name = data?.name ?? t("curves.set", { id: String(id) });
  return html`<span data-test="curve-set-link">
    ${error?.status === 404
      ? html`${name} (${t("training.datasetDeleted")})`
      : html`<a href=${`#/w/${workspace.id}/light-curves/${id}`}>${name}</a>`}
    ${sha256 && html`${" "}<code class="hint" title=${sha256}>${shortHash(sha256)}</code>`}
  </span>`;
}
