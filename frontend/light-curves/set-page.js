// One curve set: its newest import, what it has, which rows of a dataset have curves in it, and more files for it.

import { conditional } from "../lib/api.js";
import { refreshAccount } from "../lib/account.js";
import { SETS } from "../lib/curve-sets.js";
import { html, useEffect } from "../lib/html.js";
import { number, t } from "../lib/i18n.js";
import { useFollowed } from "../lib/live.js";
import { goTo } from "../lib/router.js";
import { useTitle } from "../lib/title.js";
import { Absent } from "../ui/absent.js";
import { Copyable, PageHead } from "../ui/basics.js";
import { NotFound } from "../ui/not-found.js";
import { DeleteSet } from "./delete-set.js";
import { ImportState } from "./import-state.js";
import { AddOfFolder } from "./server-folder.js";
import { SetFacts } from "./set-card.js";
import { SetMatch } from "./set-match.js";
import { isUnderWay } from "./states.js";
import { UploadForm } from "./upload/form.js";
import { Uploads } from "./upload/item.js";
import { whenPosted } from "./upload/uploads.js";

export function CurveSet({ workspace, id, query }) {
  const path = `${SETS}/${id}`;
  const { item, error, isGone, ask } = useFollowed(path, () => follow(path), isUnderWay);
  useEffect(() => whenPosted(ask), [path]);
  const isBusy = item !== null && isUnderWay(item);
  useEffect(() => {
    if (!isBusy) refreshAccount().catch(() => {});
  }, [isBusy]);
  const title = item?.name ?? t("nav.light-curves");
  useTitle(title);
  const list = `/w/${workspace.id}/light-curves`;
  if (item !== null && item.workspace_id !== workspace.id) return html`<${NotFound} />`;
  const actions =
    item !== null &&
    workspace.mayEdit &&
    html`<${DeleteSet}
      curveSet=${item}
      workspace=${workspace}
      onDeleted=${() => goTo(list, { replace: true })}
    />`;
  return html`
    <${PageHead} title=${title} back=${{ href: `#${list}`, text: t("nav.light-curves") }} actions=${actions}>
      ${item && html`<p><${SetFacts} curveSet=${item} /></p>`}
    <//>
    ${item === null
      ? html`<${Absent} ...${{ workspace, error, isGone, ask }} />`
      : html`<div class="stack">
          <${Uploads} workspace=${workspace} curveSet=${item} />
          <${ImportState} workspace=${workspace} curveSet=${item} onChange=${ask} />
          ${item.number > 0 && html`<${Content} curveSet=${item} />`}
          ${item.number > 0 && html`<${SetMatch} workspace=${workspace} curveSet=${item} query=${query} />`}
          ${workspace.mayEdit &&
          html`<${UploadForm} workspace=${workspace} curveSet=${item} title=${t("curves.upload.add")} />
            <${AddOfFolder} workspace=${workspace} curveSet=${item} onPosted=${ask} />`}
        </div>`}
  `;
}

function Content({ curveSet }) {
  const { stars, segments, points, views, number: version, sha256 } = curveSet;
  const figures = { stars, segments, points, ...(views > 0 ? { views } : {}), versions: version };
  return html`
    <section class="card stack" aria-labelledby="curves-content" data-test="curve-content">
      <h2 id="curves-content">${t("curves.content.title")}</h2>
      <dl class="figures compact">
        ${Object.entries(figures).map(
          ([name, count]) => html`<div key=${name} data-test=${`curve-${name}`}>
            <dt>${t(`curves.figure.${name}`)}</dt>
            <dd>${number(count)}</dd>
          </div>`,
        )}
      </dl>
      <details class="disclosure">
        <summary>${t("curves.content.hash")}</summary>
        <${Copyable} text=${sha256} label=${t("curves.content.hash")} />
      </details>
    </section>
  `;
}

function follow(path) {
  const next = conditional(() => path);
  return async () => (await next())?.curve_set ?? null;
}
