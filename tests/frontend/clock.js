// A clock that moves only when a test moves it.

/**
 * Takes the place of the timers and of `Date.now` until the test ends; time begins at 0.
 *
 * @param {import("node:test").TestContext} context
 * @returns {{tick: (milliseconds: number) => void}}
 */
export function stoppedClock(context) {
  let now = 0;
  let timers = [];
  context.mock.method(Date, "now", () => now);
  context.mock.method(globalThis, "setTimeout", (run, wait) => {
    const timer = { run, at: now + wait };
    timers.push(timer);
    return timer;
  });
  context.mock.method(globalThis, "clearTimeout", (timer) => {
    timers = timers.filter((each) => each !== timer);
  });
  return {
    tick(milliseconds) {
      now += milliseconds;
      const due = timers.filter(({ at }) => at <= now);
      timers = timers.filter(({ at }) => at > now);
      for (const { run } of due) run();
    },
  };
}
