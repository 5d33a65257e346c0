// The limits beyond which a diagnostic is flagged: docs/MODEL_TRAINING_GUIDE.md, "Reading a prediction".

// In Earth radii; a larger body is not a planet.
const LARGEST_PLANET = 22;

// Below this a single event is not significant.
const WEAKEST_TRANSIT = 3;

// A density ratio off by more than this factor is flagged; half of the confirmed KOIs lie between 0.5 and 1.7.
const FAR_OFF = 5;

/**
 * The diagnostics, each with its reading.
 *
 * @param {object} diagnostics as the API gives them
 * @returns {{name: string, value: number | boolean | null, unit: string | null, reading: string,
 *   isWarning: boolean}[]} `reading`: "unknown", or a word of the dictionary
 */
export function readDiagnostics(diagnostics) {
  const { density_ratio, planet_radius, is_grazing, single_transit_snr, relative_duration } = diagnostics;
  return [
    read("density_ratio", density_ratio, densityReading),
    read(
      "planet_radius",
      planet_radius,
      (radius) => (radius > LARGEST_PLANET ? "high" : "fine"),
      "earthRadii",
    ),
    read("is_grazing", is_grazing, (is) => (is ? "high" : "fine")),
    read("single_transit_snr", single_transit_snr, (snr) => (snr < WEAKEST_TRANSIT ? "low" : "fine")),
    read("relative_duration", relative_duration, () => "fine"),
  ];
}

function densityReading(ratio) {
  if (ratio < 1 / FAR_OFF) return "low";
  return ratio > FAR_OFF ? "high" : "fine";
}

function read(name, value, readingOf, unit = null) {
  if (value === null || value === undefined)
    return { name, value: null, unit, reading: "unknown", isWarning: false };
  const reading = readingOf(value);
  return { name, value, unit, reading, isWarning: reading !== "fine" };
}
