/**
 * Makes the calls of Web Crypto one after the other. Its threads finish in any order, and with them the
 * two sides of a simulated chat would act in any order: a seed would not replay.
 *
 * @module
 */
const METHODS = ["importKey", "encrypt", "decrypt", "sign", "verify"];

const methods = SubtleCrypto.prototype as unknown as Record<
  string,
  (...args: unknown[]) => Promise<unknown>
>;
let last: Promise<unknown> = Promise.resolve();
for (const name of METHODS) {
  const original = methods[name]!;
  methods[name] = function (this: unknown, ...args) {
    // The caller may wipe its bytes as soon as this returns.
    const copies = args.map((arg) => arg instanceof Uint8Array ? arg.slice() : arg);
    const result = last.then(() => original.apply(this, copies));
    last = result.catch(() => {});
    return result;
  };
}
