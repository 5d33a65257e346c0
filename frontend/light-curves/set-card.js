// One curve set in the list: what it has, and how its newest import is.

import { html } from "../lib/html.js";
import { date, dateTime, fileSize, percent, t } from "../lib/i18n.js";
import { Progress, StatusBadge } from "../ui/basics.js";
import { DeleteSet } from "./delete-set.js";
import { isUnderWay, shareOf } from "./states.js";

/** @param {{curveSet: object, workspace: object, onDeleted: () => void}} properties */
export function SetCard({ curveSet, workspace, onDeleted }) {
  const { id, name } = curveSet;
  return html`
    <article class="card curve-set-card" data-test="curve-set">
      <div>
        <h3><a href=${`#/w/${workspace.id}/light-curves/${id}`}>${name}</a></h3>
        <p class="hint"><${SetFacts} curveSet=${curveSet} /></p>
      </div>
      <${NewestImport} curveSet=${curveSet} />
      ${workspace.mayEdit &&
      html`<div class="actions">
        <${DeleteSet} curveSet=${curveSet} workspace=${workspace} onDeleted=${onDeleted} />
      </div>`}
    </article>
  `;
}

/** What a set has, its version, who made it and when, on one line. */
export function SetFacts({ curveSet }) {
  const { number, stars, segments, points, views, stored_bytes: size, user, created_at: when } = curveSet;
  const facts = [
    ...(number > 0
      ? [
          t("curves.stars", { count: stars }),
          segments > 0 && t("curves.segments", { count: segments }),
          points > 0 && t("curves.points", { count: points }),
          views > 0 && t("curves.views", { count: views }),
          fileSize(size),
          t("curves.version", { number: String(number) }),
        ]
      : [t("curves.noVersion")]),
    user && t("curves.by", { user }),
  ].filter(Boolean);
  return html`${facts.join(" · ")} · <time datetime=${when} title=${dateTime(when)}>${date(when)}</time>`;
}

function NewestImport({ curveSet }) {
  const { job } = curveSet;
  if (!job) return html`<div></div>`;
  const { status, refused } = job;
  const share = shareOf(job);
  if (isUnderWay(curveSet)) {
    const text = t(status === "running" ? "curves.import.running" : "curves.import.pending");
    return html`<div>
      <p class="row between">
        <span>${text}</span>${share !== null && html`<span>${percent(share, 0)}</span>`}
      </p>
      <${Progress} isQuiet share=${share} label=${text} />
    </div>`;
  }
  return html`<p class="row">
    ${status !== "completed" && html`<${StatusBadge} status=${status} />`}
    ${refused > 0 && html`<span class="badge warning">${t("curves.import.refusedCount", { count: refused })}</span>`}
  </p>`;
}
