// The bin of a workspace: what was deleted there and can be restored.

import { useData } from "../lib/data.js";
import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { useTitle } from "../lib/title.js";
import { entries } from "../lib/undo.js";
import { Empty, Loaded, PageHead } from "../ui/basics.js";
import { BinTable } from "./bin-table.js";

/** @param {{workspace: object}} properties */
export function Bin({ workspace }) {
  const title = t("bin.ofWorkspace", { name: workspace.name });
  useTitle(title);
  const listed = useData(() => entries(workspace.key), [workspace.key]);
  return html`
    <${PageHead} title=${title} back=${{ href: "#/workspaces", text: t("nav.workspaces") }}>
      <p>${t("bin.lead")}</p>
    <//>
    <${Loaded} of=${listed}>
      ${(found) =>
        found.length === 0
          ? html`<${Empty} title=${t("bin.empty")}><p>${t("bin.empty.text")}</p><//>`
          : html`<${BinTable} found=${found} mayEdit=${workspace.mayEdit} onChange=${listed.reload} />`}
    <//>
  `;
}
