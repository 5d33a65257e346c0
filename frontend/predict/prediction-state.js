// A candidate's prediction and its curve, asked for together.

import { post } from "../lib/api.js";
import { useEffect, useRef, useState } from "../lib/html.js";
import { useLatest } from "../lib/latest.js";
import { withPatience } from "../lib/patience.js";
import { sendWithCurve } from "./curve/sent.js";

/**
 * @typedef {object} Question
 * @property {string} workspaceKey
 * @property {number | null} modelId null: the current one
 * @property {string | null} source null: that of the model's training data
 * @property {object} candidate
 * @property {{dataset_id: number, row: number}} [datasetRow] the row of a dataset that the candidate is, whose
 *   relations the model is told
 * @property {number} [lightCurve] the number of the light curve that goes with it: of `keep` in `curve/sent.js`
 * @property {object} [result] what is known of the candidate as a row of a table
 * @property {string} [base] what it is a variant of
 */

/**
 * Asks the server.
 *
 * @param {Question} question
 * @param {AbortSignal} signal ends the sending of a light curve
 * @returns {Promise<{question: Question, prediction: object, curve: object, modelId: number,
 *   source: string, lightCurve: object | null}>} `modelId` and `source` that were used; `lightCurve` is what the
 *   files say that came with the candidate
 */
export async function askPrediction(question, signal) {
  const { workspaceKey, modelId, source, candidate, datasetRow, lightCurve } = question;
  const related = datasetRow && { dataset_row: datasetRow };
  const asked = { workspace_key: workspaceKey, model_id: modelId, source, ...candidate, ...related };
  const answer = await (lightCurve ? sendWithCurve(lightCurve, asked, signal) : post("/api/predict", asked));
  const { predictions, model_id: usedModel, source: usedSource, light_curve: found } = answer;
  const curve = await post("/api/curve", { source: usedSource, ...candidate });
  const used = { modelId: usedModel, source: usedSource, lightCurve: found };
  return { question, prediction: predictions[0], curve, ...used };
}

const NOTHING = { answer: null, isCurrent: false, error: null, isBusy: false, isStopped: false, wait: null };

/**
 * The answer to a question that may change often: the newest wins, the last one stays meanwhile.
 *
 * @param {Question | null} question
 * @param {{delay?: number}} options milliseconds without a change before it is asked
 * @returns {{answer: any, isCurrent: boolean, error: Error | null, isBusy: boolean, isStopped: boolean,
 *   wait: object | null, retry: () => void, stop: () => void}} `isCurrent` if the answer is that to this question,
 *   not to one before; `isStopped` if `stop` was called before the answer came, which asks no more until `retry`;
 *   `wait` while the predictor is not ready, as `withPatience` reports it
 */
export function usePrediction(question, { delay = 0 } = {}) {
  const key = useSettled(question === null ? null : JSON.stringify(question), delay);
  const [wait, setWait] = useState(null);
  const asking = useRef(null); // {key, control} of the last request
  const abort = () => {
    if (asking.current?.key === key) asking.current.control.abort();
  };
  // The response to a replaced question is no longer needed.
  useEffect(() => abort, [key]);
  const stopped = useRef(null); // the question that is not to be asked, not even when the server is back
  const load = (asked) => {
    if (asked === stopped.current) throw new DOMException("Stopped", "AbortError");
    const control = new AbortController();
    asking.current = { key: asked, control };
    const { signal } = control;
    return withPatience(() => askPrediction(JSON.parse(asked), signal), { onWait: setWait, signal });
  };
  const latest = useLatest(load, key);
  const stop = () => {
    stopped.current = key;
    abort();
  };
  const retry = () => {
    stopped.current = null;
    latest.reload();
  };
  if (question === null) return { ...NOTHING, retry, stop };
  const isCurrent = latest.data !== null && JSON.stringify(latest.data.question) === key;
  const isStopped = !isCurrent && latest.key === key && stopped.current === key;
  return {
    answer: latest.data,
    isCurrent,
    error: isStopped ? null : latest.error,
    isBusy: latest.isLoading,
    isStopped,
    wait,
    retry,
    stop,
  };
}

/** A value once it has not changed for some time. */
function useSettled(value, delay) {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    if (delay === 0 || value === null) {
      setSettled(value);
      return undefined;
    }
    const timer = setTimeout(() => setSettled(value), delay);
    return () => clearTimeout(timer);
  }, [value, delay]);
  return settled;
}
