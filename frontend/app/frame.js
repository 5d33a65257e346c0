// The frame of every page: the header with navigation, notices, the banner while the server is unreachable.

import { account, refreshAccount, withRights } from "../lib/account.js";
import { connection } from "../lib/connection.js";
import { html, useEffect, useErrorBoundary, useMemo, useRef, useState } from "../lib/html.js";
import { dictionary, LANGUAGES, showLanguage, t } from "../lib/i18n.js";
import { notifyError } from "../lib/notices.js";
import { useLive } from "../lib/live.js";
import { pause } from "../lib/pause.js";
import { match, useAddress } from "../lib/router.js";
import { applyTheme, settings, signOut } from "../lib/settings.js";
import { useStore } from "../lib/store.js";
import { useProgressInTitle } from "../lib/title.js";
import { useWatch } from "../lib/watch.js";
import { isAnyNearlyUsed } from "../account/usage.js";
import { ROUTES } from "./routes.js";
import { NotFound } from "../ui/not-found.js";
import { Notices } from "./notices.js";
import { SignIn } from "./sign-in.js";
import { Loaded } from "../ui/basics.js";
import { RoleBadge } from "../ui/role-badge.js";
import { useSecondsTo } from "../ui/waiting.js";

const SECTIONS = [
  ["datasets", ["datasets"]],
  ["light-curves", ["light-curves"]],
  ["sessions", ["sessions", "train", "compare"]],
  ["studies", ["studies"]],
  ["models", ["models"]],
  ["predict", ["predict"]],
  ["analyses", ["analyses"]],
];

export function Frame() {
  const { language } = useStore(dictionary);
  const token = useStore(settings, (state) => state.token);
  return html`
    <a class="skip" href="#main" onClick=${skip}>${t("skip")}</a>
    <${Banner} />
    ${token ? html`<${SignedIn} key=${`${token}${language}`} />` : html`<${SignedOut} key=${language} />`}
  `;
}

function SignedOut() {
  return html`
    <header class="top">
      <${Brand} href="#/" />
      <${Settings} />
      <${Notices} />
    </header>
    <main id="main"><${SignIn} /></main>
  `;
}

function SignedIn() {
  const address = useAddress();
  const workspaces = useWorkspaces();
  const route = match(ROUTES, address.path);
  const id = route?.parameters.workspace;
  const workspace = workspaces.data?.find((each) => each.id === id);
  useWatch(workspace);
  const isUnknown = id !== undefined && workspaces.data !== null && !workspace;
  useEffect(() => {
    if (isUnknown) workspaces.reload(); // it may have been shared since the list was asked for
  }, [isUnknown, id]);
  useProgressInTitle();
  useEffect(() => {
    if (workspace) settings.set({ workspaceId: workspace.id });
  }, [workspace]);
  const main = useRef(null);
  useFocusOnHeading(main, address.path);
  const head = useRef(null);
  useHeightOf(head);
  const [isOpen, setOpen] = useState(false);
  useEffect(() => setOpen(false), [address.path]);
  const leave = (event) => event.key === "Escape" && setOpen(false);
  return html`
    <header class="top ${isOpen ? "open" : ""}" ref=${head} onKeyDown=${leave}>
      <${Brand} href="#/" />
      ${workspace && html`<${WorkspaceName} workspace=${workspace} />`}
      <button type="button" class="menu" aria-expanded=${isOpen} onClick=${() => setOpen(!isOpen)}>
        ${t("nav.menu")}
      </button>
      ${workspace && html`<${Navigation} workspace=${workspace} path=${address.path} />`}
      <${Settings} isSignedIn />
      <${Notices} path=${address.path} />
    </header>
    <main id="main" ref=${main}>
      <${Loaded} of=${workspaces}>
        ${() => html`<${Page} route=${route} address=${address} workspace=${workspace} workspaces=${workspaces} />`}
      <//>
    </main>
  `;
}

/** The workspaces of the user, each with what may be done in it. */
function useWorkspaces() {
  const token = useStore(account, (state) => state.token);
  const listed = useLive("/api/workspaces", {}, (answer) => answer.workspaces);
  useEffect(() => {
    refreshAccount().catch(() => {});
  }, []);
  const data = useMemo(() => listed.data?.map((each) => withRights(each, token)) ?? null, [listed.data, token]);
  return { ...listed, data };
}

/** The page at the address; if it fails, it says so and the frame stays usable. */
function Page({ route, address, workspace, workspaces }) {
  const [error, reset] = useErrorBoundary((caught) => console.error(caught));
  useEffect(reset, [address.path]);
  if (error) {
    return html`<div class="message error" role="alert">
      <p>${t("error.page")}</p>
      <button type="button" onClick=${() => location.reload()}>${t("reload")}</button>
    </div>`;
  }
  if (!route || ("workspace" in route.parameters && !workspace)) return html`<${NotFound} />`;
  return html`<${route.page}
    key=${address.path}
    ...${route.parameters}
    workspace=${workspace}
    workspaces=${workspaces}
    query=${address.query}
  />`;
}

