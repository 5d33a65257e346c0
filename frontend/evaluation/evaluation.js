// The evaluation of a completed session: how its model performs on unseen stars.

import { get, withQuery } from "../lib/api.js";
import { CLASSES } from "../lib/columns.js";
import { useData } from "../lib/data.js";
import { html, useEffect } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { goTo } from "../lib/router.js";
import { saveJson } from "../lib/save-json.js";
import { useStore } from "../lib/store.js";
import { useTitle } from "../lib/title.js";
import { nameOf as sessionName, watched } from "../lib/watch.js";
import { Loaded } from "../ui/basics.js";
import { ConfusionMatrix } from "./confusion-matrix.js";
import { ConfusionRows, useCellRows } from "./confusion-rows.js";
import { CoverageChart } from "./coverage-chart.js";
import { NotCompleted, NoTestStars } from "./evaluation-absent.js";
import { HeadlineFigures } from "./headline-figures.js";
import { LightCurvesWorth } from "./light-curves.js";
import { MissingFeatures } from "./missing-features.js";
import { OnPage } from "./on-page.js";
import { PerClassTable } from "./per-class-table.js";
import { RankingCharts } from "./ranking-charts.js";
import { RegressionCheck } from "./regression-check.js";
import { ReliabilityChart } from "./reliability-chart.js";
import { RowGroups } from "./row-groups.js";
import { RowDialog } from "./row-dialog.js";
import { hasResult } from "../training/session/session-follow.js";
import { SessionHead } from "../training/session/session-head.js";
import { NotFound } from "../ui/not-found.js";
import { VerdictNote } from "../ui/verdict-notes.js";

// Beyond any epoch: the history is not needed here.
const NO_HISTORY = 1_000_000;

/** The ids of the sections' headings, and their texts. */
const SECTIONS = [
  ["headline", "evaluation.headline"],
  ["confusion", "evaluation.confusion"],
  ["per-class", "evaluation.perClass"],
  ["calibration", "evaluation.calibration"],
  ["ranking", "evaluation.ranking"],
  ["missing", "evaluation.missing"],
  ["light-curves", "evaluation.curves"],
  ["groups", "evaluation.groups"],
  ["regression", "evaluation.regression"],
];

/** Of a joined model nothing was hidden: its figures are those of its members. */
function sectionsOf({ of_members: members, light_curves: curves }) {
  const isAbsent = { missing: Boolean(members), "light-curves": !curves };
  return SECTIONS.filter(([id]) => !isAbsent[id]).map(([id, key]) => [id, t(key)]);
}

export function Evaluation({ workspace, id, query }) {
  const session = useData(
    () => get(`/api/training/session/${id}`, { after_epoch: NO_HISTORY }).then((answer) => answer.session),
    [id],
  );
  useReloadWhenEnded(session, id);
  useTitle(t("evaluation.title", { name: session.data ? sessionName(session.data) : String(id) }));
  const isForeign = session.data && session.data.workspace_id !== workspace.id;
  if (isForeign || session.error?.status === 404) return html`<${NotFound} />`;
  return html`<${Loaded} of=${session}>
    ${(data) =>
      hasResult(data) && data.spec.test_split !== 0
        ? html`<${Evaluated} workspace=${workspace} session=${data} query=${query} />`
        : html`
            <${SessionHead} workspace=${workspace} session=${data} current="evaluation" />
            ${hasResult(data)
              ? html`<${NoTestStars} workspace=${workspace} session=${data} />`
              : html`<${NotCompleted} workspace=${workspace} session=${data} />`}
          `}
  <//>`;
}

/** Loads the session again when it ends, or is kept, while the page is open. */
function useReloadWhenEnded(session, id) {
  const state = useStore(watched, ({ sessions }) => {
    const listed = sessions?.find((each) => each.id === id);
    return listed && stateOf(listed);
  });
  useEffect(() => {
    if (session.data && state && state !== stateOf(session.data)) session.reload();
  }, [state]);
}

/** What decides whether there is an evaluation: a failed session gets one when it is kept. */
const stateOf = ({ status, best_epoch }) => `${status} ${best_epoch}`;

