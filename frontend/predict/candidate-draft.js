// The candidate that is typed, kept in this tab; the one that is predicted, in the address.

import { fromQuery, NOTHING_TYPED, readCandidate, toQuery } from "./candidate.js";
import { useDraft } from "../lib/data.js";
import { useEffect, useMemo } from "../lib/html.js";
import { goTo } from "../lib/router.js";

// `address` is the query that the draft was filled from: a reload must not undo what was typed since.
const EMPTY = { ...NOTHING_TYPED, model: "", source: "", address: "" };

/**
 * @param {{id: number, key: string}} workspace
 * @param {object} query of the page's address: the columns, `star`, `model` and `source`
 * @returns {{draft: object, change: (patch: object) => void, question: object | null, address: string,
 *   ask: Function, choose: Function}} `question` is the one that the address asks; `ask` puts a candidate
 *   into the address, which it returns; `choose` a model or a source, for the candidate that is there
 */
export function useCandidateDraft(workspace, query) {
  const [draft, change] = useDraft(`predict.${workspace.id}`, EMPTY);
  const address = new URLSearchParams(query).toString();
  useEffect(() => {
    if (address === "" || address === draft.address) return;
    change({ ...fromQuery(query), model: query.model ?? "", source: query.source ?? "", address });
  }, [address]);
  const question = useMemo(() => questionOf(workspace, query), [workspace.key, address]);
  const show = (next, replace) => {
    change({ address: next });
    goTo(`/w/${workspace.id}/predict${next && `?${next}`}`, { replace });
    return next;
  };
  const ask = (candidate) => show(toQuery(candidate, { model: draft.model, source: draft.source }), false);
  const choose = (chosen) => {
    change(chosen);
    const others = { model: draft.model, source: draft.source, ...chosen };
    show(toQuery(question?.candidate ?? {}, others), true);
  };
  return { draft, change, question, address, ask, choose };
}

function questionOf(workspace, query) {
  const typed = fromQuery(query);
  if (typed === null) return null;
  const { candidate, errors } = readCandidate(typed);
  if (Object.keys(errors).length > 0) return null;
  return {
    workspaceKey: workspace.key,
    modelId: Number(query.model) || null,
    source: query.source || null,
    candidate,
  };
}
