// In which order a click on a heading sorts.

/** Of a probability the highest ones are looked for. */
const isHighestFirst = (key) => /^p\d$/.test(key);

/**
 * One way, then the other, then as in the file.
 *
 * @param {{key: string, isDescending: boolean}} sort
 * @param {string} key of the column that was clicked
 * @param {{key: string, isDescending: boolean}} inOrder of the file
 */
export function sortAfterClick(sort, key, inOrder) {
  const first = isHighestFirst(key);
  if (sort.key !== key) return { key, isDescending: first };
  return sort.isDescending === first ? { key, isDescending: !first } : inOrder;
}
