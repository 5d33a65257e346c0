// The report of a dataset: what to check before training.

import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { ClassCounts } from "./class-counts.js";
import { MissingByClass } from "./missing-by-class.js";
import { ContradictoryRows, EqualRows, UnphysicalRows } from "./report-examples.js";
import { ReportWarnings } from "../reading/report-warnings.js";

// Warnings that end once the file is read in another way; the browser no longer has it.
const ABOUT_READING = new Set(["unlikely_unit", "unknown_labels", "binary_labels", "similar_name"]);

export function DatasetReport({ dataset, page }) {
  const { report } = dataset.profile;
  if (!report) return html`<p class="message">${t("datasets.report.none")}</p>`;
  const { duplicates, unphysical, contradictory_stars: stars, contradictory_transits: transits } = report;
  return html`
    <div class="stack">
      <p class="hint">${t("datasets.report.lead")}</p>
      <section class="stack">
        <h2>${t("datasets.report.warnings", { count: report.warnings.length })}</h2>
        <${ReportWarnings} report=${report} />
        ${report.warnings.some(({ code }) => ABOUT_READING.has(code)) &&
        html`<p>
          ${t("datasets.report.readAgain")}${" "}
          <a href=${`#${page.slice(0, page.lastIndexOf("/"))}`}>${t("nav.datasets")}</a>
        </p>`}
      </section>
      <div class="report-parts">
        <${Part} name="balance">
          <${ClassCounts} counts=${countsOf(report.class_balance)} />
        <//>
        <${Part} name="missing">
          <${MissingByClass} missing=${report.missing_by_class} />
        <//>
        <${Part} name="transits" isFine=${transits.pairs === 0}>
          <p>${t("datasets.report.transits.found", { count: transits.pairs })}</p>
          <${ContradictoryRows}
            name="transits"
            found=${transits.examples}
            total=${transits.pairs}
            page=${page}
          />
        <//>
        <${Part} name="stars" isFine=${stars.stars === 0}>
          <p>${t("datasets.report.stars.found", { count: stars.stars, rows: stars.rows })}</p>
          <${ContradictoryRows} name="stars" found=${stars.examples} total=${stars.stars} page=${page} />
        <//>
        <${Part} name="duplicates" isFine=${duplicates.rows === 0}>
          <p>${t("datasets.report.duplicates.found", { count: duplicates.rows })}</p>
          ${duplicates.contradictory_rows > 0 &&
          html`<p>
            ${t("datasets.report.duplicates.contradictory", { count: duplicates.contradictory_rows })}
          </p>`}
          <${EqualRows} examples=${duplicates.examples} page=${page} />
        <//>
        <${Part} name="unphysical" isFine=${unphysical.length === 0}>
          <${UnphysicalRows} checks=${unphysical} page=${page} />
        <//>
      </div>
    </div>
  `;
}

/** A card of the report; one without a finding says only that. */
function Part({ name, isFine, children }) {
  return html`
    <section class="card stack report-part" data-test=${`report-${name}`}>
      <h2>${t(`datasets.report.${name}`)}</h2>
      <p class="hint">${t(`datasets.report.${name}.why`)}</p>
      ${isFine ? html`<${Fine} />` : children}
    </section>
  `;
}

function Fine() {
  return html`<p><span class="badge completed"><span aria-hidden="true">✓</span> ${t("none")}</span></p>`;
}

function countsOf(balance) {
  return Object.fromEntries(Object.entries(balance).map(([label, { rows }]) => [label, rows]));
}
