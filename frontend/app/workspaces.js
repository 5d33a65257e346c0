// Choose, create, share, leave or delete a workspace.

import { account, refreshAccount } from "../lib/account.js";
import { patch, post, remove } from "../lib/api.js";
import { useDraft } from "../lib/data.js";
import { html, useEffect, useState } from "../lib/html.js";
import { date, fileSize, t } from "../lib/i18n.js";
import { explain, notify, notifyError } from "../lib/notices.js";
import { goTo } from "../lib/router.js";
import { settings } from "../lib/settings.js";
import { useStore } from "../lib/store.js";
import { useTitle } from "../lib/title.js";
import { deletedFor, notifyDeleted } from "../lib/undo.js";
import { UsageWarning } from "../account/usage.js";
import { DeletedWorkspaces } from "../bin/deleted-workspaces.js";
import { ConfirmButton, Copyable, Field, PageHead } from "../ui/basics.js";
import { RenameButton } from "../ui/rename.js";
import { RoleBadge } from "../ui/role-badge.js";
import { MembersDialog } from "./members.js";

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
  const isReadOnly = useStore(account, ({ token }) => Boolean(token?.read_only));
  const list = workspaces.data;
  return html`
    <${PageHead} title=${t("workspaces.title")}><p>${t("workspaces.lead")}</p><//>
    <div class="stack">
      <div class="grid">
        ${list.map((each) => html`<${WorkspaceCard} key=${each.id} workspace=${each} onChange=${workspaces.reload} />`)}
      </div>
      <${DeletedWorkspaces} of=${list} mayEdit=${!isReadOnly} />
      ${isReadOnly
        ? html`<p class="message">${t("looking.token")}</p>`
        : html`<${NewWorkspace} isFirst=${list.length === 0} onCreated=${workspaces} />`}
    </div>
  `;
}

function WorkspaceCard({ workspace, onChange }) {
  const [isSharing, setSharing] = useState(false);
  const isOwner = workspace.role === "owner";
  const seesAudit = isOwner || settings.get().user?.is_admin;
  const path = `/api/workspaces/${encodeURIComponent(workspace.key)}`;
  const erase = async () => {
    await remove(path);
    notifyDeleted(() => t("workspaces.deleted", { name: workspace.name }), "workspace", workspace.id);
    onChange();
  };
  const rename = async (name) => {
    await patch(path, { name });
    onChange();
  };
  const leave = async () => {
    await remove(`${path}/members/${encodeURIComponent(settings.get().user.name)}`);
    notify(() => t("workspaces.left", { name: workspace.name }));
    onChange();
  };
  return html`
    <article class="card stack">
      <div class="row between">
        <h2><a href=${`#/w/${workspace.id}/datasets`}>${workspace.name}</a></h2>
        <${RoleBadge} role=${workspace.role} />
      </div>
      <p class="hint">
        ${t("workspaces.owner", { owner: workspace.owner, when: date(workspace.created_at) })} ·${" "}
        ${t("workspaces.stored", { size: fileSize(workspace.stored_bytes) })}
      </p>
      <div>
        <span class="hint">${t("workspaces.key")}</span>
        <${Copyable} text=${workspace.key} label=${t("workspaces.key")} />
      </div>
      <div class="actions">
        <a class="button primary" href=${`#/w/${workspace.id}/datasets`}>${t("workspaces.open")}</a>
        <button type="button" onClick=${() => setSharing(true)}>${t("workspaces.members")}</button>
        <a class="button" href=${`#/w/${workspace.id}/bin`}>${t("bin.title")}</a>
        ${seesAudit && html`<a class="button" href=${`#/w/${workspace.id}/audit`}>${t("audit.title")}</a>`}
        ${!isOwner &&
        workspace.lookingBecause !== "token" &&
        html`<${ConfirmButton}
          class="danger"
          question=${t("workspaces.leaveQuestion", { name: workspace.name })}
          consequence=${t("workspaces.leaveConsequence", { owner: workspace.owner })}
          confirm=${t("workspaces.leave")}
          onConfirm=${leave}
          >${t("workspaces.leave")}<//
        >`}
        ${isOwner && workspace.mayEdit && html`<${RenameButton} name=${workspace.name} onRename=${rename} />`}
        ${isOwner &&
        workspace.mayEdit &&
        html`<${ConfirmButton}
          class="danger"
          question=${t("workspaces.deleteQuestion", { name: workspace.name })}
          consequence=${`${t("workspaces.deleteConsequence")} ${deletedFor()}`}
          onConfirm=${erase}
          >${t("delete")}<//
        >`}
      </div>
      ${isSharing &&
      html`<${MembersDialog} workspace=${workspace} onClose=${() => setSharing(false)} />`}
    </article>
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
      refreshAccount().catch(() => {});
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
      <${UsageWarning} of="workspaces" />
      <div class="actions"><button class="primary">${t("workspaces.create")}</button></div>
    </form>
  `;
}

