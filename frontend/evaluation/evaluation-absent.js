// Why a session has no evaluation, and what to do next.

import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { SETTINGS } from "../training/form/training-settings.js";
import { RUNNING } from "../lib/watch.js";
import { Empty } from "../ui/basics.js";
import { sessionHref } from "../training/session/session-head.js";
import { formHref } from "../training/session/session-settings.js";

/** A session without a result: it waits, runs, failed or was cancelled. */
export function NotCompleted({ workspace, session }) {
  const kind = RUNNING.includes(session.status) ? "running" : session.status;
  return html`
    <${Empty} title=${t(`evaluation.absent.${kind}`)}>
      <p>${session.error?.message ?? t(`evaluation.absent.${kind}.text`)}</p>
      <div class="actions">
        <a class="button primary" href=${sessionHref(workspace, session.id)}>
          ${t(`evaluation.absent.${kind}.next`)}
        </a>
      </div>
    <//>
  `;
}

/** A session that was trained with every star. */
export function NoTestStars({ workspace, session }) {
  const withTest = { test_split: SETTINGS.test_split.initial };
  return html`
    <${Empty} title=${t("evaluation.absent.noTest")}>
      <p>${t("evaluation.absent.noTest.text")}</p>
      <div class="actions">
        ${workspace.mayEdit &&
        html`<a class="button primary" href=${formHref(workspace, session, withTest)}>
          ${t("evaluation.absent.noTest.next")}
        </a>`}
        <a class="button" href=${sessionHref(workspace, session.id)}>${t("evaluation.absent.training")}</a>
      </div>
    <//>
  `;
}
