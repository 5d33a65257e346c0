// The finished epochs of a failed session: keep the best one as a model, or delete them.

import { html } from "../../lib/html.js";
import { dateTime, fileSize, t } from "../../lib/i18n.js";
import { notify } from "../../lib/notices.js";
import { isBeingKept, nameOf } from "../../lib/watch.js";
import { ActionButton, ConfirmButton, Progress } from "../../ui/basics.js";
import { deleteEpochs, endSession, keepBestEpoch } from "./session-actions-state.js";

/**
 * @param {object} properties
 * @param {object} properties.workspace of which a viewer gets no buttons
 * @param {object} properties.session has failed
 * @param {() => void} properties.onChange ask for the session again
 */
export function SessionKept({ workspace, session, onChange }) {
  if (isBeingKept(session)) {
    return html`<${UnderWay} workspace=${workspace} session=${session} onChange=${onChange} />`;
  }
  return session.keepable_until
    ? html`<${Offer} workspace=${workspace} session=${session} onChange=${onChange} />`
    : null;
}

/** What the keeping of a session's best epoch is doing now, in words. */
export function keepingText({ stage }) {
  return t("training.kept.underWay", { stage: t(`training.stage.${stage ?? "pending"}`) });
}

function UnderWay({ workspace, session, onChange }) {
  const cancel = () => endSession(session.id, "cancel").finally(onChange);
  return html`
    <section class="card stack" data-test="keeping">
      <div class="row between">
        <span role="status">${keepingText(session)}</span>
        ${workspace.mayEdit &&
        html`<${ActionButton} title=${t("training.kept.cancel.help")} onAct=${cancel}>${t("cancel")}<//>`}
      </div>
      <${Progress} share=${null} label=${t("training.kept.progressOf", { name: nameOf(session) })} />
    </section>
  `;
}

function Offer({ workspace, session, onChange }) {
  const { id, epochs_completed: count, keepable_until: until, checkpoint_bytes: size } = session;
  const refusal = session.error?.keep_error;
  const keep = () => keepBestEpoch(id).finally(onChange);
  return html`
    <section class="card stack" data-test="keepable">
      <h2>${t("training.kept")}</h2>
      ${refusal &&
      html`<div class="message error" role="alert">
        <p>${t("training.kept.failed")}</p>
        <p class="server-words"><span class="hint">${t("training.serverSays")}</span> ${refusal}</p>
      </div>`}
      <p>${t("training.kept.sentence", { count, when: dateTime(until) })}</p>
      <p class="hint">${t("training.kept.size", { size: fileSize(size) })}</p>
      ${workspace.mayEdit &&
      html`<div class="actions">
        <${ActionButton} class="primary" title=${t("training.kept.keep.help")} onAct=${keep}>
          ${t("training.kept.keep")}
        <//>
        <${DeleteEpochs} session=${session} onChange=${onChange} />
      </div>`}
    </section>
  `;
}

function DeleteEpochs({ session, onChange }) {
  const named = { name: nameOf(session), id: String(session.id) };
  const erase = async () => {
    await deleteEpochs(session.id).finally(onChange);
    notify(() => t("training.kept.deleted", named));
    document.querySelector("main h1")?.focus(); // the button that was pressed is gone
  };
  return html`<${ConfirmButton}
    class="quiet"
    question=${t("training.kept.delete.question", named)}
    consequence=${t("training.kept.delete.consequence")}
    onConfirm=${erase}
    >${t("training.kept.delete")}<//
  >`;
}
