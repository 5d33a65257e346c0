// Why a session failed, in words, and what to do.

import { html } from "../../lib/html.js";
import { t } from "../../lib/i18n.js";
import { RetryButton } from "./session-actions.js";
import { formHref } from "./session-settings.js";

const GENTLER = 0.1;
const LEAST_RATE = 1e-6;
const LEAST_BATCH = 8;

/** @param {{workspace: object, session: object}} properties the session has failed */
export function SessionFailure({ workspace, session }) {
  const { reason, message } = session.error ?? { reason: "crashed", message: "" };
  return html`
    <section class="message error stack" data-test="failure">
      <h2>${t(`training.failed.${reason}`)}</h2>
      <p>${t(`training.failed.${reason}.advice`)}</p>
      ${message &&
      html`<p class="server-words"><span class="hint">${t("training.serverSays")}</span> ${message}</p>`}
      ${session.dataset_id === null
        ? html`<p>${t("training.failed.noDataset")}</p>`
        : workspace.mayEdit &&
          html`<div class="actions">
            <${Remedy} workspace=${workspace} session=${session} reason=${reason} />
            ${!session.study_id && html`<${RetryButton} workspace=${workspace} session=${session} />`}
          </div>`}
    </section>
  `;
}

/** The change of the settings that most likely helps; the form opens with it filled in. */
function Remedy({ workspace, session, reason }) {
  const { learning_rate, batch_size } = session.spec;
  const to = (changes) => formHref(workspace, session, changes);
  if (reason === "diverged" && learning_rate > LEAST_RATE) {
    const rate = Math.max(LEAST_RATE, Number((learning_rate * GENTLER).toPrecision(6)));
    return html`<${Link} isFirst href=${to({ learning_rate: rate })}>${t("training.remedy.rate")}<//>`;
  }
  if (reason === "out_of_memory" && batch_size > LEAST_BATCH) {
    const half = Math.max(LEAST_BATCH, Math.floor(batch_size / 2));
    return html`<${Link} isFirst href=${to({ batch_size: half })}>${t("training.remedy.batch")}<//>`;
  }
  if (reason === "data") {
    const dataset = `#/w/${workspace.id}/datasets/${session.dataset_id}`;
    return html`
      <${Link} isFirst href=${to({})}>${t("training.remedy.settings")}<//>
      <${Link} href=${dataset}>${t("training.remedy.data")}<//>
    `;
  }
  return null;
}

function Link({ isFirst, href, children }) {
  return html`<a class="button ${isFirst ? "primary" : ""}" href=${href}>${children}</a>`;
}
