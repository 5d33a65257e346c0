// Which rows of a dataset have light curves in a set.

import { get, withQuery } from "../lib/api.js";
import { SETS } from "../lib/curve-sets.js";
import { useData } from "../lib/data.js";
import { html } from "../lib/html.js";
import { number, t } from "../lib/i18n.js";
import { goTo } from "../lib/router.js";
import { Field, Loaded } from "../ui/basics.js";
import { ViewsState } from "./views-state.js";

/** @param {{workspace: object, curveSet: object, query: {dataset?: string}}} properties a set that has a version */
export function SetMatch({ workspace, curveSet, query }) {
  const listed = useData(
    () => get("/api/training/datasets", { workspace_key: workspace.key }).then(({ datasets }) => datasets),
    [workspace.key],
  );
  const page = `/w/${workspace.id}/light-curves/${curveSet.id}`;
  const choose = ({ target }) => goTo(target.value ? `${page}?dataset=${target.value}` : page, { replace: true });
  return html`
    <section class="card stack" aria-labelledby="curves-match" data-test="curve-match">
      <h2 id="curves-match">${t("curves.match.title")}</h2>
      <${Loaded} of=${listed}>
        ${(datasets) => {
          if (datasets.length === 0) return html`<p class="hint">${t("curves.match.noDatasets")}</p>`;
          const chosen = datasets.find((each) => String(each.id) === query.dataset);
          return html`
            <${Field} id="match-dataset" label=${t("curves.match.dataset")} help=${t("curves.match.help")}>
              ${(common) => html`<select ...${common} value=${chosen?.id ?? ""} onChange=${choose}>
                <option value="">${t("curves.match.choose")}</option>
                ${datasets.map((each) => html`<option key=${each.id} value=${each.id}>${each.name}</option>`)}
              </select>`}
            <//>
            ${chosen && html`<${Found} curveSet=${curveSet} dataset=${chosen} />`}
            ${chosen &&
            workspace.mayEdit &&
            html`<div class="actions"><a class="button" href=${trainHref(workspace, curveSet, chosen)}>
              ${t("curves.train")}
            </a></div>`}
          `;
        }}
      <//>
    </section>
  `;
}

/** The form of a session that learns from a set. */
function trainHref(workspace, curveSet, dataset) {
  return `#${withQuery(`/w/${workspace.id}/train`, { dataset: dataset.id, curve_set: curveSet.id })}`;
}

function Found({ curveSet, dataset }) {
  const asked = [curveSet.id, curveSet.number, dataset.id];
  const load = () =>
    get(`${SETS}/${curveSet.id}`, { dataset_id: dataset.id }).then((answer) => answer.curve_set.match);
  const found = useData(load, asked);
  return html`<${Loaded} of=${found}>${(match) => html`<${Matched} ...${{ match, curveSet, dataset }} />`}<//>`;
}

function Matched({ match, curveSet, dataset }) {
  const { stars, matched_stars: matched, unmatched_stars: named, rows_without_epoch: withoutEpoch } = match;
  const figures = {
    rows: t("curves.match.of", { count: match.matched_rows, all: match.rows }),
    stars: t("curves.match.of", { count: matched, all: stars }),
    unused: number(match.unused_stars),
  };
  const missing = stars - matched;
  const others = match.other_mission_stars;
  return html`
    <div class="stack" data-test="curve-matched" role="status">
      <dl class="figures">
        ${Object.entries(figures).map(
          ([name, text]) => html`<div key=${name} data-test=${`match-${name}`}>
            <dt>${t(`curves.match.${name}`)}</dt>
            <dd>${text}</dd>
          </div>`,
        )}
      </dl>
      ${match.matched_rows === 0 && html`<p class="message warning">${t("curves.match.none")}</p>`}
      ${others > 0 && html`<p class="message warning">${t("curves.match.otherMission", { count: others })}</p>`}
      ${withoutEpoch > 0 &&
      html`<p class="message warning">${t("curves.match.withoutEpoch", { count: withoutEpoch })}</p>`}
    </div>
    ${match.matched_rows > withoutEpoch &&
    html`<${ViewsState}
      key=${`${curveSet.number} ${dataset.id}`}
      views=${match.views ?? null}
      ...${{ curveSet, dataset }}
    />`}
    ${named.length > 0 &&
    html`<details class="disclosure">
      <summary>${t("curves.match.unmatched", { count: missing })}</summary>
      ${missing > named.length && html`<p class="hint">${t("curves.match.first", { count: named.length })}</p>`}
      <ul class="chips">${named.map((star) => html`<li key=${star}><code>${star}</code></li>`)}</ul>
    </details>`}
  `;
}
