/**
 * A proxy, and what can go wrong at it. Nothing here loads the driver.
 *
 * @module
 */
import type { ProxyKind } from "../../failure_reasons.ts";

/** A proxy. */
export interface Proxy {
  readonly kind: ProxyKind;
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly user?: string;
  readonly password?: string;
  /** True for a login that was made up to tell chats apart. */
  readonly isRandom?: boolean;
}

/** At which step a proxy failed; read by the table of errors. */
export type ProxyProblem =
  | { readonly at: "greeting" | "protocol"; readonly kind: ProxyKind }
  | { readonly at: "login"; readonly given: boolean }
  | { readonly at: "rules" }
  | { readonly at: "relay"; readonly why: "refused" | "unreachable" | "silent" };

/** A proxy that did not connect. */
export class ProxyError extends Error {
  override readonly name = "ProxyError";

  constructor(readonly problem: ProxyProblem) {
    super(`The proxy failed: ${Deno.inspect(problem)}`);
  }
}

/** The proxies of this process, by the name under which the driver knows each. */
const proxies = new Map<string, Proxy>();

/** The name under which {@link proxyNamed} finds a proxy. */
export function nameOfProxy(proxy: Proxy): string {
  const known = [...proxies].find(([, other]) => other === proxy)?.[0];
  if (known !== undefined) return known;
  const name = crypto.randomUUID();
  proxies.set(name, proxy);
  return name;
}

/** The proxy that {@link nameOfProxy} named. */
export function proxyNamed(name: string): Proxy | undefined {
  return proxies.get(name);
}

/**
 * The proxy with a random login, unless it has one: Tor uses one circuit for equal logins and another
 * one for every other (`IsolateSOCKSAuth`).
 */
export function withOwnCircuit(proxy: Proxy): Proxy {
  if (proxy.kind === "http" || proxy.user !== undefined) return proxy;
  return { ...proxy, user: crypto.randomUUID(), password: crypto.randomUUID(), isRandom: true };
}

/** Whether an error arose while connecting to a proxy itself. */
export function isAtProxy(message: string): boolean {
  return [...proxies.values()].some(({ host, port }) =>
    message.includes(`:${port}`) || message.includes(`getaddrinfo`) && message.includes(host)
  );
}
