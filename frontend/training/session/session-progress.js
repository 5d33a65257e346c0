// The progress of a session in words and as a bar, of constant height while the numbers change.

import { html } from "../../lib/html.js";
import { duration, t } from "../../lib/i18n.js";
import { Progress } from "../../ui/basics.js";

/** What a session is doing now, in words. */
export function stageText({ status, stage, request }) {
  if (status === "pending") return t("training.stage.pending");
  if (request) return t(`training.request.${request}`);
  return t(`training.stage.${stage ?? "preparing"}`);
}

/** The bar of a waiting or running session, with its epoch and the time that remains. */
export function SessionProgress({ session }) {
  const { status, stage, epochs, epochs_completed, progress } = session;
  const isLearning = status === "training" && stage === "learning";
  return html`
    <div class="session-progress" data-test="progress">
      <div class="row between">
        <span>${stageText(session)}</span>
        ${status === "training" &&
        html`<span>${t("training.epochOf", { done: epochs_completed, all: epochs })}</span>`}
      </div>
      ${status === "training" &&
      html`<${Progress}
        share=${isLearning ? progress : null}
        label=${t("training.progressOf", { name: session.model_name })}
      />`}
      ${status === "training" && html`<p class="hint">${remainingText(session)}</p>`}
    </div>
  `;
}

function remainingText({ stage, eta_seconds, request }) {
  if (request) return "\u00a0"; // the line stays, so that nothing below it moves
  if (stage === "evaluating") return t("training.eta.last");
  if (eta_seconds === null) return t("training.eta.unknown");
  return t("training.eta", { time: duration(eta_seconds) });
}

/** How long a session took, or has taken so far. */
export function elapsedSeconds({ started_at, completed_at }) {
  if (!started_at) return null;
  return (new Date(completed_at ?? Date.now()) - new Date(started_at)) / 1000;
}
