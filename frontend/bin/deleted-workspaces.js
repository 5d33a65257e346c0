// The workspaces of the user that were deleted and can be restored; nothing where there are none.

import { useData } from "../lib/data.js";
import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { entries } from "../lib/undo.js";
import { BinTable } from "./bin-table.js";

/**
 * @param {object} properties
 * @param {Array} properties.of the workspaces that there are: another one was deleted or is back
 * @param {boolean} properties.mayEdit
 */
export function DeletedWorkspaces({ of, mayEdit }) {
  const listed = useData(() => entries(), [of.map((each) => each.id).join()]);
  if (!listed.data?.length) return null;
  return html`
    <section class="card stack" aria-labelledby="deleted-workspaces">
      <h2 id="deleted-workspaces">${t("bin.workspaces")}</h2>
      <${BinTable} found=${listed.data} mayEdit=${mayEdit} onChange=${listed.reload} />
    </section>
  `;
}
