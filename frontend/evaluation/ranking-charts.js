// How well each class's probability ranks its rows above the others: ROC and precision-recall.

import { CLASSES } from "../lib/columns.js";
import { html, useMemo } from "../lib/html.js";
import { fixed, t } from "../lib/i18n.js";
import { className } from "../ui/basics.js";
import { Chart } from "../ui/chart.js";
import { diagonal } from "./diagonal.js";

const DASHES = [[], [6, 4], [2, 3]];

/** @param {{evaluation: object, name: string}} properties name of the files that are saved */
export function RankingCharts({ evaluation, name }) {
  const { roc, precision_recall: precisionRecall, roc_auc: area, average_precision: average } = evaluation;
  const rocLines = useMemo(
    () => [
      ...linesOf(roc, (points) => [points.fpr, points.tpr], area),
      diagonal(t("evaluation.chance")),
    ],
    [roc],
  );
  const precisionLines = useMemo(
    () => linesOf(precisionRecall, increasing, average),
    [precisionRecall],
  );
  const from0To1 = (label) => ({ label, range: [0, 1] });
  return html`
    <section class="stack" aria-labelledby="ranking">
      <h2 id="ranking">${t("evaluation.ranking")}</h2>
      <div class="two">
        <div class="card">
          <${Chart}
            name=${`${name}_roc`}
            title=${t("evaluation.roc")}
            summary=${t("evaluation.rocSummary", valuesOf(area))}
            lines=${rocLines}
            xAxis=${from0To1(t("evaluation.falsePositiveRate"))}
            yAxis=${from0To1(t("evaluation.truePositiveRate"))}
            isSquare
          />
        </div>
        <div class="card">
          <${Chart}
            name=${`${name}_precision_recall`}
            title=${t("evaluation.precisionRecall")}
            summary=${t("evaluation.precisionRecallSummary", valuesOf(average))}
            lines=${precisionLines}
            xAxis=${from0To1(t("evaluation.column.recall"))}
            yAxis=${from0To1(t("evaluation.column.precision"))}
            isSquare
          />
        </div>
      </div>
    </section>
  `;
}

/** The points come from recall 1 down to 0. */
function increasing({ recall, precision }) {
  return [recall.toReversed(), precision.toReversed()];
}

/** One line a class that test rows have; the class's score beside its name. */
function linesOf(byClass, read, scores) {
  return CLASSES.flatMap((label, n) => {
    if (!byClass?.[label]) return [];
    const [x, y] = read(byClass[label]);
    const score = fixed(scores?.[label], 3);
    return [{ label: `${className(label)} (${score})`, x, y, color: `--class-${n}`, dash: DASHES[n] }];
  });
}

function valuesOf(scores) {
  const [candidate, confirmed, falsePositive] = CLASSES.map((label) => fixed(scores?.[label], 3));
  return { candidate, confirmed, falsePositive, mean: fixed(scores?.macro, 3) };
}
