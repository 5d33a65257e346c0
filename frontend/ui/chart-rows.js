// Which of a plot's points its table shows.

const TABLE_ROWS = 400;

// A line with less than this share of the points would lose most of what it says.
const SPARSE = 0.1;

/**
 * The rows of a table: of many, evenly spaced ones, and all that a line with few points has.
 *
 * @param {number} count of all rows
 * @param {(number | null | undefined)[][]} columns a value a row where the line has one
 * @returns {number[]} increasing
 */
export function rowsOfTable(count, columns) {
  const step = Math.max(1, Math.ceil(count / TABLE_ROWS));
  const isSparse = (column) => column.filter((value) => value != null).length < SPARSE * count;
  const sparse = columns.filter(isSparse);
  const isShown = (row) => row % step === 0 || sparse.some((column) => column[row] != null);
  return Array.from({ length: count }, (_, row) => row).filter(isShown);
}
