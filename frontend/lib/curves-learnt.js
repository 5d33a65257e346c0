// What a session learnt from light curves, of its spec.

/** The networks that read light curves: in a grid others have the same set in their settings, and do not. */
export const READING = ["light_curve_cnn"];

const HASH_DIGITS = 12;

/** The first digits of a hash: enough to tell versions apart. */
export function shortHash(sha256) {
  return sha256.slice(0, HASH_DIGITS);
}

/** The curve set that a session learns from, of its spec: the id and the version's hash; null: from none. */
export function curvesOfSpec({ network, curve_set_id: id, curves_sha256: sha256 }) {
  return id && READING.includes(network) ? { id, sha256: sha256 ?? null } : null;
}
