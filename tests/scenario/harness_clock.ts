/**
 * A clock for scenarios: it stands still while anything else is under way, so that a schedule runs the
 * same way on a busy machine as on an idle one.
 *
 * Everything in a scenario happens in microtasks, but for Web Crypto, which works in threads of its
 * own. Counting its calls tells when all that could happen has happened.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import { FakeClock } from "../support/clock.ts";

let underWay = 0;

/** Counts the calls of Web Crypto that have not come back. */
function count(name: string): void {
  const methods = SubtleCrypto.prototype as unknown as Record<
    string,
    (...args: unknown[]) => Promise<unknown>
  >;
  const original = methods[name]!;
  methods[name] = function (this: unknown, ...args) {
    underWay++;
    return original.apply(this, args).finally(() => underWay--);
  };
}

[
  "generateKey",
  "importKey",
  "exportKey",
  "encapsulateBits",
  "decapsulateBits",
  "encrypt",
  "decrypt",
  "sign",
  "verify",
].filter((name) => name in SubtleCrypto.prototype).forEach(count);

/** Time that moves only when nothing else does. */
export class HarnessClock extends FakeClock {
  /** Lets everything run that can run without time passing. */
  override async settle(): Promise<void> {
    do await new Promise((next) => setImmediate(next)); while (underWay > 0);
  }
}
