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
  if (!token) sessionStorage.clear();
  settings.set({ token, user });
});

/** Forgets who was signed in, and what was typed. */
export function signOut() {
  sessionStorage.clear();
  settings.set({ token: null, user: null, workspaceId: null });
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
