/**
 * Whether programs can be compiled here: `deno compile` needs a runtime that it fetches, unless
 * `DENORT_BIN` names one.
 *
 * @module
 */

const HOST = "https://dl.deno.land/";
/** Whether the host answers is known after this many milliseconds. */
const REACHABLE_MS = 3_000;

/**
 * Says why not; undefined where programs can be compiled. Under `CI=true` they can: there no test
 * may be skipped.
 */
export async function whyNoCompiling(): Promise<string | undefined> {
  if (Deno.env.get("DENORT_BIN") || Deno.env.get("CI") === "true") return undefined;
  const signal = AbortSignal.timeout(REACHABLE_MS);
  const answer = await fetch(HOST, { method: "HEAD", signal }).catch(() => undefined);
  await answer?.body?.cancel();
  if (answer?.ok) return undefined;
  return "no DENORT_BIN, and the host of Deno's runtime is not reachable";
}
