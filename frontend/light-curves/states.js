// What a curve set and its newest import are in the middle of.

/** Whether files of a set are being read, or wait for it. */
export function isUnderWay({ job }) {
  return job !== null && (job.status === "pending" || job.status === "running");
}

/** The share of its files that an import has read; null while it waits, or nothing is known of its first file. */
export function shareOf({ status, progress }) {
  return status === "running" && progress > 0 ? progress : null;
}