function Brand({ href }) {
  return html`<a class="brand" href=${href}><img src="/static/icon.svg" width="26" height="26" alt="" />exotrain</a>`;
}

function WorkspaceName({ workspace }) {
  return html`<span class="workspace-choice">
    <a class="workspace-name" href="#/workspaces" title=${t("nav.workspaces")}>${workspace.name}</a>
    ${workspace.role !== "owner" && html`<${RoleBadge} role=${workspace.role} />`}
  </span>`;
}

function Navigation({ workspace, path }) {
  const section = path.split("/")[3];
  return html`
    <nav aria-label=${t("nav.main")}>
      ${SECTIONS.map(
        ([name, sections]) => html`<a
          key=${name}
          href=${`#/w/${workspace.id}/${name}`}
          aria-current=${sections.includes(section) ? "page" : undefined}
          >${t(`nav.${name}`)}</a
        >`,
      )}
    </nav>
  `;
}

function Settings({ isSignedIn }) {
  const { theme } = useStore(settings);
  const { language } = useStore(dictionary);
  const changeLanguage = (event) => {
    settings.set({ language: event.target.value });
    showLanguage(event.target.value).catch(notifyError);
  };
  const changeTheme = (event) => {
    settings.set({ theme: event.target.value });
    applyTheme(event.target.value);
  };
  return html`
    <div class="settings">
      <select aria-label=${t("settings.language")} value=${language} onChange=${changeLanguage}>
        ${Object.entries(LANGUAGES).map(([code, name]) => html`<option value=${code} lang=${code}>${name}</option>`)}
      </select>
      <select aria-label=${t("settings.theme")} value=${theme} onChange=${changeTheme}>
        ${["auto", "light", "dark"].map((each) => html`<option value=${each}>${t(`theme.${each}`)}</option>`)}
      </select>
      ${isSignedIn && html`<${AccountLink} />`}
      ${isSignedIn && html`<button type="button" class="quiet" onClick=${signOut}>${t("signOut")}</button>`}
    </div>
  `;
}

/** The user's name, with a sign if the token is read-only or a quota is nearly used. */
function AccountLink() {
  const { user, token, usage } = useStore(account);
  if (!user) return null;
  return html`<a class="account-link" href="#/account" title=${t("account.title")}>
    <span class="account-name">${user.name}</span>
    ${token?.read_only && html`<span class="badge">${t("tokens.readOnly")}</span>`}
    ${isAnyNearlyUsed(usage) &&
    html`<span class="badge warning">
      <span aria-hidden="true">!</span><span class="visually-hidden">${t("usage.nearly")}</span>
    </span>`}
  </a>`;
}

function Banner() {
  const isLost = useStore(connection, (state) => state.lost);
  const until = useStore(pause, (state) => state.until);
  return html`<div role="status">
    ${isLost
      ? html`<p class="banner">${t("error.banner")}</p>`
      : until !== null && html`<p class="banner">${t("error.busy")} <${Countdown} until=${until} /></p>`}
  </div>`;
}

/** Not for a screen reader, which would read every second. */
function Countdown({ until }) {
  return html`<span aria-hidden="true">${t("error.busy.seconds", { count: useSecondsTo(until) })}</span>`;
}

/** What sticks below the header is placed by its height, which its lines and notices change. */
function useHeightOf(head) {
  useEffect(() => {
    const take = () => document.documentElement.style.setProperty("--top-height", `${head.current.offsetHeight}px`);
    const observer = new ResizeObserver(take);
    observer.observe(head.current);
    return () => observer.disconnect();
  }, []);
}

function skip(event) {
  // The address after the # names a page, not a place in it.
  event.preventDefault();
  document.querySelector("main h1")?.focus();
}

/**
 * After a change of page the focus moves to its heading, so that a screen reader reads it: as soon as there
 * is one, then to its replacement when the page has loaded, unless the user has moved the focus meanwhile.
 */
function useFocusOnHeading(main, path) {
  const isFirst = useRef(true);
  useEffect(() => {
    if (isFirst.current) {
      isFirst.current = false;
      return undefined;
    }
    scrollTo(0, 0);
    const before = document.activeElement;
    let heading = null;
    const follow = () => {
      const now = main.current?.querySelector("h1");
      const isWaiting = [heading ?? before, document.body].includes(document.activeElement);
      if (!now || now === heading || !isWaiting) return;
      heading = now;
      heading.focus({ preventScroll: true });
    };
    follow();
    const observer = new MutationObserver(follow);
    observer.observe(main.current, { childList: true, subtree: true });
    return () => observer.disconnect();
  }, [path]);
}
