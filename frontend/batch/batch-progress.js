// The progress of predicting a catalogue: sent, predicted, read.

import { abort } from "./batch-job.js";
import { html, useEffect, useState } from "../lib/html.js";
import { duration, fileSize, percent, t } from "../lib/i18n.js";
import { Progress } from "../ui/basics.js";
import { Waiting } from "../ui/waiting.js";

export function BatchProgress({ job }) {
  const { stage, file, share, wait } = job;
  return html`
    <section class="card stack" aria-labelledby="progress-title" data-test="batch-progress">
      <h2 id="progress-title">${file.name}</h2>
      ${wait
        ? html`<${Waiting} wait=${wait} />`
        : html`<p role="status">${stageText(job)}</p>
            <${Progress} share=${stage === "predicting" ? null : share} label=${stageText(job)} />
            <p class="hint">
              <${Elapsed} since=${job.startedAt} />${stage === "sending" && ` · ${percent(share, 0)}`}
            </p>`}
      <div class="actions"><button type="button" onClick=${abort}>${t("predict.batch.abort")}</button></div>
    </section>
  `;
}

function stageText({ stage, file, rows }) {
  if (stage === "sending") return t("predict.batch.sending", { size: fileSize(file.size) });
  if (stage === "reading") return t("predict.batch.reading");
  return rows === null ? t("predict.batch.predictingFile") : t("predict.batch.predicting", { count: rows });
}

function Elapsed({ since }) {
  const [, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return t("predict.batch.elapsed", { time: duration((Date.now() - since) / 1000) });
}
