// One study: its progress, its figures as they come, its sessions; of folds, the predictions of all rows.

import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { goTo } from "../lib/router.js";
import { useTitle } from "../lib/title.js";
import { CurveSetLink } from "../ui/curve-set-link.js";
import { PageHead, StatusBadge } from "../ui/basics.js";
import { Absent } from "../ui/absent.js";
import { NotFound } from "../ui/not-found.js";
import { GridFigures } from "./grid/grid-figures.js";
import { OtherStudy } from "./other-study.js";
import { comparisonHref, studiesHref, useStudy } from "./studies-state.js";
import { SearchBest } from "./search/search-best.js";
import { SearchPlots } from "./search/search-plots.js";
import { TrialsTable } from "./search/trials-table.js";
import { StudyActions } from "./study-actions.js";
import { StudyDoubts } from "./study-doubts.js";
import { StudyFigures } from "./study-figures.js";
import { StudyModel } from "./study-model.js";
import { StudyProgress } from "./study-progress.js";
import { StudyRows } from "./study-rows.js";
import { StudySessions } from "./study-sessions.js";

export function Study({ workspace, id, query }) {
  const { study, error, isGone, ask } = useStudy(id);
  const title = study?.name ?? t("studies.study", { id: String(id) });
  useTitle(title);
  if (study && study.workspace_id !== workspace.id) return html`<${NotFound} />`;
  const back = { href: `#${studiesHref(workspace)}`, text: t("nav.studies") };
  if (!study) {
    return html`
      <${PageHead} title=${title} back=${back} />
      <${Absent} ...${{ workspace, error, isGone, ask }} />
    `;
  }
  const actions = html`<${StudyActions} workspace=${workspace} study=${study} onChange=${ask} />`;
  return html`
    <${PageHead} title=${title} back=${back} actions=${actions}>
      <span class="row">
        <${StatusBadge} status=${study.status} />
        <span>${t("studies.study", { id: String(id) })}</span>
        ${study.dataset_id === null
          ? html`<span>${study.dataset_name}</span>`
          : html`<a href=${`#/w/${workspace.id}/datasets/${study.dataset_id}`}>${study.dataset_name}</a>`}
        ${study.settings.dataset_version > 0 &&
        html`<span>${t("labels.isTrained", { number: String(study.settings.dataset_version) })}</span>`}
        ${study.settings.curve_set_id &&
        html`<${CurveSetLink} workspace=${workspace} id=${study.settings.curve_set_id} />`}
      </span>
    <//>
    <div class="stack">
      <${StudyProgress} study=${study} />
      <${OfKind} ...${{ workspace, study, query }} />
      ${!study.search && html`<${StudySessions} ...${{ workspace, study, query }} />`}
    </div>
  `;
}

function OfKind({ workspace, study, query }) {
  if (study.search) {
    return html`
      <${SearchBest} ...${{ workspace, study }} />
      <${SearchPlots} study=${study} />
      <${TrialsTable} ...${{ workspace, study }} />
    `;
  }
  if (study.kind === "grid") return study.grid && html`<${GridFigures} study=${study} />`;
  return html`<${OfFolds} ...${{ workspace, study, query }} />`;
}

/** What a study has that predicts every row. */
function OfFolds({ workspace, study, query }) {
  return html`
    ${study.figures && html`<${StudyFigures} figures=${study.figures} />`}
    <${StudyModel} workspace=${workspace} study=${study} />
    ${study.counts.completed > 0 &&
    html`<section class="card stack" data-test="study-compare">
      <h2>${t("studies.compare")}</h2>
      <${OtherStudy}
        workspace=${workspace}
        study=${study}
        chosen=${null}
        onChoose=${(other) => goTo(comparisonHref(workspace, study.id, other))}
      />
    </section>`}
    <${StudyRows} workspace=${workspace} study=${study} query=${query} />
    <${StudyDoubts} workspace=${workspace} study=${study} query=${query} />
  `;
}
