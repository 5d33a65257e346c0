// How to load a model with Keras, without exotrain.

import { html, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { fileName } from "./models-state.js";
import { notifyError } from "../lib/notices.js";

const VARIABLES = {
  curve_input: "curve",
  feat_input: "features",
  catalogue_input: "catalogue",
  relation_input: "relations",
};

const DERIVED = "# all but the first three: the diagnostics of POST /api/predict";

/** @param {{model: object}} properties with its manifest */
export function KerasCode({ model }) {
  const [isCopied, setCopied] = useState(false);
  const code = codeOf(fileName(model), model.manifest.inputs ?? []);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(code);
      setCopied(true);
      setTimeout(() => setCopied(false), 2_000);
    } catch (error) {
      notifyError(error);
    }
  };
  return html`
    <section class="card stack">
      <div class="row between">
        <h2 id="keras">${t("models.keras")}</h2>
        <button type="button" class="quiet" onClick=${copy}>${t(isCopied ? "copied" : "copy")}</button>
        <span class="visually-hidden" role="status">${isCopied ? t("copied") : ""}</span>
      </div>
      <p class="hint">${t("models.kerasHint")}</p>
      <pre class="code" tabindex="0" role="region" aria-labelledby="keras"><code>${code}</code></pre>
    </section>
  `;
}

/** The program: a line an input, its columns named, NaN where a value is not known. */
function codeOf(file, inputs) {
  const given = inputs.map(({ name }) => VARIABLES[name] ?? name);
  return [
    "import json",
    "",
    "import keras",
    "import numpy as np",
    "",
    `model = keras.saving.load_model("${file}")`,
    ...inputs.flatMap(lineOf),
    `label, period_days, depth_ppm = model.predict([${given.join(", ")}])`,
    'print(dict(zip(["CANDIDATE", "CONFIRMED", "FALSE POSITIVE"], label[0])))',
    "",
  ].join("\n");
}

function lineOf({ name, shape, columns }) {
  const variable = VARIABLES[name] ?? name;
  const dimensions = [1, ...shape].join(", ");
  if (columns) {
    const from = name === "catalogue_input" ? [DERIVED] : [];
    return [`# ${columns.join(", ")}`, ...from, `${variable} = np.full((${dimensions}), np.nan)`];
  }
  const flux = 'json.load(open("curve.json"))["flux"]';
  const said = "# curve.json: the response of POST /api/curve";
  return [said, `${variable} = np.reshape(${flux}, (${dimensions}))`];
}
