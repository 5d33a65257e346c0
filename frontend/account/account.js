// The account: who is signed in, what is used, the tokens.

import { account } from "../lib/account.js";
import { html } from "../lib/html.js";
import { dateTime, t } from "../lib/i18n.js";
import { useStore } from "../lib/store.js";
import { useTitle } from "../lib/title.js";
import { PageHead } from "../ui/basics.js";
import { Tokens } from "./tokens.js";
import { UsageList } from "./usage.js";

export function Account() {
  useTitle(t("account.title"));
  const { user, token } = useStore(account);
  if (!user) return null;
  const actions = user.is_admin && html`<a class="button" href="#/audit">${t("audit.ofServer")}</a>`;
  return html`
    <${PageHead} title=${t("account.title")} actions=${actions}>
      <p>${t(user.is_admin ? "account.admin" : "account.user", { user: user.name })} ${tokenText(token)}</p>
    <//>
    <div class="stack">
      <section class="card stack" aria-labelledby="usage-title" data-test="usage">
        <div>
          <h2 id="usage-title">${t("usage.title")}</h2>
          <p class="hint">${t("usage.help")}</p>
        </div>
        <${UsageList} />
      </section>
      <${Tokens} user=${user} current=${token} />
    </div>
  `;
}

function tokenText(token) {
  if (token === null) return t("account.configured");
  const named = token.name ? t("account.token", { name: token.name }) : t("account.tokenId", { id: String(token.id) });
  const until = token.expires_at && t("account.until", { when: dateTime(token.expires_at) });
  const readOnly = token.read_only && t("account.readOnly");
  return [named, until, readOnly].filter(Boolean).join(" ");
}
