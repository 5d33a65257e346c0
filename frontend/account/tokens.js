// Tokens: the list, and revoking one.

import { get, remove } from "../lib/api.js";
import { refreshAccount } from "../lib/account.js";
import { useData } from "../lib/data.js";
import { html } from "../lib/html.js";
import { date, dateTime, t } from "../lib/i18n.js";
import { notify } from "../lib/notices.js";
import { ConfirmButton, Loaded } from "../ui/basics.js";
import { NewToken } from "./new-token.js";

/** @param {{user: object, current: object | null}} properties `current` is the token of this browser */
export function Tokens({ user, current }) {
  const tokens = useData(() => get("/api/tokens").then((answer) => answer.tokens), []);
  const mayChange = !current?.read_only;
  const change = () => {
    tokens.reload();
    refreshAccount().catch(() => {});
  };
  return html`
    <section class="card stack">
      <div>
        <h2 id="tokens-title" tabindex="-1">${t("tokens.title")}</h2>
        <p class="hint">${t(user.is_admin ? "tokens.helpAdmin" : "tokens.help")}</p>
      </div>
      <${Loaded} of=${tokens}>
        ${(list) =>
          list.length === 0
            ? html`<p class="hint">${t("tokens.none")}</p>`
            : html`<${TokenTable} list=${list} user=${user} current=${current} onRevoked=${mayChange && change} />`}
      <//>
    </section>
    ${mayChange
      ? html`<${NewToken} user=${user} onCreated=${change} />`
      : html`<p class="message">${t("looking.token")}</p>`}
  `;
}

function TokenTable({ list, user, current, onRevoked }) {
  const columns = ["name", ...(user.is_admin ? ["user"] : []), "hint", "created", "used", "expires"];
  return html`
    <div class="table-scroll whole" tabindex="0" role="region" aria-labelledby="tokens-title">
      <table data-test="tokens">
        <thead>
          <tr>
            ${columns.map((name) => html`<th key=${name} scope="col">${t(`tokens.${name}`)}</th>`)}
            ${onRevoked && html`<td></td>`}
          </tr>
        </thead>
        <tbody>
          ${list.map(
            (token) => html`<${TokenRow}
              key=${token.id}
              token=${token}
              showsUser=${user.is_admin}
              isCurrent=${token.id === current?.id}
              onRevoked=${onRevoked}
            />`,
          )}
        </tbody>
      </table>
    </div>
  `;
}

function TokenRow({ token, showsUser, isCurrent, onRevoked }) {
  const name = token.name ?? t("tokens.unnamed", { id: String(token.id) });
  const revoke = async () => {
    await remove(`/api/tokens/${token.id}`);
    notify(() => t("tokens.revoked", { name }));
    onRevoked();
    document.querySelector("#tokens-title")?.focus(); // the button that was pressed is gone
  };
  return html`
    <tr data-test=${`token-${token.id}`}>
      <th scope="row">
        ${name} ${token.read_only && html`<span class="badge">${t("tokens.readOnly")}</span>`}
        ${isCurrent && html`<span class="badge current">${t("tokens.this")}</span>`}
      </th>
      ${showsUser && html`<td>${token.user}</td>`}
      <td><code>${token.hint}…</code></td>
      <td><${Day} at=${token.created_at} /></td>
      <td>${token.last_used_at ? html`<${Day} at=${token.last_used_at} />` : t("tokens.neverUsed")}</td>
      <td><${Expiry} at=${token.expires_at} /></td>
      ${onRevoked &&
      html`<td>
        <${ConfirmButton}
          class="quiet"
          aria-label=${t("tokens.revokeNamed", { name })}
          question=${t("tokens.revokeQuestion", { name })}
          consequence=${t(isCurrent ? "tokens.revokeThis" : "tokens.revokeConsequence", { user: token.user })}
          confirm=${t("tokens.revoke")}
          onConfirm=${revoke}
          >${t("tokens.revoke")}<//
        >
      </td>`}
    </tr>
  `;
}

function Day({ at }) {
  return html`<time datetime=${at} title=${dateTime(at)}>${date(at)}</time>`;
}

function Expiry({ at }) {
  if (!at) return t("tokens.noExpiry");
  if (Date.parse(at) > Date.now()) return html`<${Day} at=${at} />`;
  return html`<span class="badge warning">${t("tokens.expired")}</span>`;
}
