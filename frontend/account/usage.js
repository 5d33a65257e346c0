// What is used of what the server allows a user; a warning before a quota is full.

import { account, refreshAccount } from "../lib/account.js";
import { html, useEffect } from "../lib/html.js";
import { fileSize, number, percent, t } from "../lib/i18n.js";
import { useStore } from "../lib/store.js";
import { Progress } from "../ui/basics.js";

/** The quotas, as GET /api/me names them. */
export const QUOTAS = ["stored_bytes", "waiting_sessions", "workspaces", "analyses", "tokens"];

const NEARLY = 0.9;

/** Whether more than nine tenths are used. */
export function isNearlyUsed({ used, allowed }) {
  return used > NEARLY * allowed;
}

/** Whether one of the quotas is nearly used; not while they are unknown. */
export function isAnyNearlyUsed(usage) {
  return usage !== null && QUOTAS.some((name) => usage[name] && isNearlyUsed(usage[name]));
}

/** All quotas, each as a bar with its numbers in words. */
export function UsageList() {
  const usage = useUsage();
  if (usage === null) return null;
  return html`
    <ul class="plain stack tight">
      ${QUOTAS.filter((name) => usage[name]).map(
        (name) => html`<li key=${name}><${UsageBar} name=${name} use=${usage[name]} /></li>`,
      )}
    </ul>
  `;
}

/**
 * One quota, always shown.
 *
 * @param {{of: string}} properties one of `QUOTAS`
 */
export function Usage({ of: name }) {
  const use = useUsage()?.[name];
  return use ? html`<${UsageBar} name=${name} use=${use} />` : null;
}

/** A warning if more than nine tenths of a quota are used, else nothing. */
export function UsageWarning({ of: name }) {
  const use = useUsage()?.[name];
  return use && isNearlyUsed(use) ? html`<${Warning} name=${name} use=${use} />` : null;
}

function UsageBar({ name, use }) {
  const { used, allowed } = use;
  const label = t(`usage.${name}`);
  return html`
    <div class="usage stack tight" data-test=${`usage-${name}`}>
      <p class="row between">
        <span>${label}</span>
        <span>${t("usage.of", { used: written(name, used), allowed: written(name, allowed) })}</span>
      </p>
      <${Progress} isQuiet share=${allowed > 0 ? Math.min(1, used / allowed) : 1} label=${label} />
      ${isNearlyUsed(use) && html`<${Warning} name=${name} use=${use} />`}
    </div>
  `;
}

function Warning({ name, use: { used, allowed } }) {
  const key = used >= allowed ? "full" : "nearly";
  const share = percent(Math.min(used / allowed, 1), 0);
  return html`<p class="message warning" data-test="usage-warning">
    ${t(`usage.${name}.${key}`, { share })} ${t(`usage.${name}.advice`)}
  </p>`;
}

function written(name, value) {
  return name === "stored_bytes" ? fileSize(value) : number(value);
}

/** The numbers of now: they are asked for anew where they are shown. */
function useUsage() {
  useEffect(() => {
    refreshAccount().catch(() => {}); // what is known stays
  }, []);
  return useStore(account, (state) => state.usage);
}
