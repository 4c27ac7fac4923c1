/**
 * Why DNS gave no answer, where Deno's `node:dns` says the same of several causes.
 *
 * @module
 */
// Not "node:dns/promises": some versions of Deno warn of that on standard error.
import { resolveNs } from "node:dns";
import { Failure } from "../../errors.ts";

/**
 * Looks closer at a failure of DNS; returns any other as it is.
 *
 * @param host one that was looked up.
 */
export async function lookCloserAtDns(failure: Failure, host: string): Promise<Failure> {
  const domain = host.slice(host.lastIndexOf(".") + 1);
  const isReally = failure.reason === "dns-unknown-cluster"
    // A DNS server that fails or refuses is told like one that knows no such name.
    ? await isWorking(domain)
    // A DNS server that cannot be reached is told like one that may not be asked.
    : failure.reason !== "dns-denied" || await isDenied(domain);
  return isReally ? failure : new Failure("dns-failed", {}, { cause: failure.cause });
}

/** True if the domain can be looked up: `net` for `cluster0.abcde.mongodb.net`. */
function isWorking(domain: string): Promise<boolean> {
  return new Promise((resolve) => resolveNs(domain, (error) => resolve(error === null)));
}

async function isDenied(domain: string): Promise<boolean> {
  try {
    await Deno.resolveDns(domain, "NS");
    return false;
  } catch (error) {
    return error instanceof Deno.errors.NotCapable;
  }
}
