// Small pieces that every page uses: loading, errors, empty states, dialogs, fields, badges.

import { CLASSES } from "../lib/columns.js";
import { html, useEffect, useRef, useState } from "../lib/html.js";
import { has, t } from "../lib/i18n.js";
import { explain, notifyError } from "../lib/notices.js";

/** The name of a class as the page's language has it. */
export function className(label) {
  return label === null || label === undefined ? "–" : t(`class.${label}`);
}

/** The loaded data, a loading message, or the error. */
export function Loaded({ of, children, what }) {
  if (of.data !== null) return children(of.data);
  if (of.error) return html`<${Failure} error=${of.error} onRetry=${of.reload} />`;
  return html`<p class="loading" role="status">${what ?? t("loading")}</p>`;
}

/** An error with what it names, and the way to try again. */
export function Failure({ error, onRetry }) {
  return html`
    <div class="message error" role="alert">
      <p>${explain(error)}</p>
      ${error.errors?.length > 0 &&
      html`<ul>${error.errors.slice(0, 20).map((each) => html`<li>${problemText(each)}</li>`)}</ul>`}
      ${onRetry && html`<button type="button" onClick=${onRetry}>${t("retry")}</button>`}
    </div>
  `;
}

/** One entry of an error's `errors`: where, and what was expected. */
export function problemText({ field, row, column, message }) {
  const where = [field, row != null && t("error.row", { row: String(row) }), column].filter(Boolean).join(", ");
  return where ? `${where}: ${message}` : message;
}

/** An empty page: what it is for, and the next step. */
export function Empty({ title, children }) {
  return html`<div class="empty"><h2>${title}</h2>${children}</div>`;
}

/** A badge beside what a vetter should look at. */
export function LookCloser() {
  return html`<span class="badge warning"
    ><span aria-hidden="true">!</span> ${t("predict.checkThis")}</span
  >`;
}

/** The head of a page: its title, a line below, buttons beside it. */
export function PageHead({ title, children, actions, back }) {
  return html`
    <header class="page-head">
      <div>
        ${back && html`<a class="back" href=${back.href}>← ${back.text}</a>`}
        <h1 tabindex="-1">${title}</h1>
        ${children && html`<div class="lead">${children}</div>`}
      </div>
      ${actions && html`<div class="actions">${actions}</div>`}
    </header>
  `;
}

// A question can stand over another dialog: each has a title of its own.
let dialogs = 0;

/**
 * A dialog over the page; Escape and a click beside it close it, the focus goes back where it was.
 *
 * The browser tells of a closed dialog a moment after the focus went back. A key pressed in that moment
 * would open the dialog again only to have it closed: so the owner is told at once, and once.
 */
export function Dialog({ title, onClose, children, isWide }) {
  const dialog = useRef(null);
  const isTold = useRef(false);
  const [titleId] = useState(() => `dialog-title-${(dialogs += 1)}`);
  useEffect(() => {
    const shown = dialog.current;
    shown.showModal();
    return () => {
      isTold.current = true;
      shown.close();
    };
  }, []);
  const tell = () => {
    if (isTold.current) return;
    isTold.current = true;
    onClose();
  };
  const close = (event) => {
    event.preventDefault();
    dialog.current.close();
    tell();
  };
  return html`
    <dialog
      ref=${dialog}
      class=${isWide ? "wide" : ""}
      aria-labelledby=${titleId}
      onClose=${tell}
      onCancel=${(event) => event.target === dialog.current && close(event)}
      onClick=${(event) => event.target === dialog.current && close(event)}
    >
      <div class="dialog-body">
        <div class="dialog-head">
          <h2 id=${titleId}>${title}</h2>
          <button
            type="button"
            class="quiet"
            aria-label=${t("close")}
            onClick=${close}
          >
            ✕
          </button>
        </div>
        ${children}
      </div>
    </dialog>
  `;
}

/**
 * A button that asks before it does what cannot be undone.
 *
 * @param {object} properties
 * @param {string} properties.question the heading of the dialog
 * @param {string} properties.consequence what will be gone
 * @param {() => Promise<void>} properties.onConfirm
 */
