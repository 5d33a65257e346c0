// The server's folder of light curves: what is in it, a set of the stars of a dataset, and more files for a set.

import { account } from "../lib/account.js";
import { get, post } from "../lib/api.js";
import { SETS } from "../lib/curve-sets.js";
import { useData, usePolling } from "../lib/data.js";
import { html, useState } from "../lib/html.js";
import { dateTime, number, percent, t } from "../lib/i18n.js";
import { goTo } from "../lib/router.js";
import { useStore } from "../lib/store.js";
import { ActionButton, Field, Progress } from "../ui/basics.js";
import { followImport } from "./following.js";
import { newKey } from "./upload/uploads.js";

const FOLDER = `${SETS}/server-folder`;

// What the list of datasets has for all stars.
const ALL = "all";

const load = () => get(FOLDER).then((answer) => answer.server_folder);

/** @param {{workspace: object}} properties; nothing is drawn where the server has no folder */
export function ServerFolder({ workspace }) {
  const { user } = useStore(account);
  const { data: shown, setData } = useData(load, []);
  const ask = async () => setData(await load());
  usePolling(ask, Boolean(shown) && shown.state !== "ready");
  if (!shown) return null;
  const again = async () => setData((await post(FOLDER)).server_folder);
  return html`
    <section class="card stack" aria-labelledby="server-folder" data-test="server-folder" data-state=${shown.state}>
      <h2 id="server-folder">${t("curves.folder.title")}</h2>
      <p>${t("curves.folder.lead")}</p>
      <${State} folder=${shown} />
      <${Unused} folder=${shown} />
      ${shown.indexed_at && workspace.mayEdit && html`<${MakeSet} workspace=${workspace} />`}
      ${user?.is_admin &&
      html`<div class="actions">
        <${ActionButton} disabled=${shown.state === "indexing"} onAct=${again}>${t("curves.folder.again")}<//>
      </div>`}
    </section>
  `;
}

/**
 * More files of the folder for a set; nothing is drawn where the server has no folder.
 *
 * @param {{workspace: object, curveSet: object, onPosted: () => void}} properties
 */
export function AddOfFolder({ workspace, curveSet, onPosted }) {
  const { data: shown, setData } = useData(load, []);
  usePolling(async () => setData(await load()), Boolean(shown) && shown.state !== "ready");
  if (!shown?.indexed_at) return null;
  const add = async (form) => {
    await post(`${SETS}/${curveSet.id}/files`, form);
    await onPosted();
    followImport(curveSet, `/w/${workspace.id}/light-curves/${curveSet.id}`);
  };
  return html`
    <section class="card stack" aria-labelledby="add-of-folder" data-test="add-of-folder">
      <h2 id="add-of-folder">${t("curves.folder.addTitle")}</h2>
      <p>${t("curves.folder.addLead")}</p>
      <${State} folder=${shown} />
      <${Stars} workspace=${workspace} act=${t("curves.folder.add")} onChosen=${add} />
    </section>
  `;
}

function State({ folder }) {
  const { state, why, files, stars, indexed_at: when, new_files: all, new_files_done: done } = folder;
  const share = all > 0 ? done / all : null;
  const progress = t("curves.folder.progress", { done: number(done), count: all, share: percent(share ?? 0, 0) });
  const indexing = share === null ? t("curves.folder.listing") : progress;
  return html`
    ${when &&
    html`<p data-test="folder-contents">
      ${t("curves.folder.contents", {
        files: t("curves.files", { count: files }),
        stars: t("curves.stars", { count: stars }),
        when: dateTime(when),
      })}
    </p>`}
    ${state === "indexing" &&
    html`<div>
      <p role="status">${indexing}</p>
      <${Progress} share=${share} label=${indexing} />
    </div>`}
    ${state === "failed" &&
    html`<div class="message error" role="alert">
      <p>${t("curves.folder.failed")} <span lang="en">${why}</span></p>
    </div>`}
  `;
}

function Unused({ folder: { unused, reasons } }) {
  if (unused === 0) return null;
  return html`
    <details class="disclosure" data-test="folder-unused">
      <summary>${t("curves.folder.unused", { count: unused })}</summary>
      <ul>
        ${reasons.map(
          ({ message, files, names }) => html`<li key=${message}>
            <span lang="en">${message}</span>${" "}
            ${t("curves.folder.named", { files: t("curves.files", { count: files }), names: namesOf(names, files) })}
          </li>`,
        )}
      </ul>
    </details>
  `;
}

const namesOf = (names, files) => [...names, ...(files > names.length ? ["…"] : [])].join(", ");

function MakeSet({ workspace }) {
  const [key] = useState(newKey);
  const make = async (form, chosen) => {
    form.append("workspace_key", workspace.key);
    const { curve_set: curveSet } = await post(SETS, form, { headers: { "Idempotency-Key": `${key}-${chosen}` } });
    const page = `/w/${workspace.id}/light-curves/${curveSet.id}`;
    goTo(page);
    followImport(curveSet, page);
  };
  return html`<${Stars} workspace=${workspace} act=${t("curves.folder.make")} onChosen=${make} />`;
}

/** Whose files are read: `onChosen` gets a form that says so, and the choice. */
function Stars({ workspace, act, onChosen }) {
  const [chosen, setChosen] = useState("");
  const listed = useData(
    () => get("/api/training/datasets", { workspace_key: workspace.key }).then(({ datasets }) => datasets),
    [workspace.key],
  );
  const choose = async () => {
    const form = new FormData();
    form.append("server_folder", "true");
    if (chosen !== ALL) form.append("dataset_id", chosen);
    await onChosen(form, chosen);
  };
  return html`
    <${Field} id="folder-dataset" label=${t("curves.folder.dataset")} help=${t("curves.folder.datasetHelp")}>
      ${(common) => html`<select ...${common} value=${chosen} onChange=${(event) => setChosen(event.target.value)}>
        <option value="">${t("curves.match.choose")}</option>
        ${(listed.data ?? []).map((each) => html`<option key=${each.id} value=${each.id}>${each.name}</option>`)}
        <option value=${ALL}>${t("curves.folder.all")}</option>
      </select>`}
    <//>
    <div class="actions">
      <${ActionButton} class="primary" disabled=${chosen === ""} onAct=${choose}>${act}<//>
    </div>
  `;
}
