// What is in a bin, as a table: restore, or delete for good.

import { remove } from "../lib/api.js";
import { html } from "../lib/html.js";
import { dateTime, fileSize, t } from "../lib/i18n.js";
import { notify } from "../lib/notices.js";
import { restore } from "../lib/undo.js";
import { ActionButton, ConfirmButton } from "../ui/basics.js";

const COLUMNS = ["what", "size", "who", "when", "left"];
const SAID_BELOW = ["size", "who", "when"]; // in a narrow window: below the name
const DAY = 86_400_000;

/**
 * @param {object} properties
 * @param {Array} properties.found from `entries`
 * @param {boolean} properties.mayEdit
 * @param {() => void} properties.onChange
 */
export function BinTable({ found, mayEdit, onChange }) {
  return html`
    <div class="table-scroll whole" tabindex="0" role="region" aria-label=${t("bin.title")}>
      <table data-test="bin">
        <thead>
          <tr>
            ${COLUMNS.map(
              (name) => html`<th key=${name} scope="col" class=${SAID_BELOW.includes(name) ? "bin-wide" : ""}>
                ${t(`bin.column.${name}`)}
              </th>`,
            )}
            ${mayEdit && html`<th scope="col">${t("bin.column.actions")}</th>`}
          </tr>
        </thead>
        <tbody>
          ${found.map(
            (each) => html`<${Entry} key=${each.id} entry=${each} mayEdit=${mayEdit} onChange=${onChange} />`,
          )}
        </tbody>
      </table>
    </div>
  `;
}

function Entry({ entry, mayEdit, onChange }) {
  const size = fileSize(entry.stored_bytes);
  const who = entry.user ?? "–";
  const left = Math.max(0, Math.ceil((new Date(entry.until) - Date.now()) / DAY));
  const erase = async () => {
    await remove(`/api/bin/${entry.id}`);
    notify(() => t("bin.erased", { name: entry.name }));
    onChange();
  };
  return html`
    <tr data-test="bin-entry">
      <th scope="row" class="bin-name">
        ${entry.name}<span class="interval">${t(`bin.kind.${entry.kind}`, { id: String(entry.item_id) })}</span>
        <span class="interval bin-narrow">${who} · ${dateTime(entry.deleted_at)} · ${size}</span>
      </th>
      <td class="bin-wide">${size}</td>
      <td class="bin-wide">${who}</td>
      <td class="bin-wide"><time datetime=${entry.deleted_at}>${dateTime(entry.deleted_at)}</time></td>
      <td>${t("bin.days", { count: left })}</td>
      ${mayEdit &&
      html`<td>
        <div class="actions">
          <${ActionButton}
            aria-label=${t("bin.restoreNamed", { name: entry.name })}
            onAct=${() => restore(entry).finally(onChange)}
            >${t("bin.restore")}<//
          >
          <${ConfirmButton}
            class="danger"
            aria-label=${t("bin.eraseNamed", { name: entry.name })}
            question=${t("bin.eraseQuestion", { name: entry.name })}
            consequence=${t("bin.eraseConsequence")}
            confirm=${t("bin.erase")}
            onConfirm=${erase}
            >${t("bin.erase")}<//
          >
        </div>
      </td>`}
    </tr>
  `;
}
