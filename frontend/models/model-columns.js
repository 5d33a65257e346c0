// The columns of the table of models: what each shows, and what can be filtered and grouped by.

import { html } from "../lib/html.js";
import { fileSize, fixed, percent, t } from "../lib/i18n.js";
import { figureCell, NameCell, NoteCell, TagsCell, whenCell } from "../listing/cells.js";
import { networkName } from "../training/form/network-choice.js";
import { ModelBadges } from "../ui/verdict-notes.js";
import { CurrentBadge, DatasetLink, SessionLinks } from "./model-card.js";
import { titleOf } from "./models-state.js";

export const INITIAL = {
  sort: "-id",
  columns: ["name", "dataset_name", "network", "accuracy", "log_loss", "user", "created"],
};

const three = (value) => fixed(value, 3);
const TEST = { accuracy: percent, macro_f1: three, log_loss: three, ece: three };
const VALIDATION = { val_accuracy: ["val_accuracy", percent], val_log_loss: ["val_label_loss", three] };
const NETWORKS = ["transit_cnn", "transit_cnn_catalogue", "light_curve_cnn", "seed_cnn"];

/** @returns {import("../listing/table.js").Column[]} all columns, in their order */
export function modelColumns(workspace, onMark) {
  const { mayEdit } = workspace;
  const column = (key, cell, more = {}) => ({ key, title: columnTitle(key), cell, ...more });
  const figure = (key, cell) => column(key, cell, { isNumber: true, isFallingFirst: /accuracy|macro/.test(key) });
  const of = (row) => ({ row, name: titleOf(row), mayEdit, onMark });
  return [
    column(
      "name",
      (model) => html`<${NameCell} ...${of(model)} href=${`#/w/${workspace.id}/models/${model.id}`}>
        ${model.is_current && html`<${CurrentBadge} model=${model} />`}
        <${ModelBadges} model=${model} />
      <//>`,
      { isHead: true },
    ),
    column("dataset_name", (model) => html`<${DatasetLink} workspace=${workspace} model=${model} />`),
    column("dataset_version", ({ dataset_version: version }) => version ?? "–", { isNumber: true }),
    column("network", ({ network }) => html`<span class="cut">${network ? networkName(network) : "–"}</span>`),
    column("ensemble", ({ ensemble }) => ensemble ?? "–", { isNumber: true }),
    ...Object.entries(VALIDATION).map(([key, [name, write]]) => figure(key, ({ metrics }) => write(metrics?.[name]))),
    ...Object.entries(TEST).map(([key, write]) => figure(key, (model) => figureCell(model, key, write))),
    column("user", ({ user }) => html`<span class="cut">${user ?? "–"}</span>`),
    column("session", (model) => html`<${SessionLinks} workspace=${workspace} model=${model} />`),
    column("size", ({ file_size: size }) => fileSize(size), { isNumber: true, isFallingFirst: true }),
    column("created", (model) => whenCell(model.created_at), { isFallingFirst: true }),
    column("promoted", (model) => whenCell(model.promoted_at), { isFallingFirst: true }),
    column("tags", (model) => html`<${TagsCell} ...${of(model)} />`, { isUnsorted: true }),
    column("note", (model) => html`<${NoteCell} ...${of(model)} />`, { isUnsorted: true }),
  ];
}

/** What models can be filtered by. */
export function modelFields() {
  const field = (kind) => (key) => ({ key, title: columnTitle(key), kind });
  const choice = (key, options) => ({ ...field("choice")(key), options });
  const flag = (key) => choice(key, ["yes", "no"].map((each) => [each, t(each)]));
  return [
    ...["starred", "current", "beats_guessing"].map(flag),
    ...["tag", "name", "dataset_name", "user"].map(field("text")),
    choice("network", NETWORKS.map((each) => [each, networkName(each)])),
    ...[...Object.keys(TEST), ...Object.keys(VALIDATION)].map(field("number")),
    ...["dataset_version", "ensemble", "session"].map(field("number")),
    ...["created", "promoted"].map(field("date")),
  ];
}

/** What models can be grouped by, with the titles. */
export function modelGroups() {
  return ["network", "dataset_name", "dataset_version", "ensemble", "user"].map((name) => [name, columnTitle(name)]);
}

/** The group of a model, with how many there are of it in all. */
export function groupOf(model, name, groups) {
  const value = model[name] ?? null;
  const key = String(value).toLowerCase();
  const shown = value === null ? "–" : name === "network" ? networkName(value) : String(value);
  const count = groups.find((each) => String(each.value).toLowerCase() === key)?.count;
  return { key, text: t("list.group.is", { title: columnTitle(name), value: shown }), count };
}

function columnTitle(key) {
  if (["current", "beats_guessing", "session", "size", "promoted"].includes(key)) return t(`models.column.${key}`);
  if (key === "network") return t("models.network");
  return t(key === "ensemble" ? "training.setting.ensemble" : `training.column.${key}`);
}
