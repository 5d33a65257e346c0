// Shows the texts of one language, read from the files that the page fetches.

import { readFileSync } from "node:fs";

import { dictionary, readWords } from "../../frontend/lib/i18n.js";

const LOCALES = new URL("../../frontend/locales/", import.meta.url);

export async function speak(language) {
  const read = (subject) => JSON.parse(readFileSync(new URL(`${language}/${subject}.json`, LOCALES), "utf8"));
  dictionary.set({ language, words: await readWords(read) });
}