function Evaluated({ workspace, session, query }) {
  const evaluation = useData(
    () => get(`/api/training/session/${session.id}/evaluation`).then((answer) => answer.evaluation),
    [session.id],
  );
  const name = `${session.model_name}_session_${session.id}`;
  const save = () => saveJson(evaluation.data, `${name}_evaluation.json`);
  const model = `#/w/${workspace.id}/models/${session.model_id}`;
  const actions = html`
    ${session.model_id !== null && html`<a class="button" href=${model}>${t("evaluation.model")}</a>`}
    <button type="button" disabled=${evaluation.data === null} onClick=${save}>
      ${t("evaluation.json")}
    </button>
  `;
  return html`
    <${SessionHead} workspace=${workspace} session=${session} current="evaluation" actions=${actions} />
    ${evaluation.error?.status === 404
      ? html`<${NoTestStars} workspace=${workspace} session=${session} />`
      : html`<${Loaded} of=${evaluation}>
          ${(data) => html`<${Report} evaluation=${data} ...${{ workspace, session, query, name }} />`}
        <//>`}
  `;
}

function Report({ workspace, session, evaluation, query, name }) {
  const { cell, offset, row } = addressed(query);
  const hasRows = session.model_id !== null;
  const dataset = session.spec.dataset_name ?? t("evaluation.itsDataset");
  const found = useCellRows(session, hasRows ? cell : null, offset);
  const show = (change, options) =>
    goTo(withQuery(`/w/${workspace.id}/sessions/${session.id}/evaluation`, { ...query, ...change }), options);
  const choose = (chosen) => show({ row: chosen });
  // "Back" leaves the dialog, and does not open it again.
  const isStep = { replace: true };
  return html`
    <div class="stack evaluation">
      <p class="message good" data-test="unseen">
        ${evaluation.of_members
          ? t("evaluation.ofMembers", { ...evaluation.of_members, count: evaluation.n_test, dataset })
          : t("evaluation.unseen", { count: evaluation.n_test, dataset })}
      </p>
      <${VerdictNote} of=${session} />
      <${OnPage} sections=${sectionsOf(evaluation)} />
      <${HeadlineFigures} evaluation=${evaluation} />
      <section class="card stack">
        <div>
          <h2 id="confusion">${t("evaluation.confusion")}</h2>
          <p class="hint">${t(hasRows ? "evaluation.confusionHint" : "evaluation.modelDeleted")}</p>
        </div>
        <div class="two">
          <${ConfusionMatrix}
            matrix=${evaluation.confusion_matrix}
            chosen=${cell}
            onChoose=${hasRows ? (wanted) => show({ ...wanted, offset: null, row: null }) : null}
          />
          ${hasRows &&
          cell &&
          html`<${ConfusionRows}
            session=${session}
            cell=${cell}
            found=${found}
            chosenRow=${row}
            onPage=${(wanted) => show({ offset: wanted || null })}
            onChoose=${choose}
          />`}
        </div>
      </section>
      <${PerClassTable} evaluation=${evaluation} />
      <section class="stack" aria-labelledby="sureness">
        <h2 id="calibration">${t("evaluation.calibration")}</h2>
        <div class="two">
          <${ReliabilityChart} evaluation=${evaluation} name=${name} />
          <${CoverageChart} evaluation=${evaluation} name=${name} />
        </div>
      </section>
      <${RankingCharts} evaluation=${evaluation} name=${name} />
      ${!evaluation.of_members && html`<${MissingFeatures} rows=${evaluation.missing_features} />`}
      ${evaluation.light_curves &&
      html`<${LightCurvesWorth} workspace=${workspace} curves=${evaluation.light_curves} />`}
      <${RowGroups} groups=${evaluation.groups ?? null} />
      <${RegressionCheck} session=${session} evaluation=${evaluation} name=${name} onChoose=${choose} />
    </div>
    ${row !== null &&
    hasRows &&
    session.dataset_id !== null &&
    html`<${RowDialog}
      workspace=${workspace}
      session=${session}
      row=${row}
      listed=${found.data?.rows ?? []}
      abstention=${evaluation.abstention ?? null}
      onGo=${(next) => show({ row: next }, isStep)}
      onClose=${() => show({ row: null }, isStep)}
    />`}
  `;
}

/** What the address names: a cell of the confusion matrix, a page of its rows, a row. */
function addressed({ true: trueName, predicted, offset, row }) {
  const isCell = CLASSES.includes(trueName) && CLASSES.includes(predicted);
  const whole = (text) => (/^\d{1,12}$/.test(text ?? "") ? Number(text) : null);
  return { cell: isCell ? { true: trueName, predicted } : null, offset: whole(offset) ?? 0, row: whole(row) };
}
