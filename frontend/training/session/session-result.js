// The result of a session: the validation metrics of its best epoch, and links onwards.

import { html } from "../../lib/html.js";
import { fixed, percent, significant, t } from "../../lib/i18n.js";
import { RUNNING } from "../../lib/watch.js";
import { hasResult } from "./session-follow.js";
import { sessionHref } from "./session-head.js";
import { Elapsed } from "./session-progress.js";
import { VerdictNote } from "../../ui/verdict-notes.js";

/**
 * @param {object} properties
 * @param {object} properties.workspace
 * @param {object} properties.session
 * @param {object | null} properties.best metrics of its best epoch so far, with `epoch`
 */
export function SessionResult({ workspace, session, best }) {
  const isRunning = RUNNING.includes(session.status);
  if (session.spec.joined_study) return html`<${JoinedResult} workspace=${workspace} session=${session} />`;
  if (!best && !isRunning) return null;
  const key = `training.${kindOf(session)}`;
  return html`
    <section class="card stack" data-test="result">
      <div>
        <h2>${t(key)}</h2>
        <p class="hint">${best ? t(`${key}.help`, { epoch: best.epoch }) : t("training.resultSoFar.none")}</p>
      </div>
      <${VerdictNote} of=${session} />
      <dl class="figures session-result">
        <${Figure} name="val_accuracy" value=${percent(best?.val_accuracy)} />
        <${Figure} name="val_label_loss" value=${fixed(best?.val_label_loss, 3)} />
        <${Figure}
          name="best_epoch"
          value=${best ? t("training.epochShort", { epoch: best.epoch, all: session.epochs_completed }) : "–"}
        />
        <${Figure} name="took" value=${html`<${Elapsed} session=${session} />`} />
        <${Figure} name="val_period_mae" value=${significant(best?.val_period_mae, 3)} unit="days" />
        <${Figure} name="val_depth_mae" value=${significant(best?.val_depth_mae, 3)} unit="ppm" />
      </dl>
      ${hasResult(session) && html`<${WayOn} workspace=${workspace} session=${session} />`}
    </section>
  `;
}

/** Of a session that has joined the models of a study to one: nothing was trained. */
function JoinedResult({ workspace, session }) {
  const { joined_study: study, members } = session.spec;
  const counted = { count: members.length, id: String(study) };
  return html`<section class="card stack" data-test="result">
    <div>
      <h2>${t("joined.result")}</h2>
      <p class="hint">${t("joined.result.help", counted)}</p>
    </div>
    <${VerdictNote} of=${session} />
    ${hasResult(session) && html`<${WayOn} workspace=${workspace} session=${session} />`}
  </section>`;
}

function kindOf(session) {
  if (hasResult(session)) return "result";
  if (RUNNING.includes(session.status)) return "resultSoFar";
  return session.keepable_until ? "resultKeepable" : "resultLost";
}

function Figure({ name, value, unit }) {
  return html`<div>
    <dt>${t(`training.figure.${name}`)}</dt>
    <dd>${value} ${unit && value !== "–" && html`<span class="unit">${t(`unit.${unit}`)}</span>`}</dd>
  </div>`;
}

function WayOn({ workspace, session }) {
  const { id, epochs, epochs_completed, model_id, spec, training } = session;
  const isTested = spec.test_split > 0;
  return html`
    ${session.status === "completed" &&
    epochs_completed < epochs &&
    !spec.joined_study &&
    html`<p class="hint">${t("training.endedEarly", { done: epochs_completed, all: epochs })}</p>`}
    ${!isTested && html`<p class="hint">${t("training.notTested")}</p>`}
    <div class="actions">
      ${isTested &&
      html`<a class="button primary" href=${sessionHref(workspace, id, "evaluation")}>
        ${training?.test ? t("training.evaluate", { rows: training.test }) : t("training.tab.evaluation")}
      </a>`}
      ${model_id
        ? html`<a class="button" href=${`#/w/${workspace.id}/models/${model_id}`}>${t("training.model")}</a>`
        : html`<span class="hint">${t("training.modelDeleted")}</span>`}
      <a class="button" href=${`#/w/${workspace.id}/compare?ids=${id}`}>${t("training.compare")}</a>
    </div>
  `;
}
