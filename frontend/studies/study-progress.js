// How far a study is: a bar, the time that remains, and how many sessions are in each state.

import { html } from "../lib/html.js";
import { duration, percent, t } from "../lib/i18n.js";
import { Progress, StatusBadge } from "../ui/basics.js";
import { isUnderWay } from "./studies-state.js";
import { countsOf, sessionCount, sizeText } from "./study-kinds.js";

/** @param {{study: object}} properties */
export function StudyProgress({ study }) {
  const { name, progress } = study;
  return html`
    <section class="card stack" data-test="study-progress">
      <p class="visually-hidden" role="status">${t(`status.${study.status}`)}</p>
      <div class="row between">
        <span>
          ${sizeText(study)}
          ${!study.search && html`${" "}= ${t("studies.sessions.count", { count: sessionCount(study) })}`}
        </span>
        <span>${percent(progress, 0)}</span>
      </div>
      ${isUnderWay(study) && html`<${Progress} share=${progress} label=${t("studies.progressOf", { name })} />`}
      ${isUnderWay(study) &&
      html`<p class="hint">
        ${study.eta_seconds === null
          ? t("training.eta.unknown")
          : t("training.eta", { time: duration(study.eta_seconds) })}
      </p>`}
      <p class="row">
        ${Object.entries(countsOf(study)).map(
          ([status, count]) =>
            count > 0 &&
            html`<span key=${status} class="row">${String(count)} <${StatusBadge} status=${status} /></span>`,
        )}
      </p>
    </section>
  `;
}
