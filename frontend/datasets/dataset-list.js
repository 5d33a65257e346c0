// The datasets of a workspace, newest first, with the actions for each.

import { html, useEffect, useRef, useState } from "../lib/html.js";
import { date, dateTime, fileSize, t } from "../lib/i18n.js";
import { ClassCounts } from "./class-counts.js";
import { DeleteDataset } from "./delete-dataset.js";
import { isReadAsSaid } from "./read-as.js";

const SHOWN = 30;
// A list this short needs no search.
const SEARCHED_FROM = 8;

/**
 * @param {object} properties
 * @param {object[]} properties.list datasets as the API lists them
 * @param {{id: number}} properties.workspace
 * @param {() => void} properties.onChange one was deleted
 */
export function DatasetList({ list, workspace, onChange }) {
  const [search, setSearch] = useState("");
  const [shown, setShown] = useState(SHOWN);
  const heading = useRef(null);
  useFocusAfterDelete(heading, list.length);
  const wanted = search.trim().toLowerCase();
  const found = wanted ? list.filter(({ name }) => name.toLowerCase().includes(wanted)) : list;
  return html`
    <section class="stack" aria-labelledby="datasets-title">
      <div class="row between">
        <h2 id="datasets-title" tabindex="-1" ref=${heading}>
          ${t("datasets.list.title", { count: list.length })}
        </h2>
        ${list.length >= SEARCHED_FROM &&
        html`<input
          type="search"
          class="dataset-search"
          aria-label=${t("datasets.list.search")}
          placeholder=${t("datasets.list.search")}
          value=${search}
          onInput=${(event) => setSearch(event.target.value)}
        />`}
      </div>
      <p class=${found.length ? "visually-hidden" : "hint"} role="status">
        ${wanted && t("datasets.list.found", { count: found.length })}
      </p>
      ${found.slice(0, shown).map(
        (each) => html`<${DatasetCard}
          key=${each.id}
          dataset=${each}
          workspace=${workspace}
          onChange=${onChange}
        />`,
      )}
      ${found.length > shown &&
      html`<div><button type="button" onClick=${() => setShown(shown + SHOWN)}>${t("more")}</button></div>`}
    </section>
  `;
}

/** The delete button disappears with its dataset, so the focus moves to the heading. */
function useFocusAfterDelete(heading, count) {
  const last = useRef(count);
  useEffect(() => {
    if (count < last.current && document.activeElement === document.body) heading.current.focus();
    last.current = count;
  }, [count]);
}

function DatasetCard({ dataset, workspace, onChange }) {
  const page = `#/w/${workspace.id}/datasets/${dataset.id}`;
  return html`
    <article class="card dataset-card" data-test="dataset">
      <div>
        <h3><a href=${page}>${dataset.name}</a></h3>
        <p class="hint"><${DatasetFacts} dataset=${dataset} /></p>
      </div>
      <${ClassCounts} counts=${dataset.class_counts} />
      ${workspace.mayEdit &&
      html`<div class="actions">
        <a class="button" href=${`#/w/${workspace.id}/train?dataset=${dataset.id}`}>${t("datasets.train")}</a>
        <${DeleteDataset} dataset=${dataset} workspace=${workspace} onDeleted=${onChange} />
      </div>`}
    </article>
  `;
}

/** The format, rows, size and date of a dataset on one line. */
export function DatasetFacts({ dataset }) {
  const { num_rejected: leftOut, uploaded_at: when } = dataset;
  const facts = [
    t(`datasets.source.${dataset.source}`),
    t("datasets.samples", { count: dataset.num_samples }),
    leftOut > 0 && t("datasets.leftOut", { count: leftOut }),
    fileSize(dataset.file_size),
    isReadAsSaid(dataset) && t("datasets.readAs.fact"),
  ].filter(Boolean);
  return html`${facts.join(" · ")} · <time datetime=${when} title=${dateTime(when)}>${date(when)}</time>`;
}
