// Sessions side by side: settings that differ, metrics, and whether the test stars are the same.

import { html, useMemo } from "../lib/html.js";
import { useCompared } from "./compared.js";
import { t } from "../lib/i18n.js";
import { useStore } from "../lib/store.js";
import { watched } from "../lib/watch.js";
import { goTo } from "../lib/router.js";
import { useTitle } from "../lib/title.js";
import { Empty, PageHead } from "../ui/basics.js";
import { ComparedCurves } from "./compared-curves.js";
import { ComparedDifferences } from "./compared-differences.js";
import { ComparedFigures } from "./compared-figures.js";
import { ComparedSessions } from "./compared-sessions.js";
import { ComparedSettings } from "./compared-settings.js";
import { SameStars } from "./same-stars.js";

export function Compare({ workspace, query }) {
  useTitle(t("training.compare.title"));
  const ids = useMemo(() => idsOf(query.ids), [query.ids]);
  const compared = useCompared(ids, workspace);
  const found = compared.filter((each) => each.session);
  const change = (next) => goTo(`/w/${workspace.id}/compare?ids=${next.join(",")}`, { replace: true });
  return html`
    <${PageHead}
      title=${t("training.compare.title")}
      back=${{ href: `#/w/${workspace.id}/sessions`, text: t("training.sessions") }}
      >${ids.length < 2 && html`<p>${t("training.compare.lead")}</p>`}<//
    >
    <div class="stack">
      <${ComparedSessions}
        workspace=${workspace}
        compared=${compared}
        onAdd=${(id) => change([...ids, id])}
        onRemove=${(id) => change(ids.filter((each) => each !== id))}
      />
      ${ids.length < 2 &&
      html`<${Empty} title=${t("training.compare.few")}><${FewText} workspace=${workspace} ids=${ids} /><//>`}
      ${ids.length >= 2 &&
      found.length > 0 &&
      html`
        <${SameStars} workspace=${workspace} compared=${found} />
        <${ComparedFigures} workspace=${workspace} compared=${found} />
        <${ComparedDifferences} workspace=${workspace} compared=${found} />
        <${ComparedCurves} compared=${found} />
        <${ComparedSettings} workspace=${workspace} compared=${found} />
      `}
    </div>
  `;
}

/** Where to find sessions to compare, or that there are none yet. */
function FewText({ workspace, ids }) {
  const sessions = useStore(watched, (state) => (state.key === workspace.key ? state.sessions : null));
  const isNone = sessions !== null && !sessions.some((each) => each.epochs_completed > 0 && !ids.includes(each.id));
  if (!isNone) return html`<p>${t("training.compare.few.text")}</p>`;
  return html`
    <p>${t("training.compare.none")}</p>
    ${workspace.mayEdit &&
    html`<div class="actions">
      <a class="button primary" href=${`#/w/${workspace.id}/train`}>${t("training.new")}</a>
    </div>`}
  `;
}

/** The ids of the address, each once. */
function idsOf(text = "") {
  const ids = text.split(",").filter((each) => /^\d+$/.test(each)).map(Number);
  return [...new Set(ids)];
}
