// What can be done with the selected sessions: compare, star, tag, cancel, delete.

import { get, post } from "../../lib/api.js";
import { html, useState } from "../../lib/html.js";
import { t } from "../../lib/i18n.js";
import { notify } from "../../lib/notices.js";
import { goTo } from "../../lib/router.js";
import { RUNNING, watchAgain } from "../../lib/watch.js";
import { tagsOf } from "../../listing/marks.js";
import { deletedFor } from "../../lib/undo.js";
import { ActionButton, Dialog, Field } from "../../ui/basics.js";

const MOST = 200; // of one call
const MOST_VALUES = 50; // of one filter

/**
 * Stays visible while a long list scrolls.
 *
 * @param {object} properties
 * @param {object} properties.workspace
 * @param {number[]} properties.ids
 * @param {(ids: number[]) => void} properties.onChoose
 * @param {() => void} properties.onDone
 */
export function BulkBar({ workspace, ids, onChoose, onDone }) {
  const [question, setQuestion] = useState(null);
  const act = async (action, more) => {
    const outcomes = await actOn(workspace, ids, action, more);
    report(action, outcomes);
    const gone = action === "delete" ? outcomes.filter((each) => each.status === "done").map(({ id }) => id) : [];
    if (gone.length) onChoose(ids.filter((each) => !gone.includes(each)));
    onDone();
  };
  const ask = async (action) => setQuestion({ action, running: await runningOf(workspace, ids) });
  const close = () => setQuestion(null);
  const target = `/w/${workspace.id}/compare?ids=${[...ids].sort((a, b) => a - b).join(",")}`;
  const key = ids.length > 1 ? "training.compare.chosen" : "training.compare.another";
  return html`
    <div class=${ids.length > 0 ? "compare-bar card row between" : ""} data-test="bulk">
      <span role="status">${ids.length > 0 && t(key, { count: ids.length })}</span>
      ${ids.length > 0 &&
      html`<div class="actions">
        <button type="button" class="quiet" onClick=${() => onChoose([])}>${t("training.compare.clear")}</button>
        ${workspace.mayEdit &&
        html`
          <${ActionButton} onAct=${() => act("star")}>★ ${t("list.bulk.star")}<//>
          <button type="button" onClick=${() => setQuestion({ action: "tag" })}>${t("list.bulk.tag")}</button>
          <${ActionButton} onAct=${() => ask("cancel")}>${t("cancel")}<//>
          <${ActionButton} class="danger" onAct=${() => ask("delete")}>${t("delete")}<//>
        `}
        <button type="button" class="primary" disabled=${ids.length < 2} onClick=${() => goTo(target)}>
          ${t("training.compare")}
        </button>
      </div>`}
    </div>
    ${question?.action === "tag" && html`<${TagDialog} count=${ids.length} onAct=${act} onClose=${close} />`}
    ${question &&
    question.action !== "tag" &&
    html`<${Question} ...${question} count=${ids.length} onAct=${act} onClose=${close} />`}
  `;
}

/** What is asked before many sessions are cancelled or deleted: it names how many, and how many run. */
function Question({ action, count, running, onAct, onClose }) {
  const said = running > 0 ? `training.bulk.${action}.running` : `training.bulk.${action}.noneRunning`;
  return html`<${Dialog} title=${t(`training.bulk.${action}.question`, { count })} onClose=${onClose}>
    <p>${t(said, { count: running })}</p>
    ${action === "delete" && html`<p>${t("training.bulk.delete.consequence")} ${deletedFor()}</p>`}
    <div class="actions end">
      <button type="button" onClick=${onClose}>${t("keep")}</button>
      <${ActionButton} class="danger" onAct=${() => onAct(action)} onDone=${onClose}>
        ${t(`training.bulk.${action}.confirm`)}
      <//>
    </div>
  <//>`;
}

function TagDialog({ count, onAct, onClose }) {
  const [text, setText] = useState("");
  const tags = tagsOf(text);
  const act = (action) => onAct(action, { tags });
  return html`<${Dialog} title=${t("training.bulk.tag.question", { count })} onClose=${onClose}>
    <${Field}
      id="bulk-tags"
      label=${t("training.column.tags")}
      help=${t("list.tags.help")}
      input=${{ value: text, maxlength: 800, onInput: (event) => setText(event.target.value) }}
    />
    <div class="actions end">
      <${ActionButton} disabled=${tags.length === 0} onAct=${() => act("untag")} onDone=${onClose}>
        ${t("list.bulk.untag")}
      <//>
      <${ActionButton} class="primary" disabled=${tags.length === 0} onAct=${() => act("tag")} onDone=${onClose}>
        ${t("list.bulk.addTags")}
      <//>
    </div>
  <//>`;
}

async function actOn(workspace, ids, action, more) {
  const outcomes = [];
  try {
    for (let start = 0; start < ids.length; start += MOST) {
      const request = { workspace_key: workspace.key, session_ids: ids.slice(start, start + MOST), action, ...more };
      outcomes.push(...(await post("/api/training/sessions/bulk", request)).outcomes);
    }
  } finally {
    watchAgain();
  }
  return outcomes;
}

function report(action, outcomes) {
  const refused = outcomes.filter((each) => each.status === "refused");
  const done = outcomes.length - refused.length;
  if (done > 0) notify(() => t(`training.bulk.${action}.done`, { count: done }));
  if (refused.length === 0) return;
  const why = [...new Set(refused.map((each) => each.error))].slice(0, 3).join(" ");
  notify(() => `${t("training.bulk.refused", { count: refused.length })} ${why}`, { kind: "error" });
}

/** How many of some sessions wait or train now. */
async function runningOf(workspace, ids) {
  let count = 0;
  for (let start = 0; start < ids.length; start += MOST_VALUES) {
    const filter = `id:${ids.slice(start, start + MOST_VALUES).join(",")}`;
    const query = { workspace_key: workspace.key, filter, limit: MOST_VALUES };
    const { sessions } = await get("/api/training/sessions", query);
    count += sessions.filter((each) => RUNNING.includes(each.status)).length;
  }
  return count;
}
