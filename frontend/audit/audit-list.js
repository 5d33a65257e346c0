// The entries of an audit log: the newest first, older ones on demand.

import { get } from "../lib/api.js";
import { useData } from "../lib/data.js";

const PAGE = 50;

/**
 * @param {string | null} key of a workspace; null: the whole server
 * @param {string | null} action only entries of this kind
 * @returns {{entries: object[] | null, error: Error | null, hasMore: boolean, loadMore: () => Promise<void>,
 *   reload: () => void}}
 */
export function useAudit(key, action) {
  const ask = (cursor) => get("/api/audit", { workspace_key: key, action, limit: PAGE, cursor });
  const { data, error, reload, setData } = useData(() => ask(null), [key, action]);
  const loadMore = async () => {
    const older = await ask(data.next_cursor);
    setData({ ...older, entries: [...data.entries, ...older.entries] });
  };
  return {
    entries: data?.entries ?? null,
    error,
    hasMore: Boolean(data?.next_cursor),
    loadMore,
    reload,
  };
}
