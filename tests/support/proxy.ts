/**
 * A network that tests can spoil: a TCP proxy before each node of a real set, so that one client's way
 * to the relay can be slow, deaf, cut or closed while everybody else's is well.
 *
 * A client of a replica set asks the members for each other's addresses and goes there by itself. So a
 * {@link Network} puts its own addresses into what the servers say, in place of theirs. Each of its
 * ports has as many digits as the server's, so that no length in a message changes. The servers of the
 * tests speak plain text; a network that is to speak TLS ends it in between.
 *
 * @module
 */
import { connect, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { Buffer } from "node:buffer";

/** What the way does to bytes. */
export interface NetworkConditions {
  /** Every byte is this many milliseconds late. */
  readonly delayMs?: number;
  /** And by up to this much more, without overtaking. */
  readonly jitterMs?: number;
  /** The most that passes in a second in each direction, all connections of a network together. */
  readonly bytesPerSecond?: number;
  /**
   * The most chunks, each a request or more, that pass from the client in a second; the rest waits. So
   * some clusters limit their users.
   */
  readonly chunksPerSecond?: number;
}

/** What a slow link passes on at a time, so that connections take turns: a packet. */
const PACKET_BYTES = 1_460;
/** Bytes that wait in one direction before their sender has to. */
const MAX_WAITING = 1 << 20;

/** Rewrites what a server says; a fresh one for each connection. */
type Rewrite = (chunk: Buffer) => Buffer;

/** One direction of one connection. */
class Wire {
  readonly #proxy: Proxy;
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #direction: "up" | "down";
  readonly #waiting: { chunk: Buffer; dueAt: number }[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #size = 0;
  #ended = false;
  #stranded = false;
  #held = false;

  constructor(
    proxy: Proxy,
    { from, to, direction }: { from: Socket; to: Socket; direction: "up" | "down" },
    rewrite: Rewrite,
  ) {
    this.#proxy = proxy;
    this.#direction = direction;
    this.#from = from;
    this.#to = to;
    from.on("data", (chunk) => this.#take(rewrite(Buffer.from(chunk))));
    from.on("end", () => {
      this.#ended = true;
      this.pump();
    });
  }

  /** Swallows everything from now on. */
  strand(): void {
    this.#stranded = true;
    this.#waiting.length = 0;
    this.stop();
  }

  /** Keeps everything back until {@link release}. */
  hold(): void {
    this.#held = true;
    this.stop();
  }

  /** Releases what was held back. */
  release(): void {
    this.#held = false;
    this.pump();
  }

  /** True while there is something to pass on. */
  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Passes on what is due, and looks again when the next is. */
  pump(): void {
    this.stop();
    while (!this.#stranded && !this.#held && !this.#proxy.isDark) {
      const next = this.#waiting[0];
      if (!next) {
        if (this.#ended && !this.#to.writableEnded) this.#to.end();
        return;
      }
      const now = performance.now();
      const at = Math.max(next.dueAt, this.#proxy.freeAt[this.#direction]);
      if (at > now) {
        this.#timer = setTimeout(() => this.pump(), at - now);
        return;
      }
      this.#waiting.shift();
      const { bytesPerSecond, chunksPerSecond } = this.#proxy.conditions;
      if (bytesPerSecond) {
        // Not from now on: a link is not slower for a late timer.
        this.#proxy.freeAt[this.#direction] = at + next.chunk.length / bytesPerSecond * 1_000;
      }
      if (chunksPerSecond && this.#direction === "up") {
        this.#proxy.freeAt.up = now + 1_000 / chunksPerSecond;
      }
      this.#size -= next.chunk.length;
      if (this.#size < MAX_WAITING) this.#from.resume();
      if (!this.#proxy.spend(next.chunk.length)) return;
      this.#proxy.passed[this.#direction] += next.chunk.length;
      this.#to.write(next.chunk);
    }
  }

  /** Ends the timer. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  #take(chunk: Buffer): void {
    if (this.#stranded) return;
    const lateAt = performance.now() + this.#proxy.lateness();
    const dueAt = Math.max(lateAt, this.#waiting.at(-1)?.dueAt ?? 0);
    const size = this.#proxy.conditions.bytesPerSecond ? PACKET_BYTES : chunk.length;
    for (let from = 0; from < chunk.length; from += size) {
      this.#waiting.push({ chunk: chunk.subarray(from, from + size), dueAt });
    }
    this.#size += chunk.length;
    if (this.#size >= MAX_WAITING) this.#from.pause();
    this.pump();
  }
}

/** One connection through the proxy. */
interface Passage {
  readonly client: Socket;
  /** Undefined while the proxy is silent: the server knows nothing of this one. */
  readonly server: Socket | undefined;
  readonly wires: readonly Wire[];
}

/** One address before one server. */
export class Proxy {
  /** The port of 127.0.0.1 that this proxy listens on. */
  readonly port: number;
  /** Bytes that passed from the client, and to it. */
  readonly passed = { up: 0, down: 0 };
  /** When the link is free again, in each direction; shared by the proxies of a network. */
  freeAt = { up: 0, down: 0 };
  readonly #target: number;
  readonly #chance: () => number;
  readonly #listener: Server;
  readonly #passages = new Set<Passage>();
  #rewrite: () => Rewrite = () => (chunk) => chunk;
  #conditions: NetworkConditions = {};
  #isDark = false;
  #isSilent = false;
  #answer: string | undefined;
  #isRefusing = false;
  #isHangingUp = false;
  #budget = Infinity;
  #whenSpent: () => void = () => {};

  private constructor(
    { port, target, listener, chance }: {
      port: number;
      target: number;
      listener: Server;
      chance: () => number;
    },
  ) {
    this.port = port;
    this.#target = target;
    this.#listener = listener;
    this.#chance = chance;
    listener.on("connection", (socket) => this.#accept(socket));
  }

  /**
   * Listens before the port `target` of this machine, on a port of as many digits. `chance` gives the
   * jitter, in [0, 1).
   */
  static async open(target: number, chance: () => number = Math.random): Promise<Proxy> {
    const create = () => createServer({ allowHalfOpen: true, noDelay: true });
    const { port, listener } = await listenLike(target, create);
    return new Proxy({ port, target, listener, chance });
  }

  /** What is said by the server is said in the words of `rewrite` from the next connection on. */
  rewriting(rewrite: () => Rewrite): void {
    this.#rewrite = rewrite;
  }

  /** Connections that are open at the client's end. */
  get connections(): number {
    return this.#passages.size;
  }

  /** The present conditions. */
  get conditions(): NetworkConditions {
    return this.#conditions;
  }

  set conditions(conditions: NetworkConditions) {
    this.#conditions = conditions;
  }

  /** By how much the next bytes are late, in milliseconds. */
  lateness(): number {
    const { delayMs = 0, jitterMs = 0 } = this.#conditions;
    return delayMs + jitterMs * this.#chance();
  }

  /** True while nothing passes. */
  get isDark(): boolean {
    return this.#isDark;
  }

  /**
   * Nothing passes any more, in either direction, until {@link heal}: then what was held goes on, as
   * TCP sends again what nobody acknowledged. New connections are accepted into the dark.
   */
  blackhole(): void {
    this.#isDark = true;
  }

  /** What is on open connections is held back until {@link heal}; new ones work. */
  hold(): void {
    for (const { wires } of this.#passages) wires.forEach((wire) => wire.hold());
  }

  /** True while something is held back. */
  get isHolding(): boolean {
    return [...this.#passages].some(({ wires }) => wires.some((wire) => wire.isWaiting));
  }

  /**
   * Open connections are half open from now on and for ever: a writer is not told, and
   * nothing comes back. New ones work: so it is after a laptop has slept.
   */
  strand(): void {
    for (const { wires } of this.#passages) wires.forEach((wire) => wire.strand());
  }

  /**
   * New connections are accepted and never get further: nobody says anything on them, or, with an
   * `answer`, only that. So does a captive portal.
   */
  silence(answer?: string): void {
    this.#isSilent = true;
    this.#answer = answer;
  }

  /** Ends every open connection with a reset, at both ends. */
  reset(): void {
    for (const passage of [...this.#passages]) this.#cut(passage);
  }

  /** Ends every new connection in an orderly way, as a server does that has as many as it allows. */
  hangUp(): void {
    this.#isHangingUp = true;
  }

  /** Ends every new connection with a reset. */
  refuse(): void {
    this.#isRefusing = true;
  }

  /** The server's direction of every open connection ends, and the client's stays open. */
  halfClose(): void {
    for (const { client, wires } of this.#passages) {
      wires[1]?.strand();
      client.end();
    }
  }

  /** Lets `bytes` more pass, in both directions together, and then calls `spent`. */
  budget(bytes: number, spent: () => void): void {
    this.#budget = bytes;
    this.#whenSpent = spent;
  }

  /** Takes `bytes` off the budget; false once it is spent. */
  spend(bytes: number): boolean {
    if (this.#budget === Infinity) return true;
    this.#budget -= bytes;
    if (this.#budget >= 0) return true;
    this.#budget = Infinity;
    this.#whenSpent();
    return false;
  }

  /** All is well again, but for connections that were stranded. */
  heal(): void {
    this.#isDark =
      this.#isSilent =
      this.#isRefusing =
      this.#isHangingUp =
        false;
    this.#budget = Infinity;
    this.#conditions = {};
    for (const { wires } of this.#passages) wires.forEach((wire) => wire.release());
  }

  /** Ends everything. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#listener.close(() => resolve()));
    this.reset();
    await closed;
  }

  #accept(client: Socket): void {
    if (this.#isRefusing) return void client.resetAndDestroy();
    if (this.#isHangingUp) return void client.on("error", () => {}).resume().end();
    const passage = this.#isSilent ? { client, server: undefined, wires: [] } : this.#join(client);
    this.#passages.add(passage);
    client.on("error", () => {});
    client.on("close", () => this.#cut(passage));
    // Without a reader the end of a silent connection would never be noticed.
    const answer = this.#answer;
    if (!passage.server) client.on("data", () => answer !== undefined && client.write(answer));
    passage.server?.on("error", () => this.#cut(passage));
    passage.server?.on("close", () => this.#cut(passage));
  }

  #join(client: Socket): Passage {
    const server = connect({ port: this.#target, host: "127.0.0.1", allowHalfOpen: true });
    server.setNoDelay(true);
    const wires = [
      new Wire(this, { from: client, to: server, direction: "up" }, (chunk) => chunk),
      new Wire(this, { from: server, to: client, direction: "down" }, this.#rewrite()),
    ];
    return { client, server, wires };
  }

  #cut(passage: Passage): void {
    if (!this.#passages.delete(passage)) return;
    for (const wire of passage.wires) wire.stop();
    for (const socket of [passage.client, passage.server]) {
      if (socket && !socket.destroyed) socket.resetAndDestroy();
    }
  }
}

/** Listens on a free port of this machine, of as many digits as `target`. */
async function listenLike<T extends Server>(
  target: number,
  create: () => T,
): Promise<{ port: number; listener: T }> {
  const low = 10 ** (String(target).length - 1);
  const least = Math.max(1_024, low);
  const high = Math.min(10 * low, 65_536);
  for (;;) {
    const port = least + Math.floor(Math.random() * (high - least));
    const listener = create();
    const isFree = await new Promise<boolean>((resolve) => {
      listener.once("error", () => resolve(false));
      listener.listen(port, "127.0.0.1", () => resolve(true));
    });
    if (isFree) return { port, listener };
  }
}

/**
 * The server's end of TLS: behind a proxy, which delays the bytes of TLS, and before a server that
 * speaks plain text, which is rewritten here.
 */
class TlsEnd {
  readonly port: number;
  readonly #listener: Server;
  readonly #sockets = new Set<Socket>();
  #rewrite: () => Rewrite = () => (chunk) => chunk;

  private constructor(port: number, listener: Server, target: number) {
    this.port = port;
    this.#listener = listener;
    listener.on("secureConnection", (client: Socket) => this.#join(client, target));
    listener.on("tlsClientError", () => {});
  }

  /** `certificate`: a certificate and its key, PEM. */
  static async open(target: number, certificate: string): Promise<TlsEnd> {
    const create = () => createTlsServer({ cert: certificate, key: certificate });
    const { port, listener } = await listenLike(target, create);
    return new TlsEnd(port, listener, target);
  }

  rewriting(rewrite: () => Rewrite): void {
    this.#rewrite = rewrite;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#listener.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #join(client: Socket, target: number): void {
    const server = connect({ port: target, host: "127.0.0.1", noDelay: true });
    client.setNoDelay(true);
    const rewrite = this.#rewrite();
    client.on("data", (chunk) => server.write(chunk));
    server.on("data", (chunk) => client.write(rewrite(Buffer.from(chunk))));
    for (const [socket, other] of [[client, server], [server, client]] as const) {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
  }
}

/** One client's way to every node of a set. */
export class Network {
  /** The connection string that leads through the proxies. */
  readonly uri: string;
  readonly #proxies: ReadonlyMap<string, Proxy>;
  readonly #tlsEnds: readonly TlsEnd[];

  private constructor(
    uri: string,
    proxies: ReadonlyMap<string, Proxy>,
    tlsEnds: readonly TlsEnd[],
  ) {
    this.uri = uri;
    this.#proxies = proxies;
    this.#tlsEnds = tlsEnds;
  }

  /**
   * Opens a way to the `nodes` that `uri` names; with a `certificate` and its key (PEM), one that
   * speaks TLS to the client.
   */
  static async open(
    { uri, nodes }: { uri: string; nodes: readonly { readonly host: string }[] },
    { certificate, nameOf = () => LOCAL.slice(0, -1) }: {
      certificate?: string;
      /** What the client calls the node of that number, in as many characters as an address. */
      nameOf?: (number: number) => string;
    } = {},
  ): Promise<Network> {
    const proxies = new Map<string, Proxy>();
    const tlsEnds: TlsEnd[] = [];
    for (const { host } of nodes) {
      const port = Number(host.slice(LOCAL.length));
      const end = certificate === undefined ? undefined : await TlsEnd.open(port, certificate);
      if (end) tlsEnds.push(end);
      proxies.set(host, await Proxy.open(end?.port ?? port));
    }
    const names = new Map(
      [...proxies].map(([host, { port }], number) => [host, `${nameOf(number)}:${port}`]),
    );
    const rewriters = certificate === undefined ? proxies.values() : tlsEnds;
    for (const one of rewriters) one.rewriting(() => renaming(names));
    const own = [...names].reduce((uri, [host, name]) => uri.replace(host, name), uri);
    const freeAt = { up: 0, down: 0 };
    for (const proxy of proxies.values()) proxy.freeAt = freeAt;
    return new Network(own, proxies, tlsEnds);
  }

  /** The way to one node. */
  to({ host }: { readonly host: string }): Proxy {
    const proxy = this.#proxies.get(host);
    if (!proxy) throw new Error(`This network leads to no ${host}`);
    return proxy;
  }

  /** Does the same to the way to each node. */
  all(spoil: (proxy: Proxy) => void): void {
    for (const proxy of this.#proxies.values()) spoil(proxy);
  }

  /** True while something is held back on the way to any node. */
  get isHolding(): boolean {
    return [...this.#proxies.values()].some(({ isHolding }) => isHolding);
  }

  /** Bytes that the client has sent. */
  get sent(): number {
    return [...this.#proxies.values()].reduce((sum, { passed }) => sum + passed.up, 0);
  }

  /** Connections that the client has open. */
  get connections(): number {
    return [...this.#proxies.values()].reduce((sum, { connections }) => sum + connections, 0);
  }

  /** Ends everything. */
  async close(): Promise<void> {
    const all = [...this.#proxies.values(), ...this.#tlsEnds];
    await Promise.all(all.map((one) => one.close()));
  }
}

const LOCAL = "127.0.0.1:";

/** Puts `names` in place of hosts, also of one that two chunks share. */
function renaming(names: ReadonlyMap<string, string>): Rewrite {
  const longest = Math.max(...[...names.keys()].map((host) => host.length));
  let held = Buffer.alloc(0);
  return (chunk) => {
    const bytes = Buffer.concat([held, chunk]);
    let end = bytes.length;
    for (let at = bytes.indexOf(LOCAL); at >= 0; at = bytes.indexOf(LOCAL, at + 1)) {
      const host = /^127\.0\.0\.1:\d*/.exec(bytes.toString("latin1", at, at + longest))![0];
      const name = names.get(host);
      if (at + host.length === bytes.length) end = at;
      else if (name !== undefined) bytes.write(name, at, "latin1");
    }
    // No message ends within an address, for a zero follows it: more comes after what is held.
    for (let length = Math.min(LOCAL.length - 1, end); length > 0 && end === bytes.length;) {
      if (LOCAL.startsWith(bytes.toString("latin1", end - length))) end -= length;
      else length--;
    }
    held = bytes.subarray(end);
    return bytes.subarray(0, end);
  };
}
