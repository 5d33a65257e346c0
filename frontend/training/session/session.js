// One session: progress, live learning curves, settings, and its result or why it failed.

import { html } from "../../lib/html.js";
import { t } from "../../lib/i18n.js";
import { goTo } from "../../lib/router.js";
import { bestOf, hasResult, useSession } from "./session-follow.js";
import { useTitle } from "../../lib/title.js";
import { nameOf, RUNNING } from "../../lib/watch.js";
import { PageHead } from "../../ui/basics.js";
import { MetricsChart } from "./metrics-chart.js";
import { SessionActions } from "./session-actions.js";
import { SessionFailure } from "./session-failure.js";
import { sessionHref, SessionHead } from "./session-head.js";
import { SessionKept } from "./session-kept.js";
import { SessionProgress, stageText } from "./session-progress.js";
import { SessionResult } from "./session-result.js";
import { SessionSettings } from "./session-settings.js";
import { Absent } from "../../ui/absent.js";
import { NotFound } from "../../ui/not-found.js";

export function Session({ workspace, id }) {
  const { session, error, isGone, ask } = useSession(id);
  useTitle(session ? nameOf(session) : t("training.sessionNumber", { id: String(id) }));
  if (session && session.workspace_id !== workspace.id) return html`<${NotFound} />`;
  if (session) return html`<${Found} workspace=${workspace} session=${session} onChange=${ask} />`;
  const back = { href: `#/w/${workspace.id}/sessions`, text: t("training.sessions") };
  return html`
    <${PageHead} title=${t("training.sessionNumber", { id: String(id) })} back=${back} />
    <${Absent} ...${{ workspace, error, isGone, ask }} />
  `;
}

function Found({ workspace, session, onChange }) {
  const isRunning = RUNNING.includes(session.status);
  const toList = () => goTo(`/w/${workspace.id}/sessions`, { replace: true });
  const isFailed = session.status === "failed";
  const actions = html`<${SessionActions}
    workspace=${workspace}
    session=${session}
    hasRetry=${!isFailed}
    onChange=${onChange}
    onDelete=${toList}
  />`;
  return html`
    <${SessionHead} workspace=${workspace} session=${session} current="training" actions=${actions} />
    <div class="stack">
      <p class="visually-hidden" role="status">
        ${isRunning ? stageText(session) : t(`status.${session.status}`)}
      </p>
      ${isRunning && html`<section class="card"><${SessionProgress} session=${session} /></section>`}
      ${isFailed && html`<${SessionFailure} workspace=${workspace} session=${session} />`}
      ${isFailed &&
      html`<${SessionKept} workspace=${workspace} session=${session} onChange=${onChange} />`}
      ${session.status === "cancelled" &&
      html`<p class="message">
        ${t(session.started_at ? "training.wasCancelled" : "training.neverStarted")}
      </p>`}
      <${SessionResult} workspace=${workspace} session=${session} best=${bestEpoch(session)} />
      ${!session.spec.joined_study &&
      html`<${MetricsChart}
        history=${session.history}
        bestEpoch=${bestEpoch(session)?.epoch ?? null}
        name=${`${session.model_name}_${session.id}`}
        isRunning=${isRunning}
      />`}
      <${SessionSettings} workspace=${workspace} session=${session} />
      ${session.retry_of &&
      html`<p class="hint">
        <a href=${sessionHref(workspace, session.retry_of)}>
          ${t("training.retryOf", { id: String(session.retry_of) })}
        </a>
      </p>`}
    </div>
  `;
}

/** A session with a result names the epoch of its model; before that, it is the best one so far. */
function bestEpoch(session) {
  const { best_epoch, history } = session;
  const best = hasResult(session) && history.find((each) => each.epoch === best_epoch);
  return best || bestOf(history);
}
