// The document title: the page, and the progress of a session.

import { useEffect } from "./html.js";
import { percent, t } from "./i18n.js";
import { shareOf } from "./progress.js";
import { watched } from "./watch.js";

let page = "";
let missing = "";

/** Names the page in the document's title. */
export function useTitle(title) {
  useEffect(() => {
    page = title;
    write();
  }, [title]);
}

/** Says in the title that nothing is there, whatever the page around names itself. */
export function useTitleOfNothing(title) {
  useEffect(() => {
    missing = title;
    write();
    return () => {
      missing = "";
      write();
    };
  }, [title]);
}

/** Shows the progress in the title: "42% · Sessions", "…" while it evaluates; "2 ended · Sessions" while hidden. */
export function useProgressInTitle() {
  useEffect(() => {
    write();
    return watched.subscribe(write);
  }, []);
}

function write() {
  const { sessions, unseen } = watched.get();
  const training = (sessions ?? []).find((each) => each.status === "training");
  const parts = [];
  if (unseen) parts.push(t("title.ended", { count: unseen }));
  if (training) {
    const share = shareOf(training);
    parts.push(share === null ? "…" : percent(Math.floor(share * 100) / 100, 0));
  }
  document.title = [...parts, missing || page, "exotrain"].filter(Boolean).join(" · ");
}
