// The datasets of a workspace: the list, and the upload of another.

import { get } from "../lib/api.js";
import { useData } from "../lib/data.js";
import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { useTitle } from "../lib/title.js";
import { Loaded, PageHead } from "../ui/basics.js";
import { DatasetList } from "./dataset-list.js";
import { FileUploader } from "./file-uploader.js";

export function Datasets({ workspace }) {
  useTitle(t("nav.datasets"));
  const { key } = workspace;
  const datasets = useData(() => get("/api/training/datasets", { workspace_key: key }), [key]);
  const isFirst = datasets.data?.count === 0;
  return html`
    <${PageHead} title=${t("nav.datasets")}><p>${t("datasets.lead")}</p><//>
    <div class="stack">
      <${FileUploader} workspace=${workspace} isFirst=${isFirst} onEnd=${datasets.reload} />
      <${Loaded} of=${datasets}>
        ${({ datasets: list }) =>
          list.length > 0 &&
          html`<${DatasetList} list=${list} workspace=${workspace} onChange=${datasets.reload} />`}
      <//>
    </div>
  `;
}
