/**
 * The guarantees of `src/relay/relay.ts` as tests that every store has to pass. A store's own test
 * file says how a relay of its kind is opened, and adds what it alone can do.
 *
 * @module
 */
import { Harness, type RelayFixture } from "./harness.ts";
import { envelopes } from "./envelopes.ts";
import { epochs } from "./epochs.ts";
import { expiry } from "./expiry.ts";
import { failing } from "./failing.ts";
import { inspecting } from "./inspecting.ts";
import { leaving } from "./leaving.ts";
import { seats } from "./seats.ts";
import { watching } from "./watching.ts";

export { envelope, randomName, Recorder, type RelayFixture } from "./harness.ts";

/** What a store's test file may set. */
export interface ContractOptions {
  /** Skips every test of the suite, by name. */
  readonly ignore?: boolean;
  /** Deno's leak sanitizers, for a relay that outlives a test. Default: on. */
  readonly sanitizeOps?: boolean;
  readonly sanitizeResources?: boolean;
}

/** Registers the suite for the store called `name`. */
export function relayContract(
  name: string,
  open: () => Promise<RelayFixture>,
  options: ContractOptions = {},
): void {
  /** A relay with clients that are closed whatever happens. */
  function guarantee(what: string, run: (harness: Harness) => Promise<void>): void {
    Deno.test({
      name: `${name}: ${what}`,
      ...options,
      async fn() {
        const harness = new Harness(await open());
        try {
          await run(harness);
        } finally {
          await harness.close();
        }
      },
    });
  }

  seats(guarantee);
  epochs(guarantee);
  envelopes(guarantee);
  expiry(guarantee);
  leaving(guarantee);
  watching(guarantee);
  failing(guarantee);
  inspecting(guarantee);
}
