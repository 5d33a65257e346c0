// The settings of the compared sessions: those that differ, or all.

import { curvesOfSpec, shortHash } from "../lib/curves-learnt.js";
import { html, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { SETTINGS } from "../training/form/training-settings.js";
import { ComparedTable } from "./compared-table.js";
import { settingText } from "../training/session/session-settings.js";
import { settingName } from "../training/form/setting-field.js";

const NAMES = ["dataset", "lightCurves", "network", ...Object.keys(SETTINGS), "weights"];

/** Of sessions of releases that did not know a setting. */
const BEFORE = { use_kinds: false };

/** What is no setting of its own name: by what it differs, and how it is shown. */
const READ = {
  dataset: { of: ({ dataset_sha256: sha256 }) => sha256, text: ({ dataset_name: name }) => name },
  lightCurves: { of: (spec) => curvesOfSpec(spec)?.sha256 ?? null, text: curvesText },
  // Whether the table had them: nobody asks for it, so it is not in the form.
  weights: { of: learnsWithWeights, text: (spec) => settingText("use_weights", learnsWithWeights(spec)) },
};

/** @param {{workspace: object, compared: object[]}} properties */
export function ComparedSettings({ workspace, compared }) {
  const [areAll, setAll] = useState(false);
  const rows = settingRows(compared).filter((row) => areAll || row.differs);
  const shown = areAll ? rows : rows.map((row) => ({ ...row, differs: false })); // else they all stand out
  const title = t(areAll ? "training.settings" : "training.compare.settings");
  return html`
    <section class="card stack" data-test="settings">
      <div class="row between">
        <h2>${title}</h2>
        <label class="row">
          <input type="checkbox" checked=${areAll} onChange=${(event) => setAll(event.target.checked)} />
          ${t("training.compare.allSettings")}
        </label>
      </div>
      ${rows.length === 0
        ? html`<p>${t("training.compare.noDifference")}</p>`
        : html`<${ComparedTable} ...${{ title, workspace, compared, rows: shown }} />`}
    </section>
  `;
}

/**
 * All settings of some sessions, as the rows of a table.
 *
 * @param {{session: {spec: object}}[]} compared
 */
export function settingRows(compared) {
  const specs = compared.map(({ session }) => session.spec);
  return NAMES.map((name) => rowOf(name, specs));
}

function rowOf(name, specs) {
  const valueIn = (spec) => spec[name] ?? BEFORE[name];
  const { of, text } = READ[name] ?? { of: valueIn, text: (spec) => settingText(name, valueIn(spec)) };
  const different = new Set(specs.map(of));
  return {
    name,
    title: settingName(name),
    differs: different.size > 1,
    cells: specs.map((spec) => ({ text: text(spec) })),
  };
}

/** Sessions of releases that knew no weights had none. */
function learnsWithWeights({ use_weights }) {
  return Boolean(use_weights);
}

function curvesText(spec) {
  const { id, sha256 } = curvesOfSpec(spec) ?? {};
  if (!id) return "–";
  return [t("curves.set", { id: String(id) }), sha256 && shortHash(sha256)].filter(Boolean).join(", ");
}
