// What the forms that start a session or a study have in common: what is typed, and the start.

import { useDraft } from "../../lib/data.js";
import { useEffect, useMemo, useState } from "../../lib/html.js";
import { t } from "../../lib/i18n.js";
import { explain, notify } from "../../lib/notices.js";
import { goTo } from "../../lib/router.js";
import { curvesOf, networksOf, readingNetwork } from "./curve-sets.js";
import { RECOMMENDED } from "./network-choice.js";
import { useIdempotencyKey } from "../session/session-actions-state.js";
import { isTrainable } from "./training-estimate.js";
import { RESOURCES } from "./training-settings.js";

/**
 * What is typed, kept over a reload; what the address gives fills it once.
 *
 * @param {object} properties
 * @param {string} properties.name of the draft
 * @param {Record<string, string>} properties.texts before anything was typed
 * @param {(texts: object) => {values: object, errors: object}} properties.read
 * @param {string} properties.address of the form, without a query
 * @param {object} properties.query `dataset` and any setting
 * @param {object[]} properties.datasets newest first
 * @param {object[]} properties.networks
 * @param {string} properties.defaultNetwork
 * @param {object[]} properties.curveSets of the workspace
 */
export function useStartForm(properties) {
  const { name, texts, read, address, query, datasets, networks, defaultNetwork, curveSets } = properties;
  const initial = useMemo(() => ({ ...texts, dataset: null, network: null, version: null, curve_set: null }), []);
  const [draft, change, forget] = useDraft(name, initial);
  useEffect(() => {
    const given = Object.entries(query).filter(([each]) => each in initial);
    if (given.length === 0) return;
    const typed = ([each, text]) => [each, each === "dataset" ? Number(text) : text];
    // An address that names light curves and no network is for the one that reads them.
    change({ ...(query.curve_set ? { network: null } : {}), ...Object.fromEntries(given.map(typed)) });
    // Otherwise a reload would overwrite what was typed since.
    goTo(address, { replace: true });
  }, [JSON.stringify(query)]);
  const dataset = datasets.find((each) => each.id === draft.dataset) ?? datasets.find(isTrainable) ?? datasets[0];
  const find = (list, key, value) => list.find((each) => each[key] === value);
  const named = (each) => find(networks, "name", each);
  const reading = draft.curve_set && readingNetwork(networks)?.name;
  const network = [draft.network, reading, RECOMMENDED, defaultNetwork].map(named).find(Boolean) ?? networks[0];
  const found = useMemo(() => read(draft, network.name), [draft, network.name]);
  const names = networksOf({ network, values: found.values });
  return {
    draft,
    change,
    forget,
    read: found,
    curves: curvesOf({ chosen: draft.curve_set, sets: curveSets, networks, names }),
    dataset,
    version: versionOf(draft.version, dataset),
    // A dataset from an old address or draft that is gone must not be replaced silently.
    lostDataset: draft.dataset !== null && !find(datasets, "id", draft.dataset) ? draft.dataset : null,
    network,
    isTouched: Object.keys(initial).some((each) => draft[each] !== initial[each]),
    isChanged: (names) => names.some((each) => draft[each] !== initial[each]),
  };
}

/** The number of a version that is written "dataset:number"; null: none, or one of another dataset. */
function versionOf(text, dataset) {
  const [id, number] = (text ?? "").split(":").map(Number);
  return id === dataset.id && Number.isInteger(number) ? number : null;
}

/**
 * Sends what a form asks for; returns the errors by field, and a refusal that concerns no field.
 *
 * @param {object} properties
 * @param {object} properties.workspace
 * @param {object} properties.form from `useStartForm`
 * @param {string[]} properties.names the settings to send; those of the form besides
 * @param {boolean} properties.hasCluster whether a session can reserve something; else nothing of it is sent
 * @param {(request: object, key: string) => Promise<object>} properties.send
 * @param {(started: object) => void} properties.onStart
 * @param {() => void} properties.onStale what the form was made from has changed
 */
export function useStart({ workspace, form, names, hasCluster, send, onStart, onStale }) {
  const key = useIdempotencyKey();
  const [isBusy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState(null);
  const [failures, setFailures] = useState(0);
  const reserved = Object.keys(RESOURCES);
  const { values } = form.read;
  const isAsked = ([name]) => hasCluster || !reserved.includes(name);
  const errors = Object.fromEntries(Object.entries(form.read.errors).filter(isAsked));
  if (form.curves.isMissing) errors.curve_set_id = t("training.lightCurves.error");
  const sent = hasCluster ? [...names, ...reserved.filter((name) => values[name] !== null)] : names;
  const request = {
    workspace_key: workspace.key,
    dataset_id: form.dataset.id,
    dataset_version: form.version,
    network: form.network.name,
    curve_set_id: form.curves.set?.id ?? null,
    ...Object.fromEntries(sent.map((name) => [name, values[name]])),
  };
  const start = async () => {
    setRefusal(null);
    if (Object.keys(errors).length > 0) {
      setFailures((count) => count + 1);
      return;
    }
    setBusy(true);
    try {
      const started = await send(request, key.of(request));
      key.renew();
      form.forget();
      onStart(started);
    } catch (error) {
      setRefusal({ error, request: JSON.stringify(request) });
      setFailures((count) => count + 1);
      if (error.status === 404 || error.status === 409) {
        // The form shows the current list, so the refusal names the dataset that is gone.
        notify(() => `${explain(error)} ${t("training.refused.gone")}`, { kind: "error" });
        onStale();
      }
    } finally {
      setBusy(false);
    }
  };
  // A refusal of other values does not apply to these.
  const isCurrent = refusal?.request === JSON.stringify(request);
  const problems = (isCurrent && refusal.error.errors) || [];
  return {
    start,
    isBusy,
    failures,
    refusal: isCurrent ? refusal.error : null,
    errors: {
      ...Object.fromEntries(problems.filter(({ field }) => field).map(({ field, message }) => [field, message])),
      ...(failures > 0 ? errors : {}),
    },
  };
}
