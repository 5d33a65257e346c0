// Sign in with a token, which stays in this browser until sign-out.

import { call } from "../lib/api.js";
import { html, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { explain } from "../lib/notices.js";
import { settings } from "../lib/settings.js";
import { useTitle } from "../lib/title.js";
import { Field } from "../ui/basics.js";

export function SignIn() {
  useTitle(t("signIn.title"));
  const [token, setToken] = useState("");
  const [error, setError] = useState(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    try {
      const headers = { Authorization: `Bearer ${token.trim()}` };
      const { user } = await call("GET", "/api/me", { headers });
      settings.set({ token: token.trim(), user });
    } catch (caught) {
      setError(caught.status === 401 ? t("signIn.refused") : explain(caught));
      setBusy(false);
    }
  };
  return html`
    <form class="sign-in card stack" onSubmit=${submit}>
      <h1 tabindex="-1">${t("signIn.title")}</h1>
      <p class="lead">${t("signIn.lead")}</p>
      <${Field}
        id="token"
        label=${t("signIn.token")}
        help=${t("signIn.help")}
        error=${error}
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
