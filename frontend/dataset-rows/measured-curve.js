// The measured light curve of a row, from a curve set of the workspace: its views, what they say, the time series.

import { get } from "../lib/api.js";
import { listSets, SETS } from "../lib/curve-sets.js";
import { useData } from "../lib/data.js";
import { html, useMemo, useState } from "../lib/html.js";
import { significant, t } from "../lib/i18n.js";
import { useLatest } from "../lib/latest.js";
import { createStore, useStore } from "../lib/store.js";
import { Failure, Field } from "../ui/basics.js";
import { Chart } from "../ui/chart.js";
import { MeasuredNumbers } from "./measured-numbers.js";
import { VIEWS, WITH_POINTS } from "./measured-views.js";
import { UsualMissing } from "./usual.js";

/** The set that was chosen in each workspace: it stays from row to row. */
const choices = createStore({});

/**
 * @param {object} properties
 * @param {{id: number, key: string, mayEdit: boolean}} properties.workspace
 * @param {{id: number}} properties.dataset
 * @param {{row: number, line: number}} properties.row
 * @param {object | null} properties.synthetic the curve that the network sees, as `/curve` gives it
 */
export function MeasuredCurve({ workspace, dataset, row, synthetic }) {
  const listed = useData(() => listSets(workspace.key), [workspace.key]);
  const wanted = useStore(choices, (all) => all[workspace.id] ?? null);
  const sets = listed.data?.filter((each) => each.number > 0) ?? [];
  if (sets.length === 0) return null;
  const chosen = sets.find((each) => each.id === wanted);
  const choose = ({ target }) => choices.set({ [workspace.id]: Number(target.value) || null });
  return html`
    <section class="stack tight" aria-labelledby="measured-title" data-test="measured">
      <h3 id="measured-title">${t("curves.row.title")}</h3>
      <${Field} id="measured-set" label=${t("curves.row.set")}>
        ${(common) => html`<select ...${common} value=${chosen?.id ?? ""} onChange=${choose}>
          <option value="">${t("curves.row.noSet")}</option>
          ${sets.map((each) => html`<option key=${each.id} value=${each.id}>${each.name}</option>`)}
        </select>`}
      <//>
      ${chosen && html`<${OfSet} curveSet=${chosen} ...${{ workspace, dataset, row, synthetic }} />`}
    </section>
  `;
}

function OfSet({ workspace, curveSet, dataset, row, synthetic }) {
  const load = (key) => {
    const [setId, index] = JSON.parse(key);
    return get(`${SETS}/${setId}/curve`, { dataset_id: dataset.id, row: index });
  };
  const found = useLatest(load, JSON.stringify([curveSet.id, row.row, curveSet.number]));
  const { data, error, isLoading, reload } = found;
  if (error) return html`<${Failure} error=${error} onRetry=${reload} />`;
  if (!data) return html`<p class="loading" role="status">${t("loading")}</p>`;
  const missing =
    data.usual === null &&
    html`<${UsualMissing}
      key=${`${curveSet.id} ${curveSet.number} ${dataset.id}`}
      status=${data.views_status}
      mayEdit=${workspace.mayEdit}
      onReady=${reload}
      ...${{ curveSet, dataset }}
    />`;
  return html`
    <div
      class=${isLoading ? "stale" : ""}
      aria-busy=${isLoading}
      data-test="measured-curve"
      data-line=${data.line}
    >
      ${data.why_not && html`<p class="message" lang="en">${data.why_not}</p>`}
      ${data.series &&
      html`<${Curve} ...${{ data, synthetic, missing }} name=${`set-${curveSet.id}-line-${data.line}`} />`}
    </div>
  `;
}

function Curve({ data, synthetic, missing, name }) {
  const { prepared, series } = data;
  const [wanted, setWanted] = useState("transit");
  const [hasPoints, setPoints] = useState(true);
  const shown = prepared ? wanted : "series";
  // The synthetic curve comes by itself, and may be that of the last row.
  const model = synthetic?.line === data.line ? synthetic : null;
  const view = useMemo(() => VIEWS[shown](data, model, hasPoints), [data, model, shown, hasPoints]);
  const summary = summaryOf(shown, data);
  return html`
    <div class="curve stack tight">
      ${prepared &&
      html`<div class="segmented" role="group" aria-label=${t("curve.view")}>
        ${Object.keys(VIEWS).map(
          (each) => html`<button
            type="button"
            key=${each}
            aria-pressed=${each === shown}
            onClick=${() => setWanted(each)}
          >
            ${t(`curves.row.view.${each}`)}
          </button>`,
        )}
      </div>`}
      ${WITH_POINTS.includes(shown) && html`<${PointsChoice} isChosen=${hasPoints} onChoose=${setPoints} />`}
      <${Chart}
        key=${`${shown} ${hasPoints}`}
        name=${`${name}-${shown}`}
        title=${t(`curves.row.view.${shown}`)}
        summary=${summary}
        ...${view}
        height=${260}
      />
      ${prepared?.flags.length > 0 &&
      html`<ul class="flags">
        ${prepared.flags.map((flag) => html`<li key=${flag}>${t(`curves.flag.${flag}`)}</li>`)}
      </ul>`}
      ${prepared &&
      html`<${MeasuredNumbers} numbers=${prepared.numbers} usual=${data.usual} whose="dataset">${missing}<//>`}
      <p class="hint">
        ${t("curves.row.series", {
          count: series.points,
          segments: series.segments.map((each) => each.name || each.mission).filter(Boolean).join(", "),
        })}
      </p>
    </div>
  `;
}

/** Points scatter more than their bins: without them a shallow transit fills the plot. */
function PointsChoice({ isChosen, onChoose }) {
  return html`
    <div class="stack tight">
      <label class="check">
        <input
          type="checkbox"
          data-test="single-points"
          checked=${isChosen}
          aria-describedby="single-points-help"
          onChange=${({ target }) => onChoose(target.checked)}
        />
        ${t("curves.row.points")}
      </label>
      <p class="hint" id="single-points-help">${t("curves.row.points.help")}</p>
    </div>
  `;
}

function summaryOf(shown, { prepared, series }) {
  if (!prepared) return t("curves.points", { count: series.points });
  const value = (name) => prepared.numbers.find((each) => each.name === name)?.value ?? null;
  const ppm = (name) => significant(value(name), 3);
  const sigma = (name) => significant(value(name), 2);
  const texts = {
    transit: ["depth", "depth_error"],
    orbit: ["dip_depth", "dip_significance", "dip_phase"],
    oddEven: ["odd_even_significance"],
    secondary: ["secondary_depth", "secondary_significance"],
  };
  const values = Object.fromEntries(
    (texts[shown] ?? []).map((name) => [name, name.endsWith("significance") ? sigma(name) : ppm(name)]),
  );
  if (shown === "oddEven" && value("odd_even_significance") === null) return t("curves.row.summary.notOddEven");
  const count = shown === "transit" ? (value("transits_seen") ?? 0) : prepared.points;
  return t(`curves.row.summary.${shown}`, { ...values, count, inside: prepared.points_in_transit });
}
