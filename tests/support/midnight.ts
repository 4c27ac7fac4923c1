/**
 * Runs Whisper on a day that ends at SIGURG: what it shows of the time is moved, for the screens and
 * tests of the day line. Clocks themselves stay, and leases with them.
 *
 *     deno run -A tests/support/midnight.ts new --local
 *
 * @module
 */

/** The day seems to end so long after the start until the signal says when. */
const AHEAD_MS = 60_000;
let midnight = Date.now() + AHEAD_MS;
Deno.addSignalListener("SIGURG", () => midnight = Date.now());

const original = {
  toDateString: Date.prototype.toDateString,
  toLocaleDateString: Date.prototype.toLocaleDateString,
  toTimeString: Date.prototype.toTimeString,
};

/** A time as far from the end of the day as it is from `midnight`. */
function moved(date: Date): Date {
  const end = new Date(midnight);
  end.setHours(24, 0, 0, 0);
  return new Date(date.getTime() - midnight + end.getTime());
}

Date.prototype.toDateString = function () {
  return original.toDateString.call(moved(this));
};
Date.prototype.toLocaleDateString = function (...args: unknown[]) {
  return original.toLocaleDateString.apply(moved(this), args as []);
};
Date.prototype.toTimeString = function () {
  return original.toTimeString.call(moved(this));
};

await import("../../main.ts");
