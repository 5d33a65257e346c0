// Sign in with a token, which stays in this browser until sign-out.

import { call, dismissal } from "../lib/api.js";
import { html, useMemo, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { explain } from "../lib/notices.js";
import { USUAL_SECONDS } from "../lib/retry-after.js";
import { signIn } from "../lib/settings.js";
import { useStore } from "../lib/store.js";
import { useTitle } from "../lib/title.js";
import { Field } from "../ui/basics.js";
import { useSecondsTo } from "../ui/waiting.js";

export function SignIn() {
  useTitle(t("signIn.title"));
  const [token, setToken] = useState("");
  const [error, setError] = useState(null);
  const [isBusy, setBusy] = useState(false);
  const reason = useStore(dismissal, (state) => state.reason);
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    try {
      const headers = { Authorization: `Bearer ${token.trim()}` };
      const { user } = await call("GET", "/api/me", { headers, isOnce: true });
      dismissal.set({ reason: null });
      signIn(token.trim(), user);
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  return html`
    <form class="sign-in card stack" onSubmit=${submit}>
      <h1 tabindex="-1">${t("signIn.title")}</h1>
      ${reason
        ? html`<p class="message warning" role="alert">${t(`signIn.${reason}`)}</p>`
        : html`<p class="lead">${t("signIn.lead")}</p>`}
      <${Field}
        id="token"
        label=${t("signIn.token")}
        help=${t("signIn.help")}
        error=${error && html`<${Problem} error=${error} />`}
        input=${{
          type: "password",
          autocomplete: "current-password",
          required: true,
          autofocus: true,
          value: token,
          onInput: (event) => setToken(event.target.value),
        }}
      />
      <button class="primary" disabled=${isBusy}>${t("signIn.button")}</button>
    </form>
  `;
}

function Problem({ error }) {
  if (error.status === 401) return t("signIn.unknown");
  if (error.status === 429) return html`<${TooMany} error=${error} />`;
  return explain(error);
}

/** Too many wrong tokens came from this address: how long to wait. The right one is accepted at once. */
function TooMany({ error }) {
  const until = useMemo(() => Date.now() + 1000 * (error.retryAfter ?? USUAL_SECONDS), [error]);
  const left = useSecondsTo(until);
  return left > 0 ? t("signIn.tooMany", { count: left }) : t("signIn.again");
}
