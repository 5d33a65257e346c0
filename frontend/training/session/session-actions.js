// The buttons that stop, cancel, retry or delete a session.

import { deleteSession, endSession, retrySession, useIdempotencyKey } from "./session-actions-state.js";
import { html } from "../../lib/html.js";
import { t } from "../../lib/i18n.js";
import { deletedFor, notifyDeleted } from "../../lib/undo.js";
import { askForNotifications } from "../../lib/notices.js";
import { goTo } from "../../lib/router.js";
import { isBeingKept, nameOf, RUNNING } from "../../lib/watch.js";
import { ActionButton, ConfirmButton } from "../../ui/basics.js";

/**
 * @param {object} properties
 * @param {object} properties.workspace of which a viewer gets no buttons
 * @param {object} properties.session
 * @param {() => void} [properties.onChange] after a stop, cancel or a refusal: ask for it again
 * @param {() => void} [properties.onDelete]
 * @param {boolean} [properties.hasRetry] false where the page offers it at another place
 */
export function SessionActions({ workspace, session, onChange, onDelete, hasRetry = true }) {
  if (!workspace.mayEdit) return null;
  if (RUNNING.includes(session.status)) {
    return html`<${EndButtons} session=${session} onChange=${onChange} />`;
  }
  if (session.study_id) return null; // the study retries and deletes its sessions
  const canRetry = hasRetry && session.dataset_id !== null;
  const canDelete = !isBeingKept(session);
  return html`
    ${canRetry && html`<${RetryButton} workspace=${workspace} session=${session} />`}
    ${canDelete && html`<${DeleteButton} workspace=${workspace} session=${session} onDelete=${onDelete} />`}
  `;
}

function EndButtons({ session, onChange }) {
  const { id, status, request } = session;
  const name = nameOf(session);
  const end = (wish) => endSession(id, wish).finally(() => onChange?.());
  const isWaiting = status === "pending";
  return html`
    ${!isWaiting &&
    html`<${ActionButton}
      disabled=${request !== null}
      title=${t("training.stop.help")}
      onAct=${() => end("stop")}
      >${t("training.stop")}<//
    >`}
    <${ConfirmButton}
      class="danger"
      disabled=${request === "cancel"}
      question=${t("training.cancel.question", { name })}
      consequence=${t(isWaiting ? "training.cancel.waiting" : "training.cancel.consequence")}
      confirm=${t("training.cancel.confirm")}
      onConfirm=${() => end("cancel")}
      >${t("cancel")}<//
    >
  `;
}

/** Starts a session with the same settings and opens it. */
export function RetryButton({ workspace, session }) {
  const key = useIdempotencyKey();
  const retry = async () => {
    const started = await retrySession(session.id, key.of(session.id));
    key.renew();
    askForNotifications();
    goTo(`/w/${workspace.id}/sessions/${started.id}`);
  };
  return html`<${ActionButton} title=${t("training.retry.help")} onAct=${retry}>${t("training.retry")}<//>`;
}

function DeleteButton({ workspace, session, onDelete }) {
  const erase = async () => {
    await deleteSession(session.id);
    const say = () => t("training.deleted", { name: nameOf(session), id: String(session.id) });
    notifyDeleted(say, "session", session.id, workspace);
    onDelete?.();
  };
  return html`<${ConfirmButton}
    class="quiet"
    question=${t("training.delete.question", { name: nameOf(session), id: String(session.id) })}
    consequence=${`${t(`training.delete.${belongings(session)}`)} ${deletedFor()}`}
    onConfirm=${erase}
    >${t("delete")}<//
  >`;
}

/** What goes with a session: a part of the key of a text. */
function belongings({ model_id, keepable_until }) {
  if (model_id) return "withModel";
  return keepable_until ? "withEpochs" : "consequence";
}
