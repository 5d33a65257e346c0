// Candidates to try the form with. Invented: plausible numbers, of no real object.

export const EXAMPLES = {
  hotJupiter: {
    period: "3.52", duration: "3.01", depth: "12800", impact: "0.35", snr: "210",
    steff: "6050", srad: "1.16", slogg: "4.37", tmag: "10.9",
  },
  smallPlanet: {
    period: "11.4", duration: "3.1", depth: "520", impact: "0.25", snr: "24",
    steff: "4900", srad: "0.76", slogg: "4.6", tmag: "12.8",
  },
  longPeriod: {
    period: "289", duration: "11.6", depth: "8100", impact: "0.2", snr: "95",
    steff: "5600", srad: "0.97", slogg: "4.44", tmag: "13.4",
  },
  eclipsingBinary: {
    period: "2.64", duration: "3.4", depth: "148000", impact: "0.78", snr: "1900",
    steff: "6300", srad: "1.4", slogg: "4.2", tmag: "12.1",
  },
  blend: {
    period: "1.72", duration: "6.1", depth: "860", impact: "0.6", snr: "64",
    steff: "5700", srad: "0.98", slogg: "4.45", tmag: "12.5",
  },
  transitOnly: {
    period: "6.8", duration: "2.9", depth: "1450", impact: "", snr: "",
    steff: "", srad: "", slogg: "", tmag: "",
  },
};
