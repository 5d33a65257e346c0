// Starts the page: the language and the theme first, then the frame.

import { html, render } from "./lib/html.js";
import { preferredLanguage, showLanguage } from "./lib/i18n.js";
import { applyTheme, settings } from "./lib/settings.js";
import { Frame } from "./app/frame.js";

applyTheme(settings.get().theme);
await showLanguage(preferredLanguage(settings.get().language, navigator.languages));
render(html`<${Frame} />`, document.getElementById("app"));
