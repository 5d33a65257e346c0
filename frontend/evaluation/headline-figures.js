// The main metrics of an evaluation, beside those of the baselines on the same stars.

import { BASELINES, compare, HEADLINE, valueOf } from "../lib/figures.js";
import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { Explained } from "../ui/basics.js";
import { commonScale, IntervalText, Whisker } from "./interval.js";

const COLORS = ["--data-1", "--data-2", "--data-3"];

const SIGNS = { better: "▲", worse: "▼", equal: "=" };

/** @param {{evaluation: object}} properties as the API gives it; older ones lack fields */
export function HeadlineFigures({ evaluation }) {
  const baseline = evaluation.baseline ?? {};
  const known = BASELINES.filter((name) => baseline[name]);
  return html`
    <section class="stack" aria-labelledby="headline">
      <div>
        <h2 id="headline">${t("evaluation.headline")} <${Explained} term="interval" /></h2>
        <ul class="plain verdicts" data-test="against">
          ${known.map((name) => html`<li key=${name}>${verdictAgainst(evaluation, baseline[name], name)}</li>`)}
        </ul>
        <p class="hint">${t(known.length ? "evaluation.baselines" : "evaluation.noBaseline")}</p>
      </div>
      <div class="grid figure-cards">
        ${HEADLINE.map(
          (figure) => html`<${FigureCard} key=${figure.name} ...${{ figure, evaluation, baseline }} />`,
        )}
      </div>
    </section>
  `;
}

/** On how many metrics the network beats a baseline, and on how many clearly. */
function verdictAgainst(evaluation, trees, name) {
  const found = HEADLINE.map((each) => compare(each, valueOf(each, evaluation), valueOf(each, trees)));
  const count = (condition) => found.filter((each) => each && condition(each)).length;
  return t("evaluation.against", {
    baseline: t(`evaluation.baseline.${name}.long`),
    better: count((each) => each.side === "better"),
    worse: count((each) => each.side === "worse"),
    total: count(() => true),
    betterApart: count((each) => each.side === "better" && each.chance === "apart"),
    worseApart: count((each) => each.side === "worse" && each.chance === "apart"),
  });
}

function FigureCard({ figure, evaluation, baseline }) {
  const own = valueOf(figure, evaluation);
  const trees = BASELINES.map((name) => ({ name, ...valueOf(figure, baseline[name] ?? {}) }));
  const rows = [{ name: "network", ...own }, ...trees];
  const scale = commonScale(rows);
  const title = t(`evaluation.figure.${figure.name}`);
  const whyNot = figure.name in evaluation ? `evaluation.unknown.${figure.name}` : "evaluation.older";
  return html`
    <article class="card figure-card" data-test=${`figure-${figure.name}`}>
      <h3>${title}</h3>
      <${Explained} term=${figure.name}>
        <span class="hint">
          ${t(`evaluation.figure.${figure.name}.short`)}${" "}
          (${t(figure.better > 0 ? "evaluation.higher" : "evaluation.lower")})
        </span>
      <//>
      <table>
        <caption class="visually-hidden">${t("evaluation.figureTable", { figure: title })}</caption>
        <thead class="visually-hidden">
          <tr>
            <th scope="col">${t("evaluation.of")}</th>
            <th scope="col">${title}</th>
            <th scope="col">${t("evaluation.interval95")}</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (each, n) => html`<tr key=${each.name} class=${each.name}>
              <th scope="row">${t(`evaluation.baseline.${each.name}`)}</th>
              <td class="number">${figure.write(each.value)}</td>
              <td>
                <${Whisker} ...${each} scale=${scale} color=${COLORS[n]} />
                <${IntervalText} interval=${each.interval} write=${figure.write} />
              </td>
            </tr>`,
          )}
        </tbody>
      </table>
      ${own.value === null && html`<p class="hint">${t(whyNot)}</p>`}
      <ul class="plain verdicts">
        ${verdictsOf(figure, own, trees).map((each) => html`<${Verdict} key=${each.baseline} ...${each} />`)}
      </ul>
    </article>
  `;
}

/** The comparisons in words; one sentence if both are the same. */
function verdictsOf(figure, own, trees) {
  const found = trees.flatMap((each) => {
    const comparison = compare(figure, own, each);
    return comparison ? [{ ...comparison, baseline: each.name }] : [];
  });
  const [one, other] = found;
  const areAlike = found.length === 2 && one.side === other.side && one.chance === other.chance;
  return areAlike ? [{ ...one, baseline: "both" }] : found;
}

function Verdict({ side, chance, baseline }) {
  const key = side === "equal" ? "equal" : `${side}.${chance}`;
  return html`<li class=${side}>
    <span aria-hidden="true">${SIGNS[side]}</span>${" "}
    ${t(`evaluation.verdict.${key}`, { baseline: t(`evaluation.baseline.${baseline}.long`) })}
  </li>`;
}
