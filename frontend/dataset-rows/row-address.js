// Keeps the selected row in the address, so that it can be bookmarked.

import { withQuery } from "../lib/api.js";
import { useEffect, useRef, useState } from "../lib/html.js";
import { notifyError } from "../lib/notices.js";
import { currentAddress, goTo } from "../lib/router.js";

// Browsers limit address changes to some hundreds in a few seconds; a held key would exceed that.
const WRITE_AFTER = 250;

/**
 * Goes where the address says, and writes into it which row is chosen. It names a row by `row`, its place
 * among all accepted rows from 0, as the API does; or by `line`, that in the file, which the report does.
 */
export function useRowInAddress({ page, query, label, found, moveToRow, moveToLine }) {
  const { row: wantedRow, line: wantedLine } = query;
  const [isSeeking, setSeeking] = useState(false);
  const written = useRef(null);
  const row = found && String(found.row);
  useEffect(() => {
    if (wantedRow !== undefined && wantedRow === written.current) {
      written.current = null;
      return;
    }
    setSeeking(true);
    const line = whole(wantedLine);
    const move = line === null ? moveToRow(whole(wantedRow) ?? 0) : moveToLine(line);
    move.catch(notifyError).then(() => setSeeking(false));
  }, [label, wantedRow, wantedLine]);
  useEffect(() => {
    if (isSeeking || row === null || row === wantedRow) return undefined;
    const write = () => {
      // The user may have moved to another page meanwhile.
      if (!isStill(page, query)) return;
      written.current = row;
      goTo(withQuery(page, { tab: "rows", label, row }), { replace: true });
    };
    const timer = setTimeout(write, WRITE_AFTER);
    return () => clearTimeout(timer);
  }, [page, label, row, wantedRow, wantedLine, isSeeking]);
}

function isStill(page, query) {
  const now = currentAddress();
  const isSame = (name) => now.query[name] === query[name];
  return now.path === page && ["tab", "label", "row", "line"].every(isSame);
}

function whole(text) {
  return /^\d{1,12}$/.test(text ?? "") ? Number(text) : null;
}
