// What this browser remembers: token, language, colours. Sign-out forgets the token.

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

/** Forgets who was signed in, and what was typed. */
export function signOut() {
  sessionStorage.clear();
  settings.set({ token: null, user: null, workspaceId: null });
}

const prefersDark = matchMedia("(prefers-color-scheme: dark)");

prefersDark.addEventListener("change", () => applyTheme(settings.get().theme));

/** Applies the chosen colours to the page: "auto" follows the system. */
export function applyTheme(theme) {
  const own = prefersDark.matches ? "dark" : "light";
  document.documentElement.dataset.theme = theme === "auto" ? own : theme;
}
