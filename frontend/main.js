// The page starts here: the language and the colours first, then the frame with the page inside.

import { html, render } from "./lib/html.js";
import { preferredLanguage, showLanguage } from "./lib/i18n.js";
import { applyTheme, settings } from "./lib/settings.js";
import { Frame } from "./app/frame.js";

applyTheme(settings.get().theme);
await showLanguage(preferredLanguage());
render(html`<${Frame} />`, document.getElementById("app"));
