// Says another label of a row, with the reason.

import { html, useState } from "../lib/html.js";
import { number, t } from "../lib/i18n.js";
import { Dialog, Failure, Field } from "../ui/basics.js";
import { CHOICES, choiceName } from "./label-words.js";

const MOST_TEXT = 1000;

/**
 * @param {object} properties
 * @param {{row: number, line?: number}} properties.row
 * @param {string | null} properties.label that is chosen at first
 * @param {(vote: object) => Promise<void>} properties.onSay
 * @param {() => void} properties.onClose
 */
export function LabelForm({ row, label: first, onSay, onClose }) {
  const [vote, setVote] = useState({ label: first, reason: "", comment: "" });
  const [state, setState] = useState({ isBusy: false, error: null });
  const set = (name) => (event) => setVote((last) => ({ ...last, [name]: event.target.value }));
  const send = async (event) => {
    event.preventDefault();
    const dialog = event.currentTarget.closest("dialog");
    if (state.isBusy) return;
    setState({ isBusy: true, error: null });
    try {
      await onSay({ row: row.row, ...vote, reason: vote.reason.trim(), comment: vote.comment.trim() });
      dialog.close();
    } catch (error) {
      setState({ isBusy: false, error });
    }
  };
  const choose = ({ target }) => setVote((last) => ({ ...last, label: CHOICES[target.selectedIndex] }));
  const title = row.line === undefined ? t("labels.sayOfRow", { row: number(row.row + 1) }) : t("labels.sayOf", row);
  return html`
    <${Dialog} title=${title} onClose=${onClose}>
      <form class="stack" data-test="label-form" onSubmit=${send}>
        <${Field} id="said-label" label=${t("parameter.label")}>
          ${(common) => html`<select ...${common} onChange=${choose}>
            ${CHOICES.map(
              (each) => html`<option key=${each} value=${each ?? "file"} selected=${each === vote.label}>
                ${choiceName(each)}
              </option>`,
            )}
          </select>`}
        <//>
        <${Field}
          id="said-reason"
          label=${t("labels.reason")}
          help=${t("labels.reason.help")}
          input=${{
            autofocus: true,
            required: true,
            pattern: ".*\\S.*",
            maxLength: MOST_TEXT,
            autocomplete: "off",
            value: vote.reason,
            onInput: set("reason"),
          }}
        />
        <${Field}
          id="said-comment"
          label=${t("labels.comment")}
          input=${{ maxLength: MOST_TEXT, autocomplete: "off", value: vote.comment, onInput: set("comment") }}
        />
        ${state.error && html`<${Failure} error=${state.error} />`}
        <div class="actions end">
          <button type="submit" class="primary" aria-busy=${state.isBusy}>${t("labels.say")}</button>
        </div>
      </form>
    <//>
  `;
}
