// The progress of a session in words and as a bar, of constant height while the numbers change.

import { html } from "../../lib/html.js";
import { duration, t } from "../../lib/i18n.js";
import { shareOf, useNow, useRemaining } from "../../lib/progress.js";
import { nameOf } from "../../lib/watch.js";
import { Progress } from "../../ui/basics.js";

/** What a session is doing now, in words. */
export function stageText({ status, stage, request }) {
  if (status === "pending") return t("training.stage.pending");
  if (request) return t(`training.request.${request}`);
  return t(`training.stage.${stage ?? "preparing"}`);
}

/** The bar of a waiting or running session, with its epoch and the time that remains. */
export function SessionProgress({ session }) {
  const { status, epochs, epochs_completed } = session;
  return html`
    <div class="session-progress" data-test="progress">
      <div class="row between">
        <span>${stageText(session)} ${session.node && html`<${OnNode} session=${session} />`}</span>
        ${status === "training" &&
        html`<span>${t("training.epochOf", { done: epochs_completed, all: epochs })}</span>`}
      </div>
      ${status === "training" &&
      html`<${Progress}
        share=${shareOf(session)}
        label=${t("training.progressOf", { name: nameOf(session) })}
      />`}
      ${status === "training" && html`<p class="hint"><${Remaining} session=${session} /></p>`}
      <${WaitingFor} session=${session} />
    </div>
  `;
}

function OnNode({ session }) {
  return html`<span class="hint" data-test="node" title=${session.node.processor}>${nodeText(session)}</span>`;
}

/** What a waiting session needs that the cluster does not have, in the server's words. */
function WaitingFor({ session: { waiting_for: words } }) {
  if (!words) return null;
  return html`<p class="server-words" data-test="waiting-for">
    <span class="hint">${t("training.serverSays")}</span> <span lang="en">${words}</span>
  </p>`;
}

/** The node that a session trains on, in words; "" on the server's own machine. */
export function nodeText({ node }) {
  return node ? t("training.onNode", { name: node.name }) : "";
}

function Remaining({ session: { stage, eta_seconds, request } }) {
  const seconds = useRemaining(eta_seconds);
  if (request) return "\u00a0"; // the line stays, so that nothing below it moves
  if (stage === "evaluating") return t("training.eta.last");
  if (seconds === null) return t("training.eta.unknown");
  return t("training.eta", { time: duration(seconds) });
}

/** How long a session took, or has taken so far. */
export function elapsedSeconds({ started_at, completed_at }) {
  if (!started_at) return null;
  return (new Date(completed_at ?? Date.now()) - new Date(started_at)) / 1000;
}

/** The same in words; while the session runs it goes on by the second. */
export function Elapsed({ session }) {
  useNow(session.status === "training");
  return duration(elapsedSeconds(session));
}
