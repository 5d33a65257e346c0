// The columns of the table of sessions: what each shows, and what can be filtered and grouped by.

import { StatusCell } from "./session-status.js";
import { curvesOfSpec } from "../../lib/curves-learnt.js";
import { html } from "../../lib/html.js";
import { duration, fixed, number, percent, t } from "../../lib/i18n.js";
import { nameOf } from "../../lib/watch.js";
import { figureCell, NameCell, NoteCell, TagsCell, whenCell } from "../../listing/cells.js";
import { networkName } from "../form/network-choice.js";
import { settingName } from "../form/setting-field.js";
import { sessionHref } from "../session/session-head.js";
import { elapsedSeconds } from "../session/session-progress.js";
import { settingText } from "../session/session-settings.js";

export const INITIAL = {
  sort: "active",
  columns: [
    ...["name", "status", "dataset_name", "network", "val_accuracy", "accuracy", "user", "created"],
  ],
};

const SETTINGS = [
  ...["epochs", "batch_size", "learning_rate", "validation_split", "test_split", "patience", "seed", "ensemble"],
];
const STATUSES = ["training", "pending", "completed", "failed", "cancelled"];
const NETWORKS = ["transit_cnn", "transit_cnn_catalogue", "light_curve_cnn", "seed_cnn"];
const TEST = { accuracy: percent, macro_f1: (value) => fixed(value, 3), log_loss: (value) => fixed(value, 3) };
const FIGURES = { ...TEST, ece: TEST.log_loss };
const VALIDATION = { val_accuracy: ["val_accuracy", percent], val_log_loss: ["val_label_loss", TEST.log_loss] };

/** @returns {import("../../listing/table.js").Column[]} all columns, in their order */
export function sessionColumns(workspace, onMark) {
  const { mayEdit } = workspace;
  const of = (row) => ({ row, name: nameOf(row), mayEdit, onMark });
  const column = (key, cell, more = {}) => ({ key, title: columnTitle(key), cell, ...more });
  const figure = (key, cell) => column(key, cell, { isNumber: true, isFallingFirst: /accuracy|macro/.test(key) });
  return [
    column("name", (session) => html`<${NameCell} ...${of(session)} href=${sessionHref(workspace, session.id)} />`, {
      isHead: true,
    }),
    column("status", (session) => html`<${StatusCell} session=${session} />`),
    column("dataset_name", (session) => html`<${DatasetCell} workspace=${workspace} session=${session} />`),
    column("dataset_version", ({ spec }) => String(spec.dataset_version ?? 0), { isNumber: true }),
    column("rows", (session) => number(session.dataset_size), { isNumber: true }),
    column("network", ({ spec }) => html`<span class="cut">${networkName(spec.network)}</span>`),
    column("curve_set", ({ spec }) => html`<${CurvesCell} workspace=${workspace} spec=${spec} />`, {
      isUnsorted: true,
    }),
    ...SETTINGS.map((key) => column(key, ({ spec }) => settingText(key, spec[key]), { isNumber: true })),
    ...Object.entries(VALIDATION).map(([key, [name, write]]) => figure(key, ({ metrics }) => write(metrics?.[name]))),
    ...Object.entries(FIGURES).map(([key, write]) => figure(key, (session) => figureCell(session, key, write))),
    column("epochs_completed", (session) => number(session.epochs_completed), { isNumber: true }),
    column("duration", (session) => duration(elapsedSeconds(session)), { isNumber: true, isFallingFirst: true }),
    column("user", ({ user }) => html`<span class="cut">${user ?? "–"}</span>`),
    ...["created", "started", "completed"].map((key) =>
      column(key, (session) => whenCell(session[`${key}_at`]), { isFallingFirst: true }),
    ),
    column("tags", (session) => html`<${TagsCell} ...${of(session)} />`, { isUnsorted: true }),
    column("note", (session) => html`<${NoteCell} ...${of(session)} />`, { isUnsorted: true }),
  ];
}

/** What sessions can be filtered by. */
export function sessionFields() {
  const field = (kind) => (key) => ({ key, title: columnTitle(key), kind });
  const choice = (key, options) => ({ ...field("choice")(key), options });
  return [
    choice("status", STATUSES.map((each) => [each, t(`status.${each}`)])),
    choice("starred", ["yes", "no"].map((each) => [each, t(each)])),
    ...["tag", "name", "dataset_name", "user"].map(field("text")),
    choice("network", NETWORKS.map((each) => [each, networkName(each)])),
    ...["accuracy", "macro_f1", "log_loss", "ece", "val_accuracy", "val_log_loss"].map(field("number")),
    ...["dataset_version", "rows", ...SETTINGS, "duration"].map(field("number")),
    ...["created", "started", "completed"].map(field("date")),
  ];
}

/** What sessions can be grouped by, with the titles. */
export function sessionGroups() {
  const names = ["network", ...SETTINGS, "dataset_name", "dataset_version", "status", "user"];
  return names.map((name) => [name, columnTitle(name)]);
}

/** The group of a session, with how many there are of it in all. */
export function groupOf(session, name, groups) {
  const own = { status: session.status, user: session.user, dataset_name: session.dataset_name };
  const value = (name in own ? own[name] : session.spec[name]) ?? (name === "dataset_version" ? 0 : null);
  const isSame = (each) =>
    typeof value === "string" ? String(each.value).toLowerCase() === value.toLowerCase() : each.value === value;
  const shown = name === "status" ? t(`status.${value}`) : settingText(name, value);
  const key = typeof value === "string" ? value.toLowerCase() : String(value);
  const text = t("list.group.is", { title: columnTitle(name), value: shown });
  return { key, text, count: groups.find(isSame)?.count };
}

function columnTitle(key) {
  if (SETTINGS.includes(key) || key === "network") return settingName(key);
  return t(`training.column.${key}`);
}

/** A page of names would be as many requests: the number leads to the set. */
function CurvesCell({ workspace, spec }) {
  const { id } = curvesOfSpec(spec) ?? {};
  if (!id) return "–";
  return html`<a href=${`#/w/${workspace.id}/light-curves/${id}`}>${t("curves.set", { id: String(id) })}</a>`;
}

function DatasetCell({ workspace, session }) {
  const { dataset_id: id, spec } = session;
  const name = session.dataset_name ?? spec.dataset_name;
  const version = spec.dataset_version > 0 && html` <span class="hint">v${spec.dataset_version}</span>`;
  if (id === null) return html`<span class="cut" title=${t("training.datasetDeleted")}><s>${name}</s></span>${version}`;
  return html`<a class="cut" href=${`#/w/${workspace.id}/datasets/${id}`} title=${name}>${name}</a>${version}`;
}
