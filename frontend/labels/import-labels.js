// Imports labels from CSV as votes of one's own; what is wrong in the file is shown with its line.

import { post } from "../lib/api.js";
import { html, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { DropZone } from "../ui/drop-zone.js";
import { Failure, problemText } from "../ui/basics.js";

/** @param {{path: string, onTaken: (answer: object) => void}} properties */
export function ImportLabels({ path, onTaken }) {
  const [isSkipping, setSkipping] = useState(false);
  const [state, setState] = useState({ isBusy: false, error: null, answer: null });
  const send = async ([file]) => {
    if (state.isBusy) return;
    setState({ isBusy: true, error: null, answer: null });
    const form = new FormData();
    form.append("file", file);
    try {
      const answer = await post(path, form, { query: { skip_unknown: isSkipping ? 1 : null } });
      onTaken(answer);
      setState({ isBusy: false, error: null, answer });
    } catch (error) {
      setState({ isBusy: false, error, answer: null });
    }
  };
  const { isBusy, error, answer } = state;
  return html`
    <section class="card stack" aria-labelledby="import-title">
      <h2 id="import-title">${t("labels.import")}</h2>
      <p class="hint">${t("labels.import.help")}</p>
      <label class="row">
        <input type="checkbox" checked=${isSkipping} onChange=${(event) => setSkipping(event.target.checked)} />
        <span>${t("labels.import.skip")}</span>
      </label>
      <${DropZone} onFiles=${send} accept=".csv,text/csv" button=${t("labels.import.pick")} isSingle>
        ${() => html`<p role="status">${t(isBusy ? "labels.import.busy" : "labels.import.drop")}</p>`}
      <//>
      ${error && html`<p>${t("labels.import.nothing")}</p><${Failure} error=${error} />`}
      ${answer && html`<${Taken} answer=${answer} />`}
    </section>
  `;
}

function Taken({ answer: { changed, unknown, unknown_count: unknownCount, undecided } }) {
  return html`
    <div class="message" role="status">
      <p>${t("labels.import.taken", { count: changed })}</p>
      ${undecided > 0 && html`<p>${t("labels.import.undecided", { count: undecided })}</p>`}
      ${unknownCount > 0 &&
      html`<p>${t("labels.import.unknown", { count: unknownCount })}</p>
        <ul>${unknown.slice(0, 20).map((each) => html`<li key=${each.row}>${problemText(each)}</li>`)}</ul>`}
    </div>
  `;
}
