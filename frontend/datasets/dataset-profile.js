// The profile of a dataset: classes, a card for each column, rows left out, columns recognised.

import { COLUMNS, columnName, unitOf } from "../lib/columns.js";
import { html } from "../lib/html.js";
import { fileSize, number, percent, significant, t } from "../lib/i18n.js";
import { Copyable } from "../ui/basics.js";
import { ClassCounts } from "./class-counts.js";
import { Histogram } from "../ui/histogram.js";
import { formText, isReadAsSaid, ReadAs } from "./read-as.js";
import { RecognisedColumns } from "./recognised-columns.js";
import { RejectedRows } from "./rejected-rows.js";

export function DatasetProfile({ dataset }) {
  const { profile } = dataset;
  return html`
    <div class="stack">
      <section class="card stack">
        <h2>${t("datasets.profile.content")}</h2>
        <${Figures} dataset=${dataset} />
        <${ClassCounts} counts=${profile.class_counts} />
      </section>
      <section class="stack">
        <h2>${t("datasets.profile.columns")}</h2>
        <div class="grid">
          ${COLUMNS.filter((name) => name in profile.columns).map(
            (name) => html`<${ColumnCard}
              key=${name}
              name=${name}
              column=${profile.columns[name]}
              rows=${profile.rows}
            />`,
          )}
        </div>
      </section>
      <div class="two">
        <section class="card stack">
          <h2>${t("datasets.rejected.title")}</h2>
          <p>${rejectedText(profile.rejected.total)}</p>
          <${RejectedRows} datasetId=${dataset.id} rejected=${profile.rejected} />
        </section>
        <section class="card stack">
          <h2>${t("datasets.columns.title")}</h2>
          <p>${formText(dataset)}</p>
          ${isReadAsSaid(dataset) && html`<${ReadAs} dataset=${dataset} />`}
          <${RecognisedColumns} dataset=${dataset} />
        </section>
      </div>
      <${Provenance} dataset=${dataset} />
    </div>
  `;
}

function rejectedText(count) {
  return count > 0 ? t("datasets.rejected.some", { count }) : t("datasets.rejected.none");
}

function Figures({ dataset: { profile, file_size: size } }) {
  const figures = [
    ["datasets.profile.accepted", number(profile.rows)],
    ["datasets.profile.leftOut", number(profile.rejected.total)],
    ["datasets.profile.stars", number(profile.stars)],
    ["datasets.profile.size", fileSize(size)],
  ];
  return html`
    <dl class="figures">
      ${figures.map(([key, value]) => html`<div key=${key}><dt>${t(key)}</dt><dd>${value}</dd></div>`)}
    </dl>
    ${profile.rows_without_star > 0 &&
    html`<p class="hint">${t("datasets.profile.withoutStar", { count: profile.rows_without_star })}</p>`}
  `;
}

function ColumnCard({ name, column, rows }) {
  const unit = unitOf(name);
  return html`
    <article class="card column-card" data-test=${`column-${name}`}>
      <h3>${columnName(name)} ${unit && html`<span class="unit">${unit}</span>`}</h3>
      ${column.histogram
        ? html`<${Values} name=${columnName(name)} unit=${unit} column=${column} />`
        : html`<p class="hint">${t("datasets.profile.noValue")}</p>`}
      <p class=${column.missing > 0 ? "missing" : "hint"}>${missingText(column.missing, rows)}</p>
    </article>
  `;
}

function Values({ name, unit, column: { min, median, max, histogram } }) {
  return html`
    <dl class="parameters">
      ${Object.entries({ min, median, max }).map(
        ([key, value]) => html`<div key=${key}>
          <dt>${t(`datasets.profile.${key}`)}</dt>
          <dd>${significant(value, 5)}</dd>
        </div>`,
      )}
    </dl>
    <${Histogram} name=${name} unit=${unit} histogram=${histogram} median=${median} />
  `;
}

function missingText(missing, rows) {
  if (!missing) return t("datasets.profile.complete");
  const share = missing / rows;
  // One row out of thousands must not round to 0%, nor all but one to 100%.
  const decimals = share === 1 ? 0 : share < 0.001 || share > 0.999 ? 3 : 1;
  return t("datasets.profile.missing", { count: missing, share: percent(share, decimals) });
}

function Provenance({ dataset }) {
  return html`
    <details class="disclosure">
      <summary>${t("datasets.profile.provenance")}</summary>
      <dl class="provenance">
        <dt>${t("datasets.profile.id")}</dt>
        <dd><code>${dataset.id}</code></dd>
        <dt>SHA-256</dt>
        <dd><${Copyable} text=${dataset.sha256} label="SHA-256" /></dd>
      </dl>
    </details>
  `;
}
