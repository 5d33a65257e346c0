// A button that gives a thing another name.

import { html, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { explain } from "../lib/notices.js";
import { Dialog, Field } from "./basics.js";

/** @param {{name: string, onRename: (name: string) => Promise<void>}} properties */
export function RenameButton({ name, onRename }) {
  const [text, setText] = useState(null);
  const [error, setError] = useState(null);
  const open = () => {
    setError(null);
    setText(name);
  };
  const rename = async (event) => {
    event.preventDefault();
    try {
      if (text.trim() !== name) await onRename(text.trim());
      setText(null);
    } catch (caught) {
      setError(explain(caught));
    }
  };
  return html`
    <button type="button" onClick=${open}>${t("rename")}</button>
    ${text !== null &&
    html`<${Dialog} title=${t("rename.question", { name })} onClose=${() => setText(null)}>
      <form class="stack" onSubmit=${rename}>
        <${Field}
          id="new-name"
          label=${t("rename.name")}
          error=${error}
          input=${{ value: text, required: true, maxlength: 200, onInput: (event) => setText(event.target.value) }}
        />
        <div class="actions end"><button class="primary">${t("rename")}</button></div>
      </form>
    <//>`}
  `;
}
