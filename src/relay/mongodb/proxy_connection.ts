/**
 * The way to a server through a proxy: SOCKS5 (RFC 1928, with the login of RFC 1929) or HTTP CONNECT
 * (RFC 9110). The proxy looks up all names. Importing this file loads the driver.
 *
 * The driver connects to the proxy itself and leaves the rest to the package `socks`, which it looks
 * for at run time. What {@link throughProxy} puts in its place also speaks HTTP, and says which step
 * failed.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { isIP, type Socket } from "node:net";
import type { MongoClientOptions } from "mongodb";
import dependencies from "mongodb/lib/deps.js";
import { nameOfProxy, type Proxy, ProxyError, proxyNamed, type ProxyProblem } from "./proxy.ts";

/** What the proxy is asked to connect to. */
interface Destination {
  readonly host: string;
  readonly port: number;
}

/** What the driver asks of the package `socks`; `userId` is a name of {@link nameOfProxy}. */
interface ConnectionRequest {
  readonly existing_socket: Socket;
  readonly destination: Destination;
  readonly proxy: { readonly userId?: string };
}

/** How long a proxy may take to answer at all. */
const GREETING_MS = 8_000;
/** How long it may take to connect: Tor needs many seconds to reach an onion service. */
const CONNECTING_MS = 45_000;
/** How long the driver looks for a server, which includes all of that. */
const SELECTION_MS = GREETING_MS + CONNECTING_MS;
/** Longer than the answer of any proxy to CONNECT. */
const MAX_ANSWER_BYTES = 16_384;

dependencies.getSocks = () => ({ SocksClient: { createConnection } });

/** Options that make the driver reach every server through this proxy. */
export function throughProxy(proxy: Proxy): MongoClientOptions {
  const key = nameOfProxy(proxy);
  return {
    proxyHost: proxy.host,
    proxyPort: proxy.port,
    proxyUsername: key,
    // The driver wants both or none.
    proxyPassword: key,
    serverSelectionTimeoutMS: SELECTION_MS,
    // The driver would set it on the TLS socket, where Deno 2.6 fails; createConnection sets it.
    noDelay: false,
  };
}

/** What a dialog with a proxy waits for: so many bytes, for so long at most. */
interface Wanted {
  readonly length: number;
  readonly ms: number;
}

/** Ends when the proxy has connected; throws when it does not. */
type Dialog = Generator<Wanted, void, Uint8Array>;

/**
 * Asks a proxy to connect. It ends within the event that brings the last byte: Deno 2.6 asks for more
 * bytes soon after it, and TLS never begins on a socket that is being read.
 */
function createConnection(
  { existing_socket: socket, destination, proxy: { userId = "" } }: ConnectionRequest,
): Promise<{ socket: Socket }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ socket: Socket }>();
  const proxy = proxyNamed(userId);
  if (proxy === undefined) throw new Error("No proxy of this name is known");
  const dialog = (proxy.kind === "socks5" ? askSocks : askHttp)(
    (bytes) => void socket.write(Uint8Array.from(bytes)),
    proxy,
    destination,
  );
  socket.setNoDelay();
  let bytes = new Uint8Array();
  let wanted: Wanted = { length: 0, ms: 0 };
  let timer: ReturnType<typeof setTimeout> | undefined;
  const protocolError = () => new ProxyError({ at: "protocol", kind: proxy.kind });

  const end = (error?: unknown) => {
    clearTimeout(timer);
    socket.pause();
    socket.off("data", onData);
    for (const event of ENDINGS) socket.off(event, onEnd);
    if (error === undefined) return resolve({ socket });
    socket.destroy();
    reject(error);
  };
  const onLate = () =>
    end(
      new ProxyError(
        wanted.ms === CONNECTING_MS
          ? { at: "relay", why: "silent" }
          : { at: "greeting", kind: proxy.kind },
      ),
    );
  const proceed = () => {
    try {
      while (bytes.length >= wanted.length) {
        const given = bytes.slice(0, wanted.length);
        bytes = bytes.slice(wanted.length);
        const step = dialog.next(given);
        // A server waits to be asked: bytes after the answer are not a proxy's.
        if (step.done) return end(bytes.length === 0 ? undefined : protocolError());
        wanted = step.value;
        clearTimeout(timer);
        timer = setTimeout(onLate, wanted.ms);
      }
    } catch (error) {
      end(error);
    }
  };
  const onData = (more: Uint8Array) => {
    bytes = Uint8Array.of(...bytes, ...more);
    proceed();
  };
  const onEnd = () => end(protocolError());
  socket.on("data", onData);
  for (const event of ENDINGS) socket.on(event, onEnd);
  proceed();
  return promise;
}

