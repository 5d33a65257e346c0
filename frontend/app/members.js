// The members of a workspace: who added them, their roles; its owner adds, changes and removes them.

import { get, post, remove } from "../lib/api.js";
import { useData } from "../lib/data.js";
import { html, useState } from "../lib/html.js";
import { date, t } from "../lib/i18n.js";
import { explain, notifyError } from "../lib/notices.js";
import { settings } from "../lib/settings.js";
import { ConfirmButton, Dialog, Field, Loaded } from "../ui/basics.js";

const ROLES = ["editor", "viewer"];

/** @param {{workspace: object, onClose: () => void}} properties */
export function MembersDialog({ workspace, onClose }) {
  const path = `/api/workspaces/${encodeURIComponent(workspace.key)}/members`;
  const members = useData(() => get(path), [path]);
  const mayChange = workspace.role === "owner" && workspace.mayEdit;
  return html`
    <${Dialog} title=${t("workspaces.membersOf", { name: workspace.name })} onClose=${onClose}>
      <${Loaded} of=${members}>
        ${(data) => html`
          <p>${t("workspaces.ownedBy", { owner: data.owner })}</p>
          ${data.details.length === 0 && html`<p class="hint">${t("workspaces.noMembers")}</p>`}
          <ul class="plain members">
            ${data.details.map(
              (member) => html`<${Member}
                key=${member.user}
                member=${member}
                path=${path}
                mayChange=${mayChange}
                onChanged=${members.setData}
              />`,
            )}
          </ul>
          ${mayChange && html`<${NewMember} path=${path} onAdded=${members.setData} />`}
        `}
      <//>
    <//>
  `;
}

function Member({ member, path, mayChange, onChanged }) {
  const { user, role } = member;
  const isSelf = user === settings.get().user?.name;
  const change = async (event) => {
    try {
      onChanged(await post(path, { user, role: event.target.value }));
    } catch (error) {
      event.target.value = role;
      notifyError(error);
    }
  };
  return html`
    <li class="row between" data-test=${`member-${user}`}>
      <div>
        <strong>${user}</strong>${isSelf && html` <span class="hint">${t("workspaces.you")}</span>`}
        <p class="hint">${addedText(member)}</p>
      </div>
      ${mayChange
        ? html`<div class="actions">
            <select class="role" aria-label=${t("workspaces.roleOf", { user })} value=${role} onChange=${change}>
              <${RoleOptions} chosen=${role} />
            </select>
            <${ConfirmButton}
              class="quiet"
              aria-label=${t("workspaces.removeNamed", { user })}
              question=${t("workspaces.removeQuestion", { user })}
              consequence=${t("workspaces.removeConsequence")}
              confirm=${t("remove")}
              onConfirm=${async () => onChanged(await remove(`${path}/${encodeURIComponent(user)}`))}
              >${t("remove")}<//
            >
          </div>`
        : html`<span class="badge">${t(`role.${role}`)}</span>`}
    </li>
  `;
}

function RoleOptions({ chosen }) {
  return ROLES.map(
    (role) => html`<option key=${role} value=${role} selected=${role === chosen}>${t(`role.${role}`)}</option>`,
  );
}

function addedText({ added_by: who, added_at: when }) {
  if (!when) return t("workspaces.addedBefore");
  return who ? t("workspaces.addedBy", { who, when: date(when) }) : t("workspaces.addedOn", { when: date(when) });
}

function NewMember({ path, onAdded }) {
  const [user, setUser] = useState("");
  const [role, setRole] = useState("editor");
  const [error, setError] = useState(null);
  const add = async (event) => {
    event.preventDefault();
    try {
      onAdded(await post(path, { user: user.trim(), role }));
      setUser("");
      setError(null);
    } catch (caught) {
      setError(explain(caught));
    }
  };
  return html`
    <form class="stack" onSubmit=${add}>
      <${Field}
        id="member"
        label=${t("workspaces.addMember")}
        help=${t("workspaces.addHelp")}
        error=${error}
        input=${{
          value: user,
          required: true,
          autocomplete: "off",
          onInput: (event) => setUser(event.target.value),
        }}
      />
      <${Field} id="member-role" label=${t("workspaces.role")} help=${t(`role.${role}.may`)}>
        ${(common) => html`<select ...${common} value=${role} onChange=${(event) => setRole(event.target.value)}>
          <${RoleOptions} chosen=${role} />
        </select>`}
      <//>
      <div class="actions end"><button class="primary">${t("add")}</button></div>
    </form>
  `;
}
