// The state of a session in one line: its progress, or its place in the queue and a guess of the wait.

import { html } from "../../lib/html.js";
import { duration, t } from "../../lib/i18n.js";
import { nameOf } from "../../lib/watch.js";
import { Progress } from "../../ui/basics.js";
import { nodeText } from "../session/session-progress.js";
import { SessionBadge } from "../../ui/verdict-notes.js";

/** @param {{session: object}} properties */
export function StatusCell({ session }) {
  return html`<span class="status-cell">
    <${SessionBadge} session=${session} />
    ${session.status === "pending" && html`<${Waiting} session=${session} />`}
    ${session.status === "training" && html`<${Course} session=${session} />`}
    ${session.status === "failed" &&
    html`<span class="hint cut">${t(`training.failed.${session.error?.reason ?? "crashed"}`)}</span>`}
  </span>`;
}

function Waiting({ session }) {
  const { waiting_for: words } = session;
  if (!words) return html`<span class="hint">${queueText(session)}</span>`;
  return html`<span class="hint cut" lang="en" title=${words}>${words}</span>`;
}

/** The place of a waiting session, and a guess of its wait where there is one. */
export function queueText({ queue_position: place, wait_seconds: wait }) {
  if (!place) return "";
  if (wait === null || wait === undefined) return t("training.queue", { place });
  const whole = wait > 90 ? Math.round(wait / 60) * 60 : wait; // it is a guess: no seconds
  return t("training.queue.wait", { place, time: duration(whole) });
}

function Course({ session }) {
  const { epochs_completed: done, epochs: all, progress, request, eta_seconds: eta } = session;
  const text = request ? t(`training.ending.${request}`) : `${done}/${all}`;
  const left = eta === null || request ? "" : t("training.eta", { time: duration(eta) });
  return html`
    <${Progress} share=${progress} label=${t("training.progressOf", { name: nameOf(session) })} />
    <span class="hint" title=${left}>${[text, nodeText(session)].filter(Boolean).join(" · ")}</span>
  `;
}
