// The buttons that stop, cancel, retry or delete a study.

import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { deletedFor, notifyDeleted } from "../lib/undo.js";
import { goTo } from "../lib/router.js";
import { RUNNING } from "../lib/watch.js";
import { ActionButton, ConfirmButton } from "../ui/basics.js";
import { act, deleteStudy, isUnderWay, studiesHref } from "./studies-state.js";
import { mayRetry, sessionCount } from "./study-kinds.js";

/** @param {{workspace: object, study: object, onChange: () => Promise<void>}} properties a viewer gets no buttons */
export function StudyActions({ workspace, study, onChange }) {
  if (!workspace.mayEdit) return null;
  const send = (wish) => act(study.id, wish).finally(onChange);
  if (isUnderWay(study)) return html`<${EndButtons} study=${study} send=${send} />`;
  return html`
    ${mayRetry(study) &&
    study.dataset_id !== null &&
    html`<${ActionButton} title=${t("studies.retry.help")} onAct=${() => send("retry")}>${t("training.retry")}<//>`}
    <${DeleteButton} workspace=${workspace} study=${study} />
  `;
}

function EndButtons({ study, send }) {
  const { name } = study;
  const running = study.sessions.filter(({ status }) => RUNNING.includes(status));
  const isAsked = (wishes) => running.length > 0 && running.every(({ request }) => wishes.includes(request));
  return html`
    <${ActionButton}
      disabled=${isAsked(["stop", "cancel"])}
      title=${t("studies.stop.help")}
      onAct=${() => send("stop")}
      >${t("training.stop")}<//
    >
    <${ConfirmButton}
      class="danger"
      disabled=${isAsked(["cancel"])}
      question=${t("training.cancel.question", { name })}
      consequence=${t("studies.cancel.consequence")}
      confirm=${t("studies.cancel.confirm")}
      onConfirm=${() => send("cancel")}
      >${t("cancel")}<//
    >
  `;
}

function DeleteButton({ workspace, study }) {
  const { id, name } = study;
  const erase = async () => {
    await deleteStudy(id);
    notifyDeleted(() => t("studies.deleted", { name }), "study", id, workspace);
    goTo(studiesHref(workspace), { replace: true });
  };
  return html`<${ConfirmButton}
    class="quiet"
    question=${t("studies.delete.question", { name })}
    consequence=${`${t("studies.delete.consequence", { count: sessionCount(study) })} ${deletedFor()}`}
    onConfirm=${erase}
    >${t("delete")}<//
  >`;
}
