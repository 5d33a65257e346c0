// Two studies of the same table on the rows that both have tested; the address holds both ids.

import { get } from "../lib/api.js";
import { useData, usePolling } from "../lib/data.js";
import { html } from "../lib/html.js";
import { number, t } from "../lib/i18n.js";
import { goTo } from "../lib/router.js";
import { useTitle } from "../lib/title.js";
import { Failure, Loaded, PageHead } from "../ui/basics.js";
import { OtherStudy } from "../studies/other-study.js";
import { comparisonHref, pathOf, studyHref, useStudy } from "../studies/studies-state.js";
import { NotFound } from "../ui/not-found.js";
import { DifferencePlot } from "./difference-plot.js";
import { DifferenceTable } from "./difference-table.js";
import { Scorings } from "./scorings.js";

export function StudyComparison({ workspace, id, query }) {
  useTitle(t("studies.compare.title"));
  const { study, error, ask } = useStudy(id);
  const other = /^\d+$/.test(query.other ?? "") ? Number(query.other) : null;
  if (study && study.workspace_id !== workspace.id) return html`<${NotFound} />`;
  const back = { href: `#${studyHref(workspace, id)}`, text: study?.name ?? t("studies.study", { id: String(id) }) };
  const choose = (chosen) => goTo(comparisonHref(workspace, id, chosen), { replace: true });
  return html`
    <${PageHead} title=${t("studies.compare.title")} back=${back}><p>${t("studies.compare.lead")}</p><//>
    <div class="stack">
      ${error && !study && html`<${Failure} error=${error} onRetry=${error.status === 404 ? null : ask} />`}
      ${study &&
      html`<section class="card stack">
        <${OtherStudy} workspace=${workspace} study=${study} chosen=${other} onChoose=${choose} />
      </section>`}
      ${study && other !== null && html`<${Answer} key=${other} study=${study} other=${other} />`}
    </div>
  `;
}

function Answer({ study, other }) {
  const load = () => get(pathOf(study.id, "comparison"), { other });
  const tested = study.sessions.filter(({ model_id }) => model_id !== null).length;
  const found = useData(load, [study.id, other, tested]);
  const again = async () => found.setData(await load());
  usePolling(again, found.data?.state === "pending", [study.id, other]);
  return html`
    <${Loaded} of=${found}>
      ${({ comparison }) =>
        comparison === null
          ? html`<p class="loading" role="status">${t("studies.compare.pending")}</p>`
          : html`<${Result} comparison=${comparison} />`}
    <//>
  `;
}

function Result({ comparison }) {
  const { one, other, rows, groups, only, seeds, verdict, correct } = comparison;
  const names = { one: String(one), other: String(other) };
  const counts = Object.fromEntries(Object.entries(correct).map(([name, count]) => [name, number(count)]));
  return html`
    <section class="card stack" data-test="study-comparison">
      <h2>${t(`studies.compare.verdict.${verdict}`, names)}</h2>
      <p>
        ${t("studies.compare.rows", { rows: number(rows), groups: number(groups) })}${" "}
        ${only.some((count) => count > 0) &&
        t("studies.compare.only", { ...names, first: number(only[0]), second: number(only[1]) })}
      </p>
      ${!comparison.is_complete && html`<p class="message">${t("studies.compare.incomplete")}</p>`}
      <${Scorings} comparison=${comparison} />
      <${DifferencePlot} comparison=${comparison} />
      <${DifferenceTable} comparison=${comparison} />
      <p>${t("studies.compare.correct", { ...names, ...counts })}</p>
      <p class="hint">${t("studies.compare.seeds", { ...names, first: number(seeds[0]), second: number(seeds[1]) })}</p>
      <p class="hint">${t("studies.compare.interval")}</p>
    </section>
  `;
}
