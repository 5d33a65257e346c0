// The server is not ready: a countdown to the next attempt.

import { html, useEffect, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";

/** @param {{wait: {until: number, retry: number, retries: number, skip: () => void}}} properties */
export function Waiting({ wait }) {
  const left = useSecondsTo(wait.until);
  return html`
    <div class="message warning waiting">
      <p role="status">${t("predict.wait", { retry: wait.retry, retries: wait.retries })}</p>
      <div class="actions">
        <span>${t("predict.wait.seconds", { count: left })}</span>
        <button type="button" onClick=${wait.skip}>${t("predict.wait.now")}</button>
      </div>
    </div>
  `;
}

/** The whole seconds until a time in milliseconds, counted down. */
export function useSecondsTo(until) {
  const left = () => Math.max(0, Math.ceil((until - Date.now()) / 1000));
  const [seconds, setSeconds] = useState(left);
  useEffect(() => {
    setSeconds(left());
    const timer = setInterval(() => setSeconds(left()), 500);
    return () => clearInterval(timer);
  }, [until]);
  return seconds;
}
