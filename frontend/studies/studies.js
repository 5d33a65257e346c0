// The studies of a workspace, newest first.

import { html } from "../lib/html.js";
import { dateTime, percent, t } from "../lib/i18n.js";
import { useTitle } from "../lib/title.js";
import { ActionButton, Empty, Failure, PageHead, Progress, StatusBadge } from "../ui/basics.js";
import { LookingOnly } from "../ui/looking-only.js";
import { isUnderWay, studiesHref, studyHref, useStudies } from "./studies-state.js";
import { sizeText } from "./study-kinds.js";

export function Studies({ workspace }) {
  useTitle(t("nav.studies"));
  const list = useStudies(workspace);
  const form = `#${studiesHref(workspace)}/new`;
  const hasSome = list.studies?.length > 0;
  return html`
    <${PageHead}
      title=${t("nav.studies")}
      actions=${hasSome &&
      workspace.mayEdit &&
      html`<a class="button primary" href=${form}>${t("studies.new")}</a>`}
      ><p>${t("studies.lead")}</p><//
    >
    <div class="stack">
      ${!workspace.mayEdit && html`<${LookingOnly} workspace=${workspace} />`}
      <${Content} workspace=${workspace} list=${list} form=${form} />
    </div>
  `;
}

function Content({ workspace, list, form }) {
  if (list.studies === null) {
    return list.error
      ? html`<${Failure} error=${list.error} onRetry=${list.reload} />`
      : html`<p class="loading" role="status">${t("loading")}</p>`;
  }
  if (list.studies.length === 0) return html`<${NoStudies} workspace=${workspace} form=${form} />`;
  return html`
    <section class="card stack" data-test="studies">
      <div class="table-scroll" tabindex="0" role="region" aria-label=${t("nav.studies")}>
        <table>
          <thead>
            <tr>
              <th scope="col">${t("studies.name")}</th>
              <th scope="col">${t("training.dataset")}</th>
              <th scope="col">${t("studies.size")}</th>
              <th scope="col">${t("studies.status")}</th>
              <th scope="col">${t("studies.progress")}</th>
              <th scope="col">${t("studies.created")}</th>
            </tr>
          </thead>
          <tbody>
            ${list.studies.map((study) => html`<${Row} key=${study.id} workspace=${workspace} study=${study} />`)}
          </tbody>
        </table>
      </div>
      ${list.cursor && html`<div class="actions"><${ActionButton} onAct=${list.loadMore}>${t("more")}<//></div>`}
    </section>
  `;
}

function NoStudies({ workspace, form }) {
  return html`
    <${Empty} title=${t("studies.none")}>
      <p>${t("studies.none.text")}</p>
      ${workspace.mayEdit &&
      html`<div class="actions"><a class="button primary" href=${form}>${t("studies.new")}</a></div>`}
    <//>
  `;
}

function Row({ workspace, study }) {
  const { id, name, dataset_id, dataset_name, status, progress, created_at } = study;
  return html`
    <tr>
      <th scope="row"><a href=${`#${studyHref(workspace, id)}`}>${name}</a></th>
      <td>
        ${dataset_id === null
          ? dataset_name
          : html`<a href=${`#/w/${workspace.id}/datasets/${dataset_id}`}>${dataset_name}</a>`}
      </td>
      <td>${sizeText(study)}</td>
      <td><${StatusBadge} status=${status} /></td>
      <td>
        ${percent(progress, 0)}${" "}
        ${isUnderWay(study) &&
        html`<${Progress} share=${progress} label=${t("studies.progressOf", { name })} isQuiet />`}
      </td>
      <td>${dateTime(created_at)}</td>
    </tr>
  `;
}