export function ConfirmButton({ question, consequence, confirm, onConfirm, children, disabled, ...rest }) {
  const [isOpen, setOpen] = useState(false);
  return html`
    <button type="button" disabled=${disabled} onClick=${() => setOpen(true)} ...${rest}>${children}</button>
    ${isOpen &&
    html`<${Dialog} title=${question} onClose=${() => setOpen(false)}>
      <p>${consequence}</p>
      <div class="actions end">
        <button type="button" onClick=${() => setOpen(false)}>${t("keep")}</button>
        <${ActionButton} class="danger" onAct=${onConfirm} onDone=${() => setOpen(false)}>${confirm ?? t("delete")}<//>
      </div>
    <//>`}
  `;
}

/** A button for slow actions: it cannot be pressed twice, and shows an error. */
export function ActionButton({ onAct, onDone, children, disabled, ...rest }) {
  const [isBusy, setBusy] = useState(false);
  const act = async () => {
    setBusy(true);
    try {
      await onAct();
    } catch (error) {
      notifyError(error);
    } finally {
      setBusy(false);
      onDone?.();
    }
  };
  return html`<button type="button" disabled=${disabled || isBusy} aria-busy=${isBusy} onClick=${act} ...${rest}>
    ${children}
  </button>`;
}

/**
 * A labelled input with a sentence of help and its error.
 *
 * @param {object} properties
 * @param {string} properties.id
 * @param {string} properties.label
 * @param {string} [properties.help]
 * @param {string} [properties.error]
 * @param {object} properties.input attributes of the <input>; or children take its place
 */
export function Field({ id, label, help, error, unit, input, children }) {
  const described = [help && `${id}-help`, error && `${id}-error`].filter(Boolean).join(" ") || undefined;
  const common = { id, "aria-describedby": described, "aria-invalid": error ? "true" : undefined };
  return html`
    <div class="field ${error ? "invalid" : ""}">
      <label for=${id}>${label}${unit && html` <span class="unit">${unit}</span>`}</label>
      ${children ? children(common) : html`<input ...${common} ...${input} />`}
      ${error && html`<p class="field-error" id=${`${id}-error`}>${error}</p>`}
      ${help && html`<p class="help" id=${`${id}-help`}>${help}</p>`}
    </div>
  `;
}

/** How far something is, with the share in words. */
export function Progress({ share, label, isQuiet }) {
  const value = share ?? undefined;
  return html`<progress class=${isQuiet ? "quiet" : ""} max="1" value=${value} aria-label=${label}></progress>`;
}

const SIGNS = { pending: "◷", training: "▶", completed: "✓", failed: "✕", cancelled: "–", pruned: "✂" };

/** A session's status as a word with a sign and a colour. */
export function StatusBadge({ status }) {
  return html`<span class="badge ${status}">
    <span aria-hidden="true">${SIGNS[status]}</span> ${t(`status.${status}`)}
  </span>`;
}

/** The classes' shares as one bar, with the numbers in words. */
export function ClassBar({ counts }) {
  const total = CLASSES.reduce((sum, name) => sum + (counts[name] ?? 0), 0) || 1;
  const words = CLASSES.map((name) => `${className(name)} ${counts[name] ?? 0}`).join(", ");
  return html`
    <div class="class-bar" role="img" aria-label=${words} title=${words}>
      ${CLASSES.map(
        (name, n) =>
          counts[name] > 0 &&
          html`<span class="share class-${n}" style=${{ flexGrow: counts[name] / total }}></span>`,
      )}
    </div>
  `;
}

/** A text that can be copied with a button. */
export function Copyable({ text, label }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      setTimeout(() => setCopied(false), 2_000);
    } catch (error) {
      notifyError(error);
    }
  };
  return html`
    <span class="copyable">
      <code>${text}</code>
      <button type="button" class="quiet" onClick=${copy} aria-label=${`${t("copy")} ${label ?? ""}`}>
        ${isCopied ? t("copied") : t("copy")}
      </button>
      <span class="visually-hidden" role="status">${isCopied ? t("copied") : ""}</span>
    </span>
  `;
}

/** A term with a "?" that explains it. */
export function Explained({ term, children }) {
  const key = `explain.${term}`;
  return html`<span class="explained">${children}${has(key) &&
  html` <details class="explain"><summary aria-label=${t("explain")}>?</summary><p>${t(key)}</p></details>`}</span>`;
}
