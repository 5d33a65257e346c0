// Which networks read light curves, and which curve set a form asks for.

/** The sets that have been read: only these can be learnt from. */
export const readable = (sets) => sets.filter(({ number }) => number > 0);

/** The network that a curve set is for where nobody has chosen one. */
export const readingNetwork = (networks) => networks.find((each) => each.takes_curves) ?? null;

/** The names of the networks that a form would train: in a grid or a search there may be several. */
export function networksOf({ network, values: { settings, space } }) {
  const others = settings?.map((each) => each.network) ?? space?.network?.choices ?? [];
  return [...new Set([network.name, ...others.filter(Boolean)])];
}

/**
 * What a form asks for, and whether it may.
 *
 * A set stays chosen while none of the networks reads it: it is not sent, and comes back with a network that does.
 *
 * @param {object} properties
 * @param {string | null} properties.chosen the id of a set, as it is kept
 * @param {object[]} properties.sets as the API lists them
 * @param {object[]} properties.networks
 * @param {string[]} properties.names of the networks that would be trained
 * @returns {{sets: object[], set: object | null, isRead: boolean, isIdle: boolean, isLost: boolean,
 *   isMissing: boolean}} `set`: the one to send; `isIdle`: one is chosen that nobody would read; `isLost`: the
 *   chosen one is gone; `isMissing`: a network needs one
 */
export function curvesOf({ chosen, sets, networks, names }) {
  const offered = readable(sets);
  const found = offered.find(({ id }) => String(id) === chosen) ?? null;
  const isRead = networks.some(({ name, takes_curves: reads }) => reads && names.includes(name));
  return {
    sets: offered,
    set: isRead ? found : null,
    isRead,
    isIdle: !isRead && found !== null,
    isLost: Boolean(chosen) && found === null,
    isMissing: isRead && found === null,
  };
}

/**
 * What changes in a form when a set is chosen, or none.
 *
 * @param {string} id of the set; "" for none
 * @param {{network: object, networks: object[], isRead: boolean}} form
 */
export function choosingSet(id, { network, networks, isRead }) {
  if (id === "") return { curve_set: null, ...(network.takes_curves ? { network: null } : {}) };
  // What is said, lest the base of a grid change to the network that is the default with a set.
  return { curve_set: id, network: isRead ? network.name : (readingNetwork(networks)?.name ?? null) };
}
