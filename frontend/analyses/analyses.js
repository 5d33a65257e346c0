// The saved analyses of the workspace.

import { html, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { useLive } from "../lib/live.js";
import { useModels } from "../models/models-state.js";
import { useTitle } from "../lib/title.js";
import { AnalysisCard } from "./analysis-card.js";
import { Empty, Loaded, PageHead } from "../ui/basics.js";

const STEP = 30;

export function Analyses({ workspace }) {
  useTitle(t("nav.analyses"));
  const analyses = useLive("/api/analyses", { workspace_key: workspace.key }, (answer) => answer.analyses);
  const models = useModels(workspace);
  return html`
    <${PageHead} title=${t("nav.analyses")}><p>${t("predict.analyses.lead")}</p><//>
    <${Loaded} of=${analyses}>
      ${(list) =>
        list.length === 0
          ? html`<${NoAnalysis} workspace=${workspace} />`
          : html`<${List}
              list=${list}
              workspace=${workspace}
              models=${models.data}
              onChange=${analyses.setData}
            />`}
    <//>
  `;
}

function NoAnalysis({ workspace }) {
  return html`
    <${Empty} title=${t("predict.analyses.none")}>
      <p>${t("predict.analyses.noneText")}</p>
      <div class="actions">
        <a class="button primary" href=${`#/w/${workspace.id}/predict`}
          >${t("predict.analyses.predictOne")}</a
        >
        <a class="button" href=${`#/w/${workspace.id}/predict/batch`}>${t("predict.analyses.predictMany")}</a>
      </div>
    <//>
  `;
}

function List({ list, workspace, models, onChange }) {
  const [words, setWords] = useState("");
  const [most, setMost] = useState(STEP);
  const wanted = words.trim().toLowerCase();
  const found = list.filter(({ title, note }) => `${title}\n${note}`.toLowerCase().includes(wanted));
  return html`
    <div class="stack">
      ${list.length > 5 &&
      html`<div class="field analysis-search" role="search">
        <label for="analysis-search">${t("predict.analyses.search")}</label>
        <input
          id="analysis-search"
          type="search"
          value=${words}
          onInput=${(event) => setWords(event.target.value)}
        />
      </div>`}
      <p class="hint" role="status">${t("predict.analyses.count", { count: found.length })}</p>
      <ul class="plain stack">
        ${found.slice(0, most).map(
          (each) =>
            html`<li key=${each.id}>
              <${AnalysisCard}
                analysis=${each}
                workspace=${workspace}
                models=${models}
                onChanged=${(changed) => onChange(list.map((old) => (old.id === changed.id ? changed : old)))}
                onDeleted=${() => onChange(list.filter((old) => old.id !== each.id))}
              />
            </li>`,
        )}
      </ul>
      ${found.length > most &&
      html`<div class="actions">
        <button type="button" onClick=${() => setMost(most + STEP)}>${t("more")}</button>
      </div>`}
    </div>
  `;
}
