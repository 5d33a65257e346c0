// What people say of a row, changed in place: its star, its title, its tags, its note.

import { html, useEffect, useRef, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { notifyError } from "../lib/notices.js";

/** A star that is put on or taken off. */
export function Star({ isOn, name, mayEdit, onChange }) {
  const sign = html`<span aria-hidden="true">${isOn ? "★" : "☆"}</span>`;
  if (!mayEdit) return isOn ? html`<span class="star on" role="img" aria-label=${t("list.starred")}>★</span>` : null;
  const change = () => onChange(!isOn).catch(notifyError);
  return html`<button
    type="button"
    class=${`quiet star ${isOn ? "on" : ""}`}
    aria-pressed=${Boolean(isOn)}
    aria-label=${t("list.star", { name })}
    onClick=${change}
  >
    ${sign}
  </button>`;
}

/** Tags as chips. */
export function Tags({ tags }) {
  if (!tags?.length) return null;
  return html`<span class="tags">${tags.map((each) => html`<span class="tag" key=${each}>${each}</span>`)}</span>`;
}

/**
 * A cell with a pencil: Enter saves, Escape leaves it as it was.
 *
 * @param {object} properties
 * @param {string} properties.text that is edited
 * @param {string} properties.label of the button and of the field
 * @param {boolean} properties.mayEdit
 * @param {(text: string) => Promise<void>} properties.onSave
 * @param {boolean} [properties.isLong] several lines; Enter begins another one
 * @param {any} properties.children what is shown
 */
export function Editable({ text, label, mayEdit, onSave, isLong, children }) {
  const [draft, setDraft] = useState(null);
  const [isBusy, setBusy] = useState(false);
  const field = useRef(null);
  const pencil = useRef(null);
  const wasOpen = useRef(false);
  const isOpen = draft !== null;
  useEffect(() => {
    if (isOpen) field.current.select();
    else if (wasOpen.current) pencil.current?.focus();
    wasOpen.current = isOpen;
  }, [isOpen]);
  if (!mayEdit) return children;
  if (!isOpen) {
    return html`<span class="editable">
      ${children}
      <button type="button" class="quiet pencil" ref=${pencil} aria-label=${label} onClick=${() => setDraft(text)}>
        <span aria-hidden="true">✎</span>
      </button>
    </span>`;
  }
  const save = async (event) => {
    event.preventDefault();
    setBusy(true);
    try {
      if (draft !== text) await onSave(draft);
      setDraft(null);
    } catch (error) {
      notifyError(error);
    } finally {
      setBusy(false);
    }
  };
  const onKeyDown = (event) => event.key === "Escape" && setDraft(null);
  const common = {
    ref: field,
    value: draft,
    "aria-label": label,
    onInput: (event) => setDraft(event.target.value),
  };
  return html`<form class="edit" onSubmit=${save} onKeyDown=${onKeyDown}>
    ${isLong ? html`<textarea rows="3" ...${common}></textarea>` : html`<input ...${common} maxlength="900" />`}
    <button class="primary" disabled=${isBusy}>${t("save")}</button>
    <button type="button" class="quiet" aria-label=${t("close")} onClick=${() => setDraft(null)}>✕</button>
  </form>`;
}

/** Tags as they are typed: commas between them. */
export function tagsOf(text) {
  return [...new Set(text.split(",").map((each) => each.trim()).filter(Boolean))];
}
