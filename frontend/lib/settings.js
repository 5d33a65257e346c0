// The settings that this browser keeps: token, language, colours. Sign-out forgets the token.

import { createStore } from "./store.js";

const KEY = "exotrain.settings";

const DEFAULTS = { token: null, user: null, language: null, theme: "auto", workspaceId: null };

function read() {
  try {
    return { ...DEFAULTS, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
  } catch {
    return { ...DEFAULTS }; // a browser that keeps nothing, or something else under that name
  }
}

export const settings = createStore(read());

settings.subscribe((state) => {
  try {
    localStorage.setItem(KEY, JSON.stringify(state));
  } catch {
    // It works until the page is closed.
  }
});

// Changed in another tab: signing out there signs out here too.
addEventListener("storage", (event) => {
  if (event.key !== KEY && event.key !== null) return;
  const { token, user } = read();
  if (!token) forgetWork();
  settings.set({ token, user });
});

/** Forgets who was signed in, and what was typed. */
export function signOut() {
  forgetWork();
  settings.set({ token: null, user: null, workspaceId: null });
}

/** Signs in; another user than the last one finds nothing of that one, whose token may have expired. */
export function signIn(token, user) {
  const last = settings.get().user;
  if (last && last.name !== user.name) {
    forgetWork();
    settings.set({ workspaceId: null });
  }
  settings.set({ token, user });
}

/** What was typed is kept in this tab; what was asked, such as a candidate, in the address. */
function forgetWork() {
  sessionStorage.clear();
  location.replace("#/");
}

/** Calls a function on sign-out, so that nothing is left for the next user of this browser. */
export function whenSignedOut(forget) {
  settings.subscribe(({ token }) => !token && forget());
}

const prefersDark = matchMedia("(prefers-color-scheme: dark)");

prefersDark.addEventListener("change", () => applyTheme(settings.get().theme));

/** Applies the chosen colours to the page: "auto" follows the system. */
export function applyTheme(theme) {
  const own = prefersDark.matches ? "dark" : "light";
  document.documentElement.dataset.theme = theme === "auto" ? own : theme;
}
