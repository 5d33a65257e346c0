// The main metrics of an evaluation, beside those of the baselines on the same stars.

import { against, baselinesOf, HEADLINE, valueOf } from "../lib/figures.js";
import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { Explained } from "../ui/basics.js";
import { DifferenceText } from "../ui/difference.js";
import { commonScale, IntervalText, Whisker } from "./interval.js";

const COLORS = ["--data-1", "--data-2", "--data-3"];

/** @param {{evaluation: object}} properties as the API gives it; older ones lack fields */
export function HeadlineFigures({ evaluation }) {
  const baseline = evaluation.baseline ?? {};
  const known = baselinesOf(evaluation);
  return html`
    <section class="stack" aria-labelledby="headline">
      <div>
        <h2 id="headline">${t("evaluation.headline")} <${Explained} term="interval" /></h2>
        <ul class="plain verdicts" data-test="against">
          ${known.map((name) => html`<li key=${name}>${verdictAgainst(evaluation, baseline[name], name)}</li>`)}
        </ul>
        <p class="hint">${t(baselinesText(known, evaluation))}</p>
      </div>
      <div class="grid figure-cards">
        ${HEADLINE.map(
          (figure) => html`<${FigureCard} key=${figure.name} ...${{ figure, evaluation, baseline }} />`,
        )}
      </div>
    </section>
  `;
}

/** A network that sees all columns has one baseline, any other two. */
function baselinesText(known, { missing_features: hidden, of_members: members, light_curves: curves }) {
  if (members) return "evaluation.baselines.ofMembers";
  if (known.length === 0) return "evaluation.noBaseline";
  if (curves) return "evaluation.baselines.curves";
  if (hidden?.some(({ missing }) => missing.includes("relations"))) return "evaluation.baselines.related";
  return known.length === 1 ? "evaluation.baselines.same" : "evaluation.baselines";
}

/** On how many metrics the network is better or worse than a baseline, by more than chance. */
function verdictAgainst(evaluation, trees, name) {
  const found = HEADLINE.map((each) => against(each, evaluation, trees)).filter(Boolean);
  const baseline = t(`evaluation.baseline.${name}.long`);
  if (found.some((each) => each.verdict === "not_measured")) return t("evaluation.notMeasured", { baseline });
  const count = (verdict) => found.filter((each) => each.verdict === verdict).length;
  return t("evaluation.against", {
    baseline,
    better: count("better"),
    worse: count("worse"),
    open: count("cannot_tell"),
    total: found.length,
  });
}

function FigureCard({ figure, evaluation, baseline }) {
  const own = valueOf(figure, evaluation);
  const trees = baselinesOf(evaluation).map((name) => ({ name, ...valueOf(figure, baseline[name]) }));
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
        ${verdictsOf(figure, evaluation).map(
          (each) => html`<${DifferenceText} key=${each.baseline} ...${each} figure=${figure} />`,
        )}
      </ul>
    </article>
  `;
}

/** The comparisons in words. */
function verdictsOf(figure, evaluation) {
  return baselinesOf(evaluation).flatMap((name) => {
    const paired = against(figure, evaluation, evaluation.baseline[name]);
    return paired ? [{ ...paired, baseline: name }] : [];
  });
}