/** After these a socket says nothing more. */
const ENDINGS = ["end", "close", "error"] as const;

function* askSocks(
  write: (bytes: readonly number[]) => void,
  proxy: Proxy,
  { host, port }: Destination,
): Dialog {
  const failed = () => new ProxyError({ at: "protocol", kind: "socks5" });
  const { user, password = "" } = proxy;
  const methods = user === undefined ? [0] : [0, 2];
  write([5, methods.length, ...methods]);
  const [version, method] = yield { length: 2, ms: GREETING_MS };
  if (version !== 5) throw failed();
  const given = user !== undefined && !proxy.isRandom;
  if (method === 2 && user !== undefined) {
    write([1, ...counted(user), ...counted(password)]);
    const [, status] = yield { length: 2, ms: GREETING_MS };
    if (status !== 0) throw new ProxyError({ at: "login", given });
  } else if (method === 2 || method === 0xff) {
    throw new ProxyError({ at: "login", given });
  } else if (method !== 0) throw failed();
  write([5, 1, 0, ...addressBytes(host), port >> 8, port & 0xff]);
  const [replyVersion, reply = 1, , type] = yield { length: 4, ms: CONNECTING_MS };
  if (replyVersion !== 5) throw failed();
  if (reply !== 0) throw new ProxyError(problemOfReply(reply));
  // The address that the proxy uses, which means nothing here, and its port.
  const length = type === 1 ? 4 : type === 4 ? 16 : (yield { length: 1, ms: GREETING_MS })[0]!;
  yield { length: length + 2, ms: GREETING_MS };
}

function problemOfReply(reply: number): ProxyProblem {
  switch (reply) {
    case 2:
      return { at: "rules" };
    case 5:
      return { at: "relay", why: "refused" };
    case 6:
      return { at: "relay", why: "silent" };
    default:
      return { at: "relay", why: "unreachable" };
  }
}

function counted(text: string): number[] {
  const bytes = new TextEncoder().encode(text);
  return [bytes.length, ...bytes];
}

/** An address of the kind 1 (IPv4), 4 (IPv6) or 3 (a name, for the proxy to look up). */
function addressBytes(host: string): number[] {
  if (isIP(host) === 4) return [1, ...host.split(".").map(Number)];
  if (isIP(host) === 6) return [4, ...ipv6Bytes(host)];
  return [3, ...counted(host)];
}

function ipv6Bytes(host: string): number[] {
  // The parser of URLs writes an IPv4 tail as hexadecimal digits.
  const [head = "", tail] = new URL(`http://[${host}]/`).hostname.slice(1, -1).split("::");
  const words = (text: string) =>
    text === "" ? [] : text.split(":").map((word) => parseInt(word, 16));
  const first = words(head);
  const last = words(tail ?? "");
  const zeros = new Array<number>(8 - first.length - last.length).fill(0);
  return [...first, ...zeros, ...last].flatMap((word) => [word >> 8, word & 0xff]);
}

function* askHttp(
  write: (bytes: readonly number[]) => void,
  { user, password = "" }: Proxy,
  to: Destination,
): Dialog {
  const failed = () => new ProxyError({ at: "protocol", kind: "http" });
  const authority = `${to.host.includes(":") ? `[${to.host}]` : to.host}:${to.port}`;
  const login = user === undefined
    ? ""
    : `Proxy-Authorization: Basic ${Buffer.from(`${user}:${password}`).toString("base64")}\r\n`;
  const head = `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${login}\r\n`;
  write([...new TextEncoder().encode(head)]);
  const answer: number[] = [];
  // Byte by byte, because only its last line tells where it ends.
  while (!endsHead(answer)) {
    if (answer.length > MAX_ANSWER_BYTES) throw failed();
    answer.push((yield { length: 1, ms: CONNECTING_MS })[0]!);
    if (answer.length === 5 && String.fromCharCode(...answer) !== "HTTP/") {
      throw failed();
    }
  }
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(String.fromCharCode(...answer))?.[1]);
  if (status >= 200 && status < 300) return;
  if (status === 407) throw new ProxyError({ at: "login", given: user !== undefined });
  if (status === 504) throw new ProxyError({ at: "relay", why: "silent" });
  if (status === 502 || status === 503) throw new ProxyError({ at: "relay", why: "unreachable" });
  if (status >= 400) throw new ProxyError({ at: "rules" });
  throw failed();
}

function endsHead(bytes: readonly number[]): boolean {
  const end = bytes.slice(-4);
  return end[0] === 13 && end[1] === 10 && end[2] === 13 && end[3] === 10;
}
