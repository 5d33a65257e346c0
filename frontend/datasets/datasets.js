// The datasets of a workspace: the list, and the upload of another.

import { refreshAccount } from "../lib/account.js";
import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { useLive } from "../lib/live.js";
import { useTitle } from "../lib/title.js";
import { Loaded, PageHead } from "../ui/basics.js";
import { DatasetList } from "./dataset-list.js";
import { FileUploader } from "./file-uploader.js";
import { LookingOnly } from "../ui/looking-only.js";

export function Datasets({ workspace }) {
  useTitle(t("nav.datasets"));
  const { key } = workspace;
  const datasets = useLive("/api/training/datasets", { workspace_key: key });
  const isFirst = datasets.data?.count === 0;
  const change = () => {
    datasets.reload();
    refreshAccount().catch(() => {});
  };
  return html`
    <${PageHead} title=${t("nav.datasets")}><p>${t("datasets.lead")}</p><//>
    <div class="stack">
      ${workspace.mayEdit
        ? html`<${FileUploader} workspace=${workspace} isFirst=${isFirst} onEnd=${change} />`
        : html`<${LookingOnly} workspace=${workspace} />`}
      ${isFirst && !workspace.mayEdit && html`<p class="hint">${t("datasets.none")}</p>`}
      <${Loaded} of=${datasets}>
        ${({ datasets: list }) =>
          list.length > 0 &&
          html`<${DatasetList} list=${list} workspace=${workspace} onChange=${change} />`}
      <//>
    </div>
  `;
}
