// One model of all folds: what it is, the ones that there are, and the button that makes one.

import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { goTo } from "../lib/router.js";
import { useIdempotencyKey } from "../training/session/session-actions-state.js";
import { ActionButton, StatusBadge } from "../ui/basics.js";
import { joinModels } from "./studies-state.js";

/** @param {{workspace: object, study: object}} properties a viewer gets no button */
export function StudyModel({ workspace, study }) {
  const key = useIdempotencyKey();
  const { joined } = study;
  const mayJoin = workspace.mayEdit && study.dataset_id !== null && wholeSeeds(study) > 0;
  if (!mayJoin && joined.length === 0) return null;
  const sessionHref = (id) => `/w/${workspace.id}/sessions/${id}`;
  const join = async () => {
    const session = await joinModels(study.id, key.of(study.id));
    key.renew();
    goTo(sessionHref(session.id));
  };
  return html`<section class="card stack" aria-labelledby="joined">
    <div>
      <h2 id="joined">${t("joined.title")}</h2>
      <p class="hint">${t("joined.lead")}</p>
    </div>
    ${joined.length > 0 &&
    html`<ul class="plain">
      ${joined.map(
        (each) => html`<li key=${each.session_id} class="row">
          <a href=${`#${sessionHref(each.session_id)}`}>${each.model_name}</a>
          <${StatusBadge} status=${each.status} />
          ${each.model_id !== null &&
          html`<a href=${`#/w/${workspace.id}/models/${each.model_id}`}>${t("evaluation.model")}</a>`}
        </li>`,
      )}
    </ul>`}
    ${mayJoin && html`<div><${ActionButton} onAct=${join}>${t("joined.make")}<//></div>`}
  </section>`;
}

/** Of how many seeds every fold has a model. */
function wholeSeeds({ folds, seeds, sessions }) {
  const hasModel = ({ model_id: model }) => model !== null;
  const trained = (seed) => sessions.filter((each) => each.seed === seed && hasModel(each));
  return seeds.filter((seed) => trained(seed).length === folds).length;
}
