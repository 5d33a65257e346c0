// All settings of a session, and a link to start another with the same settings.

import { withQuery } from "../../lib/api.js";
import { curvesOfSpec } from "../../lib/curves-learnt.js";
import { html } from "../../lib/html.js";
import { dateTime, duration, number, percent, significant, t } from "../../lib/i18n.js";
import { RESOURCES, SETTINGS } from "../form/training-settings.js";
import { networkName } from "../form/network-choice.js";
import { elapsedSeconds } from "./session-progress.js";
import { settingName } from "../form/setting-field.js";
import { CurveSetLink } from "../../ui/curve-set-link.js";

/** The form with a session's settings filled in, some of them changed. */
export function formHref(workspace, { dataset_id, spec }, changes = {}) {
  const names = [...Object.keys(SETTINGS), ...Object.keys(RESOURCES), "network"];
  const settings = Object.fromEntries(names.map((name) => [name, spec[name]]));
  // No for every session that read no light curves: that is no wish for one that does.
  if (!settings.use_kinds && !curvesOfSpec(spec)) delete settings.use_kinds;
  const chosen = { dataset: dataset_id, curve_set: spec.curve_set_id };
  return `#${withQuery(`/w/${workspace.id}/train`, { ...chosen, ...settings, ...changes })}`;
}

/** A setting's value as displayed. */
export function settingText(name, value) {
  if (value === null || value === undefined) return "–";
  if (name === "network") return networkName(value);
  if (typeof value === "boolean") return t(value ? "yes" : "no");
  if (name === "test_split" && value === 0) return t("training.noTest");
  if (name.endsWith("_split")) return percent(value, Number.isInteger(Math.round(value * 1e6) / 1e4) ? 0 : 1);
  if (name === "seed") return String(value);
  return typeof value === "number" ? significant(value, 6) : String(value);
}

/** @param {{workspace: object, session: object}} properties */
export function SessionSettings({ workspace, session }) {
  const { spec, dataset_id } = session;
  const curves = curvesOfSpec(spec);
  const reserved = Object.keys(RESOURCES).filter((name) => (spec[name] ?? null) !== null);
  const names = ["network", ...Object.keys(SETTINGS), ...reserved];
  return html`
    <section class="card stack" data-test="settings">
      <div class="row between">
        <h2>${t("training.settings")}</h2>
        ${workspace.mayEdit &&
        dataset_id !== null &&
        html`<a class="button" href=${formHref(workspace, session)}>${t("training.another")}</a>`}
      </div>
      <dl class="parameters">
        <${Entry} name=${t("training.dataset")}>
          ${dataset_id === null
            ? `${spec.dataset_name} (${t("training.datasetDeleted")})`
            : html`<a href=${`#/w/${workspace.id}/datasets/${dataset_id}`}>${spec.dataset_name}</a>`}
        <//>
        ${spec.dataset_version > 0 &&
        html`<${Entry} name=${t("labels.version")}>${String(spec.dataset_version)}<//>`}
        ${curves &&
        html`<${Entry} name=${t("training.lightCurves")}><${CurveSetLink} workspace=${workspace} ...${curves} /><//>`}
        ${names.map(
          (name) => html`<${Entry} key=${name} name=${settingName(name)}>
            ${settingText(name, spec[name])}
          <//>`,
        )}
        ${spec.use_weights && html`<${Entry} name=${t("training.weights")}>${t("yes")}<//>`}
      </dl>
      <h3>${t("training.course")}</h3>
      <dl class="parameters course"><${Course} session=${session} /></dl>
    </section>
  `;
}

/** Details: the rows in each part, the number of parameters, the times. */
function Course({ session }) {
  const { training, created_at, started_at, completed_at } = session;
  const entries = [
    ...(training ? ["train", "validation", "test"].map((part) => [part, number(training[part])]) : []),
    ...(training ? [["parameters", number(training.parameters)]] : []),
    ...(training?.resumed_from_epoch ? [["resumed", number(training.resumed_from_epoch)]] : []),
    ["created", dateTime(created_at)],
    ["started", dateTime(started_at)],
    ["ended", dateTime(completed_at)],
    ["took", duration(elapsedSeconds(session))],
  ];
  return entries.map(
    ([name, text]) => html`<${Entry} key=${name} name=${t(`training.course.${name}`)}>${text}<//>`,
  );
}

function Entry({ name, children }) {
  return html`<div><dt>${name}</dt><dd>${children}</dd></div>`;
}
