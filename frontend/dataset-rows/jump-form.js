// Goes to a row by its line in the file, or by its place in the list.

import { html, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { ActionButton } from "../ui/basics.js";

/**
 * @param {object} properties
 * @param {number} properties.total of the rows in the list
 * @param {(position: number) => void} properties.onJump from 0
 * @param {(line: number) => Promise<void>} properties.onLine
 */
export function JumpForm({ total, onJump, onLine }) {
  const [kind, setKind] = useState("line");
  const [text, setText] = useState("");
  const wanted = Number(text);
  const isGood = text !== "" && Number.isInteger(wanted) && wanted >= 1;
  const jump = async () => (kind === "line" ? onLine(wanted) : onJump(wanted - 1));
  return html`
    <form class="jump" onSubmit=${(event) => event.preventDefault()}>
      <label for="jump-kind">${t("datasets.rows.goTo")}</label>
      <select id="jump-kind" value=${kind} onChange=${(event) => setKind(event.target.value)}>
        <option value="line">${t("datasets.rows.line")}</option>
        <option value="place">${t("datasets.rows.place", { all: total })}</option>
      </select>
      <input
        type="number"
        min="1"
        step="1"
        inputmode="numeric"
        aria-label=${t("datasets.rows.number")}
        value=${text}
        onInput=${(event) => setText(event.target.value)}
      />
      <${ActionButton} type="submit" disabled=${!isGood} onAct=${jump}>${t("datasets.rows.go")}<//>
    </form>
  `;
}
