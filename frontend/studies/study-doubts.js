// The labels that a study's predictions surely contradict: ranked, each with what helps to look at it again.

import { get, withQuery } from "../lib/api.js";
import { useData, usePolling } from "../lib/data.js";
import { html } from "../lib/html.js";
import { number, t } from "../lib/i18n.js";
import { goTo } from "../lib/router.js";
import { className, Failure } from "../ui/basics.js";
import { Pager } from "../ui/pager.js";
import { Doubt } from "./doubt.js";
import { RowChoices } from "./row-choices.js";
import { pathOf, studyHref } from "./studies-state.js";
import { addressOf, askedOf, DOUBTS, viewOf } from "./study-query.js";

/** @param {{workspace: object, study: object, query: object}} properties */
export function StudyDoubts({ workspace, study, query }) {
  const tested = study.sessions.filter(({ model_id }) => model_id !== null).length;
  if (tested === 0) return null;
  return html`
    <section class="card stack" data-test="study-doubts">
      <div>
        <h2>${t("doubts.title")}</h2>
        <p class="hint">${t("doubts.lead")}</p>
      </div>
      <${Found} ...${{ workspace, study, tested, query }} />
    </section>
  `;
}

function Found({ workspace, study, tested, query }) {
  const { id, name } = study;
  const view = viewOf(DOUBTS, query);
  const asked = askedOf(view);
  const page = useData(
    () => get(pathOf(id, "doubts"), { ...asked, offset: view.page * DOUBTS.size, limit: DOUBTS.size }),
    [id, tested, view.sort, view.label, view.page],
  );
  usePolling(async () => page.reload(), page.data?.relations_state === "pending", [id]);
  const change = (patch) => {
    const address = { ...query, ...addressOf(DOUBTS, { ...view, page: 0, ...patch }) };
    goTo(withQuery(studyHref(workspace, id), address), { replace: true });
  };
  const file = withQuery(pathOf(id, "doubts.csv"), asked);
  return html`
    <${RowChoices}
      of="doubts"
      sorts=${DOUBTS.sorts.map((each) => ({ value: each, text: t(`doubts.sort.${each}`) }))}
      labels=${DOUBTS.labels}
      ...${{ view, change, file }}
      fileName=${`${name}_${id}_doubts.csv`}
    />
    <${Page} ...${{ workspace, study, view, page, change }} />
  `;
}

function Page({ workspace, study, view, page, change }) {
  if (page.data === null) {
    return page.error
      ? html`<${Failure} error=${page.error} onRetry=${page.reload} />`
      : html`<p class="loading" role="status">${t("loading")}</p>`;
  }
  const { rows, total, summary } = page.data;
  if (summary.reason !== null) return html`<p class="message">${t("doubts.oneClass")}</p>`;
  return html`
    <${Summary} summary=${summary} />
    <p class="hint" role="status">${t("training.rows", { count: total })}</p>
    ${rows.map((row) => html`<${Doubt} key=${row.row} ...${{ workspace, study, row }} />`)}
    <${Pager}
      page=${view.page}
      size=${DOUBTS.size}
      total=${total}
      onPage=${(next) => change({ page: next })}
      label=${t("doubts.title")}
    />
  `;
}

function Summary({ summary }) {
  const { tested_rows: tested, table_rows: all, candidates } = summary;
  return html`
    <ul class="plain">
      ${DOUBTS.labels.map(
        (label) =>
          html`<li key=${label}>
            ${t("doubts.summary", {
              label: className(label),
              doubts: number(summary.doubts[label]),
              rows: number(summary.considered[label]),
              wrong: number(summary.estimated_wrong[label].rows),
            })}
          </li>`,
      )}
      <li>${t("doubts.candidates", { rows: number(candidates) })}</li>
      ${tested < all && html`<li>${t("doubts.part", { rows: number(tested), all: number(all) })}</li>`}
    </ul>
  `;
}
