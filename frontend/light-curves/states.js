// What a curve set and its newest import are in the middle of.

export const SETS = "/api/light-curves";

/** Whether files of a set are being read, or wait for it. */
export function isUnderWay({ job }) {
  return job !== null && (job.status === "pending" || job.status === "running");
}
