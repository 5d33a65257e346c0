// The head of a session's pages: its name, its status, and the tabs between training and evaluation.

import { html } from "../../lib/html.js";
import { t } from "../../lib/i18n.js";
import { nameOf } from "../../lib/watch.js";
import { PageHead } from "../../ui/basics.js";
import { SessionBadge } from "../../ui/verdict-notes.js";

/** The address of a session's page. */
export function sessionHref(workspace, id, page = "") {
  return `#/w/${workspace.id}/sessions/${id}${page && `/${page}`}`;
}

/**
 * @param {object} properties
 * @param {object} properties.workspace
 * @param {object} properties.session as the API gives it
 * @param {"training" | "evaluation"} properties.current
 * @param {any} [properties.actions] buttons beside the title
 */
export function SessionHead({ workspace, session, current, actions }) {
  const back = { href: `#/w/${workspace.id}/sessions`, text: t("training.sessions") };
  const tab = (name, page) => html`<a
    href=${sessionHref(workspace, session.id, page)}
    aria-current=${current === name ? "page" : undefined}
    >${t(`training.tab.${name}`)}</a
  >`;
  return html`
    <${PageHead} title=${nameOf(session)} back=${back} actions=${actions}>
      <span class="row">
        <${SessionBadge} session=${session} />
        <span>${t("training.sessionNumber", { id: String(session.id) })}</span>
        ${session.study_id &&
        html`<a href=${`#/w/${workspace.id}/studies/${session.study_id}`}>
          ${t("studies.backTo", { id: String(session.study_id) })}
        </a>`}
        ${session.spec.joined_study &&
        html`<a href=${`#/w/${workspace.id}/studies/${session.spec.joined_study}`}>
          ${t("studies.study", { id: String(session.spec.joined_study) })}
        </a>`}
      </span>
    <//>
    <nav class="tabs" aria-label=${t("training.tabs")}>
      ${tab("training", "")} ${tab("evaluation", "evaluation")}
    </nav>
  `;
}
