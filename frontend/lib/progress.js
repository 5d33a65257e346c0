// How far a session is, as it is shown: a share only while it grows, and times that pass by the second.

import { useEffect, useRef, useState } from "./html.js";

/**
 * The share of its epochs that a session has done, or null while what remains is no epoch: it prepares,
 * stops after its epoch, or measures the test stars.
 *
 * @param {{status: string, stage?: string | null, request?: string | null, progress: number}} session
 */
export function shareOf({ status, stage, request, progress }) {
  if (status !== "training") return progress;
  return stage === "learning" && !request ? progress : null;
}

// An estimate moves by this much from one epoch to the next.
const USUAL_CHANGE = 0.15;

/**
 * When something will have ended, in milliseconds: the last guess, unless the new one is quite another.
 *
 * @param {number | null} last the guess that is shown
 * @param {number} seconds that remain by the newest estimate
 * @param {number} now in milliseconds
 */
export function steadyEnd(last, seconds, now) {
  const end = now + 1000 * seconds;
  const isNear = last !== null && Math.abs(end - last) <= 1000 * Math.max(3, seconds * USUAL_CHANGE);
  return isNear ? last : end;
}

/** A remaining time without the seconds that nobody can know: to 10 s from a minute, to a minute from ten. */
export function rounded(seconds) {
  const step = seconds >= 600 ? 60 : seconds >= 60 ? 10 : 1;
  return Math.ceil(seconds / step) * step;
}

/** The time in milliseconds; while `isActive`, the component renders again each second. */
export function useNow(isActive) {
  const [, redraw] = useState(0);
  useEffect(() => {
    if (!isActive) return undefined;
    const timer = setInterval(() => redraw((count) => count + 1), 1_000);
    return () => clearInterval(timer);
  }, [isActive]);
  return Date.now();
}

/** The seconds that remain by an estimate, counting down between two estimates; null: not known. */
export function useRemaining(seconds) {
  const now = useNow(seconds !== null);
  const guess = useRef({ seconds: null, end: null });
  if (guess.current.seconds !== seconds) {
    const end = seconds === null ? null : steadyEnd(guess.current.end, seconds, now);
    guess.current = { seconds, end };
  }
  return seconds === null ? null : rounded(Math.max(0, (guess.current.end - now) / 1000));
}
