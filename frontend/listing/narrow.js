// Whether the window has room for a table.

import { useEffect, useState } from "../lib/html.js";

const NARROW = "(max-width: 44rem)";

/** True where rows are shown as cards; the component renders again when it changes. */
export function useNarrow() {
  const [isNarrow, setNarrow] = useState(() => matchMedia(NARROW).matches);
  useEffect(() => {
    const media = matchMedia(NARROW);
    const take = () => setNarrow(media.matches);
    take();
    media.addEventListener("change", take);
    return () => media.removeEventListener("change", take);
  }, []);
  return isNarrow;
}
