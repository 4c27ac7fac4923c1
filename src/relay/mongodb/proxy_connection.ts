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
import type { ProxyKind } from "../../failure_reasons.ts";
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
  };
}

async function createConnection(
  { existing_socket: socket, destination, proxy: { userId = "" } }: ConnectionRequest,
): Promise<{ socket: Socket }> {
  const proxy = proxyNamed(userId);
  if (proxy === undefined) throw new Error("No proxy of this name is known");
  const line = new ProxyLine(socket, proxy.kind);
  try {
    await (proxy.kind === "socks5" ? connectBySocks : connectByHttp)(line, proxy, destination);
    return { socket };
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    line.release();
  }
}

async function connectBySocks(line: ProxyLine, proxy: Proxy, { host, port }: Destination) {
  const { user, password = "" } = proxy;
  const methods = user === undefined ? [0] : [0, 2];
  line.write([5, methods.length, ...methods]);
  const [version, method] = await line.read(2, GREETING_MS);
  if (version !== 5) throw line.failed("protocol");
  const given = user !== undefined && !proxy.isRandom;
  if (method === 2 && user !== undefined) {
    line.write([1, ...counted(user), ...counted(password)]);
    const [, status] = await line.read(2, GREETING_MS);
    if (status !== 0) throw new ProxyError({ at: "login", given });
  } else if (method === 2 || method === 0xff) {
    throw new ProxyError({ at: "login", given });
  } else if (method !== 0) throw line.failed("protocol");
  line.write([5, 1, 0, ...addressBytes(host), port >> 8, port & 0xff]);
  const [replyVersion, reply = 1, , type] = await line.read(4, CONNECTING_MS);
  if (replyVersion !== 5) throw line.failed("protocol");
  if (reply !== 0) throw new ProxyError(problemOfReply(reply));
  // The address that the proxy uses, which means nothing here, and its port.
  const length = type === 1 ? 4 : type === 4 ? 16 : (await line.read(1, GREETING_MS))[0]!;
  await line.read(length + 2, GREETING_MS);
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

async function connectByHttp(line: ProxyLine, { user, password = "" }: Proxy, to: Destination) {
  const authority = `${to.host.includes(":") ? `[${to.host}]` : to.host}:${to.port}`;
  const login = user === undefined
    ? ""
    : `Proxy-Authorization: Basic ${Buffer.from(`${user}:${password}`).toString("base64")}\r\n`;
  const head = `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${login}\r\n`;
  line.write([...new TextEncoder().encode(head)]);
  const answer: number[] = [];
  // Byte by byte: what follows the empty line would be the server's.
  while (!endsHead(answer)) {
    if (answer.length > MAX_ANSWER_BYTES) throw line.failed("protocol");
    answer.push((await line.read(1, CONNECTING_MS))[0]!);
    if (answer.length === 5 && String.fromCharCode(...answer) !== "HTTP/") {
      throw line.failed("protocol");
    }
  }
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(String.fromCharCode(...answer))?.[1]);
  if (status >= 200 && status < 300) return;
  if (status === 407) throw new ProxyError({ at: "login", given: user !== undefined });
  if (status === 504) throw new ProxyError({ at: "relay", why: "silent" });
  if (status === 502 || status === 503) throw new ProxyError({ at: "relay", why: "unreachable" });
  if (status >= 400) throw new ProxyError({ at: "rules" });
  throw line.failed("protocol");
}

function endsHead(bytes: readonly number[]): boolean {
  const end = bytes.slice(-4);
  return end[0] === 13 && end[1] === 10 && end[2] === 13 && end[3] === 10;
}

/** The socket to a proxy, read in exact portions: nothing of what the server says is taken. */
class ProxyLine {
  readonly #socket: Socket;
  readonly #kind: ProxyKind;
  #isEnded = false;
  #wake = () => {};

  readonly #onReadable = () => this.#wake();
  readonly #onEnd = () => {
    this.#isEnded = true;
    this.#wake();
  };

  constructor(socket: Socket, kind: ProxyKind) {
    this.#socket = socket;
    this.#kind = kind;
    socket.on("readable", this.#onReadable);
    for (const event of ["end", "close", "error"]) socket.on(event, this.#onEnd);
  }

  write(bytes: readonly number[]): void {
    this.#socket.write(Uint8Array.from(bytes));
  }

  /** The next bytes, no more and no less. */
  async read(length: number, ms: number): Promise<Uint8Array> {
    if (length === 0) return new Uint8Array();
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.#wake();
    }, ms);
    try {
      while (true) {
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#wake = resolve;
        const bytes = this.#socket.read(length);
        if (bytes !== null && bytes.length === length) return bytes;
        if (this.#isEnded) throw this.failed("protocol");
        if (isLate) {
          throw ms === CONNECTING_MS
            ? new ProxyError({ at: "relay", why: "silent" })
            : this.failed("greeting");
        }
        await promise;
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Gives the socket to the driver. */
  release(): void {
    this.#socket.off("readable", this.#onReadable);
    for (const event of ["end", "close", "error"]) this.#socket.off(event, this.#onEnd);
  }

  failed(at: "greeting" | "protocol"): ProxyError {
    return new ProxyError({ at, kind: this.#kind });
  }
}
