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
 *
 * A link that is pressed before the chosen row is written writes it first: the link may lead to the row that
 * the address still names, which would be no change, and "back" returns to the row that it was pressed on.
 */
export function useRowInAddress({ page, query, label, found, moveToRow, moveToLine }) {
  const { row: wantedRow, line: wantedLine } = query;
  const [isSeeking, setSeeking] = useState(false);
  const written = useRef(null);
  const sought = useRef(null);
  const row = found && String(found.row);
  useEffect(() => {
    const isOurs = wantedRow !== undefined && wantedRow === written.current;
    written.current = null;
    if (isOurs) return;
    sought.current = query;
    setSeeking(true);
    const line = whole(wantedLine);
    const move = line === null ? moveToRow(whole(wantedRow) ?? 0) : moveToLine(line);
    move.catch(notifyError).then(() => sought.current === query && setSeeking(false));
  }, [query]); // each change of the address gives another one, also if it leads back to the same row
  useEffect(() => {
    if (isSeeking || row === null || row === wantedRow) return undefined;
    const write = () => {
      stop();
      // The user may have moved to another page meanwhile.
      if (!isStill(page, query)) return;
      written.current = row;
      goTo(withQuery(page, { tab: "rows", label, row }), { replace: true });
    };
    const writeForLink = ({ target }) => target.closest("a[href]") && write();
    const timer = setTimeout(write, WRITE_AFTER);
    addEventListener("click", writeForLink, { capture: true });
    const stop = () => {
      clearTimeout(timer);
      removeEventListener("click", writeForLink, { capture: true });
    };
    return stop;
  }, [page, query, label, row, isSeeking]);
}

function isStill(page, query) {
  const now = currentAddress();
  const isSame = (name) => now.query[name] === query[name];
  return now.path === page && ["tab", "label", "row", "line"].every(isSame);
}

function whole(text) {
  return /^\d{1,12}$/.test(text ?? "") ? Number(text) : null;
}
