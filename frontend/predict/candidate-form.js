// The form for one candidate: its nine numbers, what they mean, what is wrong with them.

import { readCandidate, readNumber } from "./candidate.js";
import { COLUMNS, columnName, RANGES, REQUIRED, unitOf } from "../lib/columns.js";
import { html, useEffect, useRef, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { Field } from "../ui/basics.js";

const GROUPS = [
  ["transit", ["period", "duration", "depth", "impact", "snr"]],
  ["star", ["steff", "srad", "slogg", "tmag"]],
];

const NONE_TOUCHED = {};
const ALL_TOUCHED = Object.fromEntries(COLUMNS.map((column) => [column, true]));

/**
 * @param {object} properties
 * @param {Object<string, string>} properties.typed by column, and `star`
 * @param {(patch: object) => void} properties.onChange
 * @param {(candidate: object) => void} properties.onSubmit what was typed is right
 * @param {{candidate: object, errors: object[]} | null} properties.refused what the server refused, and why
 * @param {any} properties.children below the numbers
 */
export function CandidateForm({ typed, onChange, onSubmit, refused, children }) {
  const [touched, setTouched] = useState(NONE_TOUCHED);
  const form = useRef(null);
  const { candidate, errors } = readCandidate(typed);
  const isEmpty = COLUMNS.every((column) => typed[column] === "");
  useEffect(() => {
    if (isEmpty) setTouched(NONE_TOUCHED);
  }, [isEmpty]);
  const submit = (event) => {
    event.preventDefault();
    const wrong = COLUMNS.filter((column) => errors[column]);
    setTouched(ALL_TOUCHED);
    if (wrong.length === 0) return onSubmit(candidate);
    return form.current.querySelector(`#candidate-${firstShown(wrong)}`).focus();
  };
  const errorOf = (column) => (touched[column] && errors[column]) || refusal(refused, column, typed);
  return html`
    <form class="stack" ref=${form} novalidate onSubmit=${submit} aria-label=${t("predict.form")}>
      ${GROUPS.map(
        ([group, columns]) =>
          html`<fieldset key=${group}>
            <legend>${t(`predict.group.${group}`)}</legend>
            <div class="candidate-fields">
              ${columns.map(
                (column) =>
                  html`<${NumberField}
                    key=${column}
                    column=${column}
                    value=${typed[column]}
                    error=${errorOf(column)}
                    onInput=${(value) => onChange({ [column]: value })}
                    onBlur=${() => typed[column] !== "" && setTouched({ ...touched, [column]: true })}
                  />`,
              )}
              ${group === "star" &&
              html`<${Field}
                id="candidate-star"
                label=${t("predict.star")}
                unit=${t("predict.optional")}
                help=${t("predict.star.help")}
                error=${refusal(refused, "star", typed)}
                input=${{
                  value: typed.star,
                  maxlength: 200,
                  autocomplete: "off",
                  onInput: (event) => onChange({ star: event.target.value }),
                }}
              />`}
            </div>
          </fieldset>`,
      )}
      ${children}
    </form>
  `;
}

function NumberField({ column, value, error, onInput, onBlur }) {
  const [low, high] = RANGES[column];
  const isRequired = REQUIRED.includes(column);
  const unit = [unitOf(column), isRequired ? "" : t("predict.optional")].filter(Boolean).join(" · ");
  return html`<${Field}
    id=${`candidate-${column}`}
    label=${columnName(column)}
    unit=${unit}
    help=${`${t(`predict.help.${column}`)} ${t("predict.range", { low, high })}`}
    error=${error}
    input=${{
      inputmode: "decimal",
      autocomplete: "off",
      spellcheck: false,
      "aria-required": isRequired ? "true" : undefined,
      value,
      onInput: (event) => onInput(event.target.value),
      onBlur,
    }}
  />`;
}

/** The server's error for a field, as long as its value is still the one that was refused. */
function refusal(refused, column, typed) {
  const found = refused?.errors.find((each) => each.field === column);
  if (!found) return null;
  const asked = refused.candidate[column];
  const isSame =
    column === "star" ? (typed.star.trim() || null) === asked : readNumber(typed[column]) === asked;
  return isSame ? found.message : null;
}

/** The one of some columns that comes first on the page. */
function firstShown(columns) {
  return GROUPS.flatMap(([, members]) => members).find((column) => columns.includes(column));
}
