// Choose, create, share or delete a workspace.

import { get, post, remove } from "../lib/api.js";
import { useData, useDraft } from "../lib/data.js";
import { html, useEffect, useState } from "../lib/html.js";
import { date, t } from "../lib/i18n.js";
import { explain, notify, notifyError } from "../lib/notices.js";
import { goTo } from "../lib/router.js";
import { settings } from "../lib/settings.js";
import { useTitle } from "../lib/title.js";
import { ActionButton, ConfirmButton, Copyable, Dialog, Field, Loaded, PageHead } from "../ui/basics.js";

/** The address without a page: the workspace that was open last, or the choice of one. */
export function Home({ workspaces }) {
  useEffect(() => {
    const { workspaceId } = settings.get();
    const known = workspaces.data.find((each) => each.id === workspaceId);
    goTo(known ? `/w/${known.id}/datasets` : "/workspaces", { replace: true });
  }, []);
  return null;
}

export function Workspaces({ workspaces }) {
  useTitle(t("workspaces.title"));
  const list = workspaces.data;
  return html`
    <${PageHead} title=${t("workspaces.title")}><p>${t("workspaces.lead")}</p><//>
    <div class="stack">
      <div class="grid">
        ${list.map((each) => html`<${WorkspaceCard} key=${each.id} workspace=${each} onChange=${workspaces.reload} />`)}
      </div>
      <${NewWorkspace} isFirst=${list.length === 0} onCreated=${workspaces} />
    </div>
  `;
}

function WorkspaceCard({ workspace, onChange }) {
  const [isSharing, setSharing] = useState(false);
  const isOwner = workspace.owner === settings.get().user?.name;
  const erase = async () => {
    await remove(`/api/workspaces/${encodeURIComponent(workspace.key)}`);
    notify(t("workspaces.deleted", { name: workspace.name }));
    onChange();
  };
  return html`
    <article class="card stack">
      <h2><a href=${`#/w/${workspace.id}/datasets`}>${workspace.name}</a></h2>
      <p class="hint">${t("workspaces.owner", { owner: workspace.owner, when: date(workspace.created_at) })}</p>
      <div>
        <span class="hint">${t("workspaces.key")}</span>
        <${Copyable} text=${workspace.key} label=${t("workspaces.key")} />
      </div>
      <div class="actions">
        <a class="button primary" href=${`#/w/${workspace.id}/datasets`}>${t("workspaces.open")}</a>
        <button type="button" onClick=${() => setSharing(true)}>${t("workspaces.members")}</button>
        ${isOwner &&
        html`<${ConfirmButton}
          class="danger"
          question=${t("workspaces.deleteQuestion", { name: workspace.name })}
          consequence=${t("workspaces.deleteConsequence")}
          onConfirm=${erase}
          >${t("delete")}<//
        >`}
      </div>
      ${isSharing &&
      html`<${MembersDialog} workspace=${workspace} isOwner=${isOwner} onClose=${() => setSharing(false)} />`}
    </article>
  `;
}

function MembersDialog({ workspace, isOwner, onClose }) {
  const path = `/api/workspaces/${encodeURIComponent(workspace.key)}/members`;
  const members = useData(() => get(path), [path]);
  const [user, setUser] = useState("");
  const [error, setError] = useState(null);
  const add = async (event) => {
    event.preventDefault();
    try {
      members.setData(await post(path, { user: user.trim() }));
      setUser("");
      setError(null);
    } catch (caught) {
      setError(explain(caught));
    }
  };
  const take = async (name) => members.setData(await remove(`${path}/${encodeURIComponent(name)}`));
  return html`
    <${Dialog} title=${t("workspaces.membersOf", { name: workspace.name })} onClose=${onClose}>
      <${Loaded} of=${members}>
        ${(data) => html`
          <p>${t("workspaces.ownedBy", { owner: data.owner })}</p>
          ${data.members.length === 0 && html`<p class="hint">${t("workspaces.noMembers")}</p>`}
          <ul class="plain">
            ${data.members.map(
              (name) => html`<li key=${name} class="row between">
                <span>${name}</span>
                ${isOwner && html`<${ActionButton} class="quiet" onAct=${() => take(name)}>${t("remove")}<//>`}
              </li>`,
            )}
          </ul>
          ${isOwner &&
          html`<form class="stack" onSubmit=${add}>
            <${Field}
              id="member"
              label=${t("workspaces.addMember")}
              help=${t("workspaces.addHelp")}
              error=${error}
              input=${{ value: user, required: true, onInput: (event) => setUser(event.target.value) }}
            />
            <div class="actions end"><button class="primary">${t("add")}</button></div>
          </form>`}
        `}
      <//>
    <//>
  `;
}

function NewWorkspace({ isFirst, onCreated }) {
  const [{ name }, change, forget] = useDraft("workspace", { name: isFirst ? t("workspaces.firstName") : "" });
  const [error, setError] = useState(null);
  const create = async (event) => {
    event.preventDefault();
    try {
      const { workspace } = await post("/api/workspaces", { name });
      forget();
      onCreated.setData([...onCreated.data, workspace]);
      goTo(`/w/${workspace.id}/datasets`);
    } catch (caught) {
      setError(explain(caught));
      notifyError(caught);
    }
  };
  return html`
    <form class="card stack" onSubmit=${create}>
      <h2>${t(isFirst ? "workspaces.first" : "workspaces.new")}</h2>
      <${Field}
        id="workspace-name"
        label=${t("workspaces.name")}
        help=${t("workspaces.nameHelp")}
        error=${error}
        input=${{
          value: name,
          required: true,
          maxlength: 200,
          onInput: (event) => change({ name: event.target.value }),
        }}
      />
      <div class="actions"><button class="primary">${t("workspaces.create")}</button></div>
    </form>
  `;
}

