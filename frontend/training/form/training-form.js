// The form that starts a session.

import { html } from "../../lib/html.js";
import { t } from "../../lib/i18n.js";
import { askForNotifications } from "../../lib/notices.js";
import { goTo } from "../../lib/router.js";
import { startSession } from "../session/session-actions-state.js";
import { settingFields, StartForm } from "./start-form.js";
import { useStart, useStartForm } from "./start-form-state.js";
import { TrainingCost } from "./training-cost.js";
import { INITIAL_TEXTS, readSettings, RESOURCES, SETTINGS, settingsOf } from "./training-settings.js";

const EVERYDAY = ["model_name", "epochs"];
const FIELDS = [
  ...Object.keys({ ...SETTINGS, ...RESOURCES }),
  ...["dataset_id", "dataset_version", "network", "curve_set_id"],
];

/**
 * @param {object} properties
 * @param {object} properties.workspace
 * @param {object} properties.query `dataset` and any setting: they fill the form once
 * @param {object[]} properties.datasets newest first
 * @param {object[]} properties.networks
 * @param {string} properties.defaultNetwork
 * @param {object[]} properties.curveSets of the workspace
 * @param {object[]} properties.completed sessions, newest first, for the time estimate
 * @param {boolean} properties.hasCluster whether a session can reserve something
 * @param {number} properties.ahead sessions that run or wait on the server
 * @param {() => void} properties.onStale what the form was made from has changed
 */
export function TrainingForm(properties) {
  const { workspace, datasets, networks, completed, ahead, hasCluster, onStale } = properties;
  const form = useStartForm({
    ...properties,
    name: `train.${workspace.id}`,
    texts: INITIAL_TEXTS,
    read: readSettings,
    address: `/w/${workspace.id}/train`,
  });
  const names = settingsOf(form.network, form.draft);
  const onStart = (session) => {
    askForNotifications();
    goTo(`/w/${workspace.id}/sessions/${session.id}`);
  };
  const starting = useStart({ workspace, form, names, hasCluster, send: startSession, onStart, onStale });
  const { dataset, network, read } = form;
  return html`<${StartForm}
    ...${{ workspace, datasets, networks, form, starting, hasCluster, fields: FIELDS }}
    everyday=${settingFields(EVERYDAY, form, starting)}
    more=${names.filter((name) => !EVERYDAY.includes(name))}
    cost=${html`<${TrainingCost} ...${{ dataset, network, values: read.values, completed, ahead }} />`}
    label=${t("training.start")}
  />`;
}
