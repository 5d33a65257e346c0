// The settings of a grid as they are typed: which are varied, what each setting has instead of the base.

import { t } from "../../lib/i18n.js";
import { INITIAL_TEXTS, readSettings, SETTINGS } from "../../training/training-settings.js";

/** What may differ between the settings of a grid, as the API has it. */
export const VARIED = [
  ...["network", "learning_rate", "epochs", "batch_size", "patience", "ensemble"],
  ...["use_relations", "use_stellar_uncertainties"],
];

export const MOST_SETTINGS = 12;
const LABEL_LETTERS = 60;

const BLANK = { label: "", values: {} };

/** Before anything was typed; in the draft it is text, as all of it. */
export const INITIAL_GRID = JSON.stringify({ columns: ["learning_rate"], rows: [BLANK] });

/**
 * @param {string} text of the draft
 * @returns {{columns: string[], rows: {label: string, values: Record<string, string>}[]}} an empty value is as in
 *   the base
 */
export function gridOf(text) {
  try {
    const { columns, rows } = JSON.parse(text);
    return { columns: columns.filter((name) => VARIED.includes(name)), rows };
  } catch {
    return JSON.parse(INITIAL_GRID);
  }
}

export const addSetting = ({ columns, rows }) => ({ columns, rows: [...rows, BLANK] });

export const removeSetting = ({ columns, rows }, number) => ({ columns, rows: rows.filter((_, n) => n !== number) });

export const changeSetting = ({ columns, rows }, number, patch) => ({
  columns,
  rows: rows.map((row, n) => (n === number ? { ...row, ...patch } : row)),
});

export const addColumn = ({ columns, rows }, name) => ({ columns: [...columns, name], rows });

/** Its values go too. */
export function removeColumn({ columns, rows }, name) {
  const without = ({ label, values: { [name]: _, ...values } }) => ({ label, values });
  return { columns: columns.filter((each) => each !== name), rows: rows.map(without) };
}

/**
 * Reads what was typed.
 *
 * @param {string} text of the draft
 * @param {Record<string, string>} base the texts of the base, `network` among them
 * @returns {{settings: object[], errors: Record<string, string>}} the errors by field, as the API names them
 */
export function readGrid(text, base) {
  const { columns, rows } = gridOf(text);
  const errors = {};
  const settings = rows.map(({ label, values }, number) => {
    const different = {};
    for (const name of columns.filter((each) => values[each])) {
      const { value, error } = readOne(name, values[name]);
      if (error) errors[`settings.${number}.${name}`] = error;
      else if (value !== readOne(name, base[name]).value) different[name] = value;
    }
    const named = label.trim();
    if ([...named].length > LABEL_LETTERS) errors[`settings.${number}.label`] = t("grid.error.label");
    return named ? { ...different, label: named } : different;
  });
  const differences = settings.map(({ label, ...different }) => JSON.stringify(different));
  differences.forEach((each, number) => {
    if (Object.keys(errors).some((field) => field.startsWith(`settings.${number}.`))) return;
    const twin = differences.indexOf(each);
    if (each === "{}") errors[`settings.${number}`] = t("grid.error.base");
    else if (twin < number) errors[`settings.${number}`] = t("grid.error.same", { number: twin + 1 });
  });
  return { settings, errors };
}

/** What is sent of a setting whose network sees no relations, while the base sees some. */
export function withoutRelations(setting, base, networks) {
  const network = networks.find(({ name }) => name === (setting.network ?? base.network));
  if (!base.use_relations || network?.takes_relations) return setting;
  return { ...setting, use_relations: false, use_stellar_uncertainties: false };
}

function readOne(name, text) {
  if (name === "network") return { value: text };
  const { values, errors } = readSettings({ ...INITIAL_TEXTS, [name]: text });
  return { value: values[name], error: errors[name] };
}

/** Whether a setting is on or off, chosen, or typed. */
export const isFlag = (name) => SETTINGS[name]?.kind === "flag";
