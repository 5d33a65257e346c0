// What can be done with the selected rows of a list: star, tag, delete, compare, and what else a list has.

import { get, post } from "../lib/api.js";
import { html, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { notify } from "../lib/notices.js";
import { deletedFor, notifyManyDeleted } from "../lib/undo.js";
import { ActionButton, Dialog, Field } from "../ui/basics.js";
import { tagsOf } from "./marks.js";

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
 * @param {{kind: string, path: string, words: string, more?: string[]}} properties.of what the rows are:
 *   "session" or "model"; the path of the list; where its texts are; further actions that ask before
 * @param {(action: string) => Promise<string[]>} properties.consequences of an action, in sentences
 * @param {string} properties.chosen how many are selected, in words
 * @param {boolean} properties.canCompare
 * @param {() => void | Promise<void>} properties.onCompare
 */
export function BulkBar({ workspace, ids, onChoose, onDone, of, consequences, chosen, canCompare, onCompare }) {
  const [question, setQuestion] = useState(null);
  const { words, more = [] } = of;
  const act = async (action, tags) => {
    const outcomes = [];
    try {
      await actOn(of, workspace, ids, action, tags, outcomes);
    } finally {
      // Also where a later part could not be asked for: what the earlier ones did is done.
      const done = outcomes.filter((each) => each.status === "done").map(({ id }) => id);
      report(of, workspace, action, outcomes, done);
      if (action === "delete" && done.length > 0) onChoose(ids.filter((each) => !done.includes(each)));
      onDone();
    }
  };
  const ask = async (action) => setQuestion({ action, said: await consequences(action) });
  const dialog = { words, count: ids.length, onAct: act, onClose: () => setQuestion(null) };
  const asking = (action, look) =>
    html`<${ActionButton} key=${action} class=${look} onAct=${() => ask(action)}>${t(action)}<//>`;
  return html`
    <div class=${ids.length > 0 ? "compare-bar card row between" : ""} data-test="bulk">
      <span role="status">${ids.length > 0 && chosen}</span>
      ${ids.length > 0 &&
      html`<div class="actions">
        <button type="button" class="quiet" onClick=${() => onChoose([])}>${t("training.compare.clear")}</button>
        ${workspace.mayEdit &&
        html`
          <${ActionButton} onAct=${() => act("star")}>★ ${t("list.bulk.star")}<//>
          <button type="button" onClick=${() => setQuestion({ action: "tag" })}>${t("list.bulk.tag")}</button>
          ${more.map((action) => asking(action, ""))}${asking("delete", "danger")}
        `}
        <${ActionButton} class="primary" disabled=${!canCompare} onAct=${async () => onCompare()}>
          ${t("training.compare")}
        <//>
      </div>`}
    </div>
    ${question?.action === "tag" && html`<${TagDialog} ...${dialog} />`}
    ${question && question.action !== "tag" && html`<${Question} ...${question} ...${dialog} />`}
  `;
}

/** What is asked before many are ended or deleted: how many, and what goes with them. */
function Question({ action, said, words, count, onAct, onClose }) {
  return html`<${Dialog} title=${t(`${words}.${action}.question`, { count })} onClose=${onClose}>
    ${said.map((each) => html`<p key=${each}>${each}</p>`)}
    ${action === "delete" && html`<p>${t(`${words}.delete.consequence`)} ${deletedFor(count > 1)}</p>`}
    <div class="actions end">
      <button type="button" onClick=${onClose}>${t("keep")}</button>
      <${ActionButton} class="danger" onAct=${() => onAct(action)} onDone=${onClose}>
        ${t(`${words}.${action}.confirm`)}
      <//>
    </div>
  <//>`;
}

function TagDialog({ words, count, onAct, onClose }) {
  const [text, setText] = useState("");
  const tags = tagsOf(text);
  const act = (action) => onAct(action, { tags });
  return html`<${Dialog} title=${t(`${words}.tag.question`, { count })} onClose=${onClose}>
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

/** Asks for an action on all, and adds what became of each to `outcomes`. */
async function actOn({ kind, path }, workspace, ids, action, more, outcomes) {
  for (const part of parts(ids, MOST)) {
    const request = { workspace_key: workspace.key, [`${kind}_ids`]: part, action, ...more };
    outcomes.push(...(await post(`${path}/bulk`, request)).outcomes);
  }
}

/** Says what was done, with a way back from a deletion, and what was refused and why. */
export function report({ kind, words }, workspace, action, outcomes, done) {
  const say = () => t(`${words}.${action}.done`, { count: done.length });
  if (done.length > 0 && action === "delete") notifyManyDeleted(say, kind, done, workspace);
  else if (done.length > 0) notify(say);
  const refused = outcomes.filter((each) => each.status === "refused");
  if (refused.length === 0) return;
  const why = [...new Set(refused.map((each) => each.error))].slice(0, 3).join(" ");
  notify(() => `${t(`${words}.refused`, { count: refused.length })} ${why}`, { kind: "error" });
}

/**
 * The rows of some ids as they are now, wherever in the list they stand.
 *
 * @param {string} path of the list
 * @param {string} name of the rows in an answer
 */
export async function rowsOf(path, name, workspace, ids) {
  const found = [];
  for (const part of parts(ids, MOST_VALUES)) {
    const query = { workspace_key: workspace.key, filter: `id:${part.join(",")}`, limit: MOST_VALUES };
    found.push(...(await get(path, query))[name]);
  }
  return found;
}

function parts(ids, size) {
  const count = Math.ceil(ids.length / size);
  return Array.from({ length: count }, (_, number) => ids.slice(number * size, (number + 1) * size));
}
