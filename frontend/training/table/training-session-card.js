// One session in the list: its settings, progress, score and actions.

import { html, useMemo, useRef } from "../../lib/html.js";
import { dateTime, duration, fixed, percent, t } from "../../lib/i18n.js";
import { hasResult, useBestScore } from "../session/session-follow.js";
import { isBeingKept, nameOf, RUNNING } from "../../lib/watch.js";
import { SessionBadge } from "../../ui/verdict-notes.js";
import { networkName } from "../form/network-choice.js";
import { SessionActions } from "../session/session-actions.js";
import { sessionHref } from "../session/session-head.js";
import { keepingText } from "../session/session-kept.js";
import { Tags } from "../../listing/marks.js";
import { queueText } from "./session-status.js";
import { elapsedSeconds, SessionProgress } from "../session/session-progress.js";

/**
 * A card that is drawn again only when its session has changed.
 *
 * @param {object} properties
 * @param {object} properties.workspace
 * @param {object} properties.session
 * @param {boolean} properties.isChosen for the comparison
 * @param {(id: number) => void} properties.onChoose
 * @param {(id: number) => void} properties.onDelete
 */
export function TrainingSessionCard({ workspace, session, isChosen, onChoose, onDelete }) {
  // Each poll brings new objects; comparing a thousand cards is faster than rendering them.
  const content = JSON.stringify(session);
  const latest = useRef(null);
  latest.current = { onChoose, onDelete };
  return useMemo(
    () => html`<${Card}
      workspace=${workspace}
      session=${session}
      isChosen=${isChosen}
      onChoose=${(id) => latest.current.onChoose(id)}
      onDelete=${(id) => latest.current.onDelete(id)}
    />`,
    [workspace, content, isChosen],
  );
}

function Card({ workspace, session, isChosen, onChoose, onDelete }) {
  const { id, status } = session;
  const name = nameOf(session);
  const heading = `session-${id}`;
  return html`
    <article class="card session-card" data-test=${heading} aria-labelledby=${heading}>
      <div class="row between">
        <div class="row">
          <input
            type="checkbox"
            aria-label=${t("list.choose", { name, id: String(id) })}
            checked=${isChosen}
            onChange=${() => onChoose(id)}
          />
          <h2 id=${heading}><a href=${sessionHref(workspace, id)}>${name}</a></h2>
          <span class="hint">${t("training.sessionNumber", { id: String(id) })}</span>
          <${SessionBadge} session=${session} />
          ${session.is_starred && html`<span class="star on" role="img" aria-label=${t("list.starred")}>★</span>`}
          <${Tags} tags=${session.tags} />
        </div>
        <div class="actions">
          <${SessionActions} workspace=${workspace} session=${session} onDelete=${() => onDelete(id)} />
        </div>
      </div>
      <p class="row facts"><${Facts} workspace=${workspace} session=${session} /></p>
      ${status === "pending" && html`<p class="hint">${queueText(session)}</p>`}
      ${RUNNING.includes(status) && html`<${SessionProgress} session=${session} />`}
      ${status === "failed" &&
      html`<p class="field-error">${t(`training.failed.${session.error?.reason ?? "crashed"}`)}</p>`}
      ${isBeingKept(session) && html`<p>${keepingText(session)}</p>`}
      <${Outcome} workspace=${workspace} session=${session} />
    </article>
  `;
}

function Facts({ workspace, session }) {
  const { dataset_id, dataset_size, spec, started_at, completed_at } = session;
  const name = session.dataset_name ?? spec.dataset_name;
  return html`
    ${dataset_id === null
      ? html`<span>${name} (${t("training.datasetDeleted")})</span>`
      : html`<a href=${`#/w/${workspace.id}/datasets/${dataset_id}`}>${name}</a>`}
    <span>${t("training.rows", { count: dataset_size })}</span>
    <span>${networkName(spec.network)}</span>
    ${spec.ensemble > 1 && html`<span>${t("training.members", { count: spec.ensemble })}</span>`}
    <span>${whenText(session)}</span>
    ${completed_at &&
    started_at &&
    html`<span>${t("training.took", { time: duration(elapsedSeconds(session)) })}</span>`}
  `;
}

function whenText({ created_at, started_at, completed_at }) {
  if (completed_at) return t("training.endedAt", { when: dateTime(completed_at) });
  if (started_at) return t("training.startedAt", { when: dateTime(started_at) });
  return t("training.addedAt", { when: dateTime(created_at) });
}

/** The best validation score so far, and where to go from one with a result. */
function Outcome({ workspace, session }) {
  const best = useBestScore(session);
  const isDone = hasResult(session);
  if (!best && !isDone) return null;
  return html`
    <div class="row between">
      <span class="row score">
        ${best?.val_accuracy != null &&
        html`<span>${t("training.score.accuracy")} <strong>${percent(best.val_accuracy)}</strong></span>`}
        ${best?.val_label_loss != null &&
        html`<span>${t("training.score.logLoss")} <strong>${fixed(best.val_label_loss, 3)}</strong></span>`}
        ${best?.epoch && html`<span class="hint">${t("training.score.epoch", { epoch: best.epoch })}</span>`}
      </span>
      ${isDone &&
      html`<span class="row">
        ${session.spec.test_split > 0 &&
        html`<a href=${sessionHref(workspace, session.id, "evaluation")}>${t("training.tab.evaluation")}</a>`}
        ${session.model_id &&
        html`<a href=${`#/w/${workspace.id}/models/${session.model_id}`}>${t("training.model")}</a>`}
      </span>`}
    </div>
  `;
}
