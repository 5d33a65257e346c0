// The title and the note of an analysis, as they are typed.

import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { Field } from "../ui/basics.js";

export function TitleField({ value, onInput, error }) {
  return html`<${Field}
    id="analysis-title"
    label=${t("predict.save.titleField")}
    error=${messageOf(error, "title")}
    input=${{
      value,
      required: true,
      maxlength: 200,
      autocomplete: "off",
      onInput: (event) => onInput(event.target.value),
    }}
  />`;
}

export function NoteField({ value, onInput, error }) {
  return html`<${Field}
    id="analysis-note"
    label=${t("predict.save.note")}
    help=${t("predict.save.noteHelp")}
    error=${messageOf(error, "note")}
  >
    ${(common) =>
      html`<textarea
        ...${common}
        rows="6"
        maxlength="20000"
        value=${value}
        onInput=${(event) => onInput(event.target.value)}
      ></textarea>`}
  <//>`;
}

function messageOf(error, field) {
  return error?.errors?.find((each) => each.field === field)?.message;
}
