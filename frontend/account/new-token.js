// Creates a token; its secret is shown once.

import { post } from "../lib/api.js";
import { html, useEffect, useRef, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { Copyable, Failure, Field } from "../ui/basics.js";
import { UsageWarning } from "./usage.js";

const DAYS = [7, 30, 90, 365];
const FOREVER = "";

/** @param {{user: object, onCreated: () => void}} properties */
export function NewToken({ user, onCreated }) {
  const nothing = { name: "", user: user.name, days: "90", isReadOnly: false };
  const [draft, setDraft] = useState(nothing);
  const [state, setState] = useState({ isBusy: false, error: null, created: null });
  const change = (patch) => setDraft({ ...draft, ...patch });
  const create = async (event) => {
    event.preventDefault();
    setState({ isBusy: true, error: null, created: null });
    try {
      setState({ isBusy: false, error: null, created: await post("/api/tokens", requestOf(draft, user)) });
      setDraft(nothing);
      onCreated();
    } catch (error) {
      setState({ isBusy: false, error, created: null });
    }
  };
  const messageOf = (field) => state.error?.errors?.find((each) => each.field === field)?.message;
  const text = (name) => ({
    value: draft[name],
    required: true,
    maxlength: 200,
    autocomplete: "off",
    onInput: (event) => change({ [name]: event.target.value }),
  });
  return html`
    ${state.created &&
    html`<${Secret} token=${state.created} onDone=${() => setState({ ...state, created: null })} />`}
    <form class="card stack" onSubmit=${create} aria-labelledby="new-token-title">
      <h2 id="new-token-title">${t("tokens.new")}</h2>
      ${user.is_admin &&
      html`<${Field}
        id="token-user"
        label=${t("tokens.for")}
        help=${t("tokens.forHelp")}
        error=${messageOf("user")}
        input=${text("user")}
      />`}
      <${Field}
        id="token-name"
        label=${t("tokens.name")}
        help=${t("tokens.nameHelp")}
        error=${messageOf("name")}
        input=${text("name")}
      />
      <${Field} id="token-days" label=${t("tokens.expiry")} error=${messageOf("expires_in_days")}>
        ${(common) => html`<select
          ...${common}
          value=${draft.days}
          onChange=${(event) => change({ days: event.target.value })}
        >
          ${DAYS.map(
            (days) => html`<option key=${days} value=${String(days)} selected=${draft.days === String(days)}>
              ${t("tokens.days", { count: days })}
            </option>`,
          )}
          <option value=${FOREVER} selected=${draft.days === FOREVER}>${t("tokens.noExpiry")}</option>
        </select>`}
      <//>
      <div>
        <label class="check">
          <input
            type="checkbox"
            checked=${draft.isReadOnly}
            aria-describedby="read-only-help"
            onChange=${(event) => change({ isReadOnly: event.target.checked })}
          />
          ${t("tokens.readOnly")}
        </label>
        <p class="help" id="read-only-help">${t("tokens.readOnlyHelp")}</p>
      </div>
      <${UsageWarning} of="tokens" />
      ${state.error && html`<${Failure} error=${state.error} />`}
      <div class="actions">
        <button class="primary" disabled=${state.isBusy} aria-busy=${state.isBusy}>${t("tokens.create")}</button>
      </div>
    </form>
  `;
}

function requestOf({ name, user: wanted, days, isReadOnly }, user) {
  return {
    // Only the administrator names somebody else.
    ...(user.is_admin ? { user: wanted.trim() } : {}),
    name: name.trim(),
    ...(days === FOREVER ? {} : { expires_in_days: Number(days) }),
    read_only: isReadOnly,
  };
}

/** The secret of a new token, until it is put away: the server does not keep it. */
function Secret({ token, onDone }) {
  const box = useRef(null);
  useEffect(() => box.current.focus(), []);
  return html`
    <section class="message good stack" tabindex="-1" ref=${box} aria-labelledby="secret-title" data-test="secret">
      <h2 id="secret-title">${t("tokens.secretFor", { name: token.name ?? String(token.id), user: token.user })}</h2>
      <p>${t("tokens.once")}</p>
      <div><${Copyable} text=${token.token} label=${t("signIn.token")} /></div>
      <div class="actions"><button type="button" onClick=${onDone}>${t("tokens.done")}</button></div>
    </section>
  `;
}
