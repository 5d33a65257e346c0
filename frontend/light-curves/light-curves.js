// The light curves of a workspace: the sets, and the upload of another.

import { refreshAccount } from "../lib/account.js";
import { SETS } from "../lib/curve-sets.js";
import { html, useEffect } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { useLivePages } from "../lib/live.js";
import { useTitle } from "../lib/title.js";
import { ActionButton, Empty, Failure, PageHead } from "../ui/basics.js";
import { LookingOnly } from "../ui/looking-only.js";
import { ServerFolder } from "./server-folder.js";
import { SetCard } from "./set-card.js";
import { isUnderWay } from "./states.js";
import { UploadForm } from "./upload/form.js";
import { Uploads } from "./upload/item.js";
import { whenPosted } from "./upload/uploads.js";

const PAGE = 20;

// The server lists at most so many at once.
const MOST = 200;

export function LightCurves({ workspace }) {
  useTitle(t("nav.light-curves"));
  const query = { workspace_key: workspace.key };
  const sets = useLivePages(SETS, query, "curve_sets", { size: PAGE, most: MOST }, isUnderWay);
  const isFirst = sets.items?.length === 0;
  const change = () => {
    sets.reload();
    refreshAccount().catch(() => {});
  };
  useEffect(() => whenPosted(change), [workspace.key]);
  return html`
    <${PageHead} title=${t("nav.light-curves")}><p>${t("curves.lead")}</p><//>
    <div class="stack">
      <${Uploads} workspace=${workspace} />
      ${isFirst && html`<${Nothing} />`}
      ${workspace.mayEdit
        ? html`<${UploadForm} workspace=${workspace} title=${t("curves.upload.title")} />`
        : html`<${LookingOnly} workspace=${workspace} />`}
      <${ServerFolder} key=${workspace.key} workspace=${workspace} />
      <${Sets} sets=${sets} workspace=${workspace} onChange=${change} />
    </div>
  `;
}

function Nothing() {
  return html`
    <${Empty} title=${t("curves.empty.title")}>
      <p>${t("curves.empty.bring")}</p>
      <p>${t("curves.empty.use")}</p>
    <//>
  `;
}

function Sets({ sets, workspace, onChange }) {
  if (sets.items === null) {
    return sets.error
      ? html`<${Failure} error=${sets.error} onRetry=${sets.reload} />`
      : html`<p class="loading" role="status">${t("loading")}</p>`;
  }
  if (sets.items.length === 0) return null;
  return html`
    <section class="stack" aria-labelledby="curves-title">
      <h2 id="curves-title" tabindex="-1">${t("curves.list.title")}</h2>
      ${sets.items.map(
        (each) =>
          html`<${SetCard} key=${each.id} curveSet=${each} workspace=${workspace} onDeleted=${onChange} />`,
      )}
      ${sets.cursor &&
      html`<div class="actions"><${ActionButton} onAct=${sets.loadMore}>${t("more")}<//></div>`}
    </section>
  `;
}
