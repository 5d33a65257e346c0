// The figures of the compared sessions side by side: validation, test with intervals, baselines.

import { BASELINES, HEADLINE, valueOf } from "../lib/figures.js";
import { html } from "../lib/html.js";
import { duration, fixed, number, percent, significant, t } from "../lib/i18n.js";
import { bestOf } from "../training/session/session-follow.js";
import { ComparedTable } from "./compared-table.js";
import { IntervalText } from "../evaluation/interval.js";
import { groupByTestRows } from "./same-stars.js";
import { elapsedSeconds } from "../training/session/session-progress.js";

const errorIn = (unit) => (value) => (value == null ? "–" : `${significant(value, 3)} ${t(`unit.${unit}`)}`);

/** Of the best epoch, on the validation stars. */
const VALIDATION = [
  { name: "val_accuracy", better: 1, write: percent },
  { name: "val_label_loss", better: -1, write: (value) => fixed(value, 3) },
  { name: "val_period_mae", better: -1, write: errorIn("days") },
  { name: "val_depth_mae", better: -1, write: errorIn("ppm") },
].map((figure) => ({
  ...figure,
  of: (epoch) => epoch[figure.name],
  title: () => t(`training.figure.${figure.name}`),
}));

/** On the test stars: those of the evaluation's head, and the errors of period and depth. */
const TEST = [
  ...HEADLINE.map((figure) => ({ ...figure, title: () => t(`evaluation.figure.${figure.name}`) })),
  ...[["period", "days"], ["depth", "ppm"]].map(([quantity, unit]) => ({
    name: `${quantity}_mae`,
    better: -1,
    write: errorIn(unit),
    of: (figures) => figures[quantity]?.mae,
    title: () => t(`training.figure.${quantity}_mae`),
  })),
];

/** @param {{workspace: object, compared: object[]}} properties sessions that were found */
export function ComparedFigures({ workspace, compared }) {
  const { areSame } = groupByTestRows(compared);
  const isTested = compared.some((each) => each.evaluation);
  const rows = [
    ...(isTested ? testRows(compared, areSame) : []),
    ...validationRows(compared),
    ...(isTested ? baselineRows(compared) : []),
    ...costRows(compared),
  ];
  return html`
    <section class="card stack" data-test="figures">
      <div>
        <h2>${t("training.compare.figures")}</h2>
        ${isTested && html`<p class="hint">${t("training.compare.intervals")}</p>`}
      </div>
      <${ComparedTable} title=${t("training.compare.figures")} ...${{ workspace, compared, rows }} />
    </section>
  `;
}

function validationRows(compared) {
  const areSame = haveSameValidation(compared);
  const epochs = compared.map(({ session }) => bestEpochOf(session));
  const place = (best, { epochs_completed: all }) =>
    best ? t("training.epochShort", { epoch: best.epoch, all }) : "–";
  return [
    {
      name: "validation",
      title: t("training.compare.validation"),
      hint: t(areSame ? "training.compare.validationSame" : "training.compare.validationOther"),
      isHead: true,
    },
    ...VALIDATION.map((figure) => rowOf(figure, epochs, areSame)),
    {
      name: "best_epoch",
      title: t("training.figure.best_epoch"),
      cells: epochs.map((best, n) => ({ text: place(best, compared[n].session) })),
    },
  ];
}

function testRows(compared, areSame) {
  const evaluations = compared.map((each) => each.evaluation);
  return [
    {
      name: "test",
      title: t("training.compare.test"),
      hint: areSame ? null : t("training.compare.testOther"),
      isHead: true,
    },
    ...TEST.map((figure) => rowOf(figure, evaluations, areSame)),
    {
      name: "n_test",
      title: t("training.compare.testRows"),
      cells: evaluations.map((each) => ({ text: number(each?.n_test) })),
    },
  ];
}

/** The boosted trees on the same test stars as each session: what its figures stand beside. */
function baselineRows(compared) {
  return BASELINES.flatMap((kind) => {
    const figures = compared.map((each) => each.evaluation?.baseline?.[kind] ?? null);
    if (figures.every((each) => each === null)) return [];
    const rows = TEST.slice(0, 3).map((figure) => rowOf(figure, figures, false));
    return [
      { name: kind, title: t(`training.compare.baseline.${kind}`), isHead: true },
      ...rows.map((row) => ({ ...row, name: `${kind}.${row.name}` })),
    ];
  });
}

function costRows(compared) {
  const row = (name, text) => ({
    name,
    title: t(`training.course.${name}`),
    cells: compared.map(({ session }) => ({ text: text(session) })),
  });
  return [
    { name: "cost", title: t("training.compare.cost"), isHead: true },
    row("parameters", ({ training }) => number(training?.parameters)),
    row("train", ({ training }) => number(training?.train)),
    row("took", (session) => duration(elapsedSeconds(session))),
  ];
}

/** One figure of each session; the best is marked where they were measured on the same stars. */
function rowOf(figure, sources, areComparable) {
  const values = sources.map((each) => (each ? valueOf(figure, each) : { value: null, interval: null }));
  const known = values.map(({ value }) => value).filter((value) => value !== null);
  const isMarked = areComparable && known.length > 1;
  const best = isMarked ? Math.max(...known.map((value) => value * figure.better)) : null;
  return {
    name: figure.name,
    title: figure.title(),
    cells: values.map(({ value, interval }) => ({
      text: figure.write(value),
      note: interval && html`<${IntervalText} interval=${interval} write=${figure.write} />`,
      isBest: isMarked && value !== null && value * figure.better === best,
    })),
  };
}

/** The same rows are split in the same way by the same seed. */
function haveSameValidation(compared) {
  const splits = compared.map(({ session: { spec } }) =>
    [spec.dataset_sha256, spec.seed, spec.validation_split, spec.test_split].join(),
  );
  return new Set(splits).size === 1;
}

function bestEpochOf(session) {
  const best = session.history.find((each) => each.epoch === session.best_epoch);
  return best ?? bestOf(session.history);
}
