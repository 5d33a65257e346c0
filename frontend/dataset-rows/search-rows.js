// Finds a row of a long, paged list by a number that increases along it, such as its line.

const WINDOW = 100;

/**
 * The position of the first row at or after a value.
 *
 * @param {(offset: number, limit: number) => Promise<object[]>} rowsAt
 * @param {number} total of the rows
 * @param {"line" | "row"} field
 * @param {number} wanted
 * @param {number} density about how many rows of the list there are for each step of that number
 * @returns {Promise<number>} `total` if every row is before it
 */
export async function findPosition(rowsAt, total, field, wanted, density) {
  let [from, to] = [0, total];
  let guess = wanted * density;
  for (let round = 0; from < to; round += 1) {
    const start = between(from, guess - WINDOW / 2, to - WINDOW);
    const rows = await rowsAt(start, WINDOW);
    if (!rows.length) return start;
    const [first, last] = [rows[0][field], rows[rows.length - 1][field]];
    if (wanted > last) from = start + rows.length;
    else if (wanted > first) return start + rows.findIndex((row) => row[field] >= wanted);
    else if (start === from || wanted === first) return start;
    else to = start;
    // Interpolation is fast on even lists; bisection every other round bounds the rest.
    guess = round % 2 ? (from + to) / 2 : start + (wanted - first) * density;
  }
  return from;
}

function between(low, value, high) {
  return Math.max(low, Math.min(Math.floor(value), high));
}
