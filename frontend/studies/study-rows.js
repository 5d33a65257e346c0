// The out-of-fold predictions of a study: the server sorts, filters and pages; the address says how.

import { get, withQuery } from "../lib/api.js";
import { CLASSES } from "../lib/columns.js";
import { useData } from "../lib/data.js";
import { html } from "../lib/html.js";
import { fixed, number, t } from "../lib/i18n.js";
import { goTo } from "../lib/router.js";
import { className, Failure } from "../ui/basics.js";
import { Pager } from "../ui/pager.js";
import { RowChoices } from "./row-choices.js";
import { isUnderWay, pathOf, studyHref } from "./studies-state.js";
import { addressOf, askedOf, ROWS, viewOf } from "./study-query.js";

/** @param {{workspace: object, study: object, query: object}} properties */
export function StudyRows({ workspace, study, query }) {
  const tested = study.sessions.filter(({ model_id }) => model_id !== null).length;
  return html`
    <section class="card stack" data-test="study-rows">
      <div>
        <h2>${t("studies.rows")}</h2>
        <p class="hint">${t("studies.rows.lead")}</p>
      </div>
      ${tested > 0
        ? html`<${Found} ...${{ workspace, study, tested, query }} />`
        : html`<p class="message">${t(isUnderWay(study) ? "studies.rows.soon" : "studies.rows.never")}</p>`}
    </section>
  `;
}

function Found({ workspace, study, tested, query }) {
  const { id, name } = study;
  const view = viewOf(ROWS, query);
  const asked = askedOf(view);
  const page = useData(
    () => get(pathOf(id, "predictions"), { ...asked, offset: view.page * ROWS.size, limit: ROWS.size }),
    [id, tested, view.sort, view.label, view.page],
  );
  const change = (patch) => {
    const address = { ...query, ...addressOf(ROWS, { ...view, page: 0, ...patch }) };
    goTo(withQuery(studyHref(workspace, id), address), { replace: true });
  };
  const file = withQuery(pathOf(id, "predictions.csv"), asked);
  return html`
    <${RowChoices}
      of="study"
      sorts=${ROWS.sorts.map((each) => ({ value: each, text: t(`studies.sort.${each}`) }))}
      labels=${ROWS.labels}
      ...${{ view, change, file }}
      fileName=${`${name}_${id}_predictions.csv`}
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
  const { rows, total } = page.data;
  if (total === 0) return html`<p class="message">${t("studies.rows.none")}</p>`;
  return html`
    <p class="hint" role="status">${t("training.rows", { count: total })}</p>
    <div class="table-scroll whole" tabindex="0" role="region" aria-label=${t("studies.rows")}>
      <table>
        <thead>
          <tr>
            <th scope="col" class="number">${t("studies.row")}</th>
            <th scope="col">${t("studies.star")}</th>
            <th scope="col">${t("studies.label")}</th>
            <th scope="col">${t("studies.predicted")}</th>
            ${CLASSES.map((name) => html`<th key=${name} scope="col" class="number">P(${className(name)})</th>`)}
            <th scope="col" class="number">${t("studies.spread")}</th>
            <th scope="col" class="number">${t("studies.fold")}</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map((row) => html`<${Row} key=${row.row} workspace=${workspace} study=${study} row=${row} />`)}
        </tbody>
      </table>
    </div>
    <${Pager} page=${view.page} size=${ROWS.size} total=${total} onPage=${(next) => change({ page: next })} />
  `;
}

function Row({ workspace, study, row }) {
  const { star, label_name: label, predicted_name: predicted, probabilities, spread, fold } = row;
  const place = number(row.row + 1);
  const href = `#/w/${workspace.id}/datasets/${study.dataset_id}?tab=rows&row=${row.row}`;
  return html`
    <tr>
      <th scope="row" class="number">
        ${study.dataset_id === null
          ? place
          : html`<a href=${href} aria-label=${t("studies.openRow", { row: place })}>${place}</a>`}
      </th>
      <td>${star ?? "–"}</td>
      <td>${className(label)}</td>
      <td>
        ${className(predicted)}${" "}
        ${predicted !== label && html`<span class="badge warning">${t("studies.differs")}</span>`}
      </td>
      ${CLASSES.map((name) => html`<td key=${name} class="number">${fixed(probabilities[name], 3)}</td>`)}
      <td class="number">${spread === null ? "–" : `± ${fixed(spread, 3)}`}</td>
      <td class="number">${String(fold)}</td>
    </tr>
  `;
}
