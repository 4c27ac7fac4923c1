/**
 * A proxy on this computer that counts what it is asked for: SOCKS5 or HTTP CONNECT.
 *
 * @module
 */

/** What it is asked for, and how it behaves. */
export interface ProxyOptions {
  readonly kind?: "socks5" | "http";
  /** The only login that it takes; without one it takes any, and none. */
  readonly login?: { readonly user: string; readonly password: string };
  /** Where it connects in place of a name, as Tor does for an onion service. */
  readonly hosts?: Readonly<Record<string, { readonly hostname: string; readonly port: number }>>;
  /** Answers every request with this reply of SOCKS5, or this status of HTTP. */
  readonly refuseWith?: number;
  readonly port?: number;
  /** Where it listens; default: 127.0.0.1. */
  readonly address?: "127.0.0.1" | "::1";
}

/** A running proxy. */
export class CountingProxy implements AsyncDisposable {
  readonly #options: ProxyOptions;
  readonly #connections = new Set<Deno.Conn>();
  #listener: Deno.Listener | undefined;
  #port = 0;
  /** The destinations, as they were asked for. */
  readonly asked: string[] = [];
  /** The logins, one for each connection that had one. */
  readonly logins: string[] = [];

  constructor(options: ProxyOptions = {}) {
    this.#options = options;
    this.#port = options.port ?? 0;
    this.start();
  }

  get port(): number {
    return this.#port;
  }

  /** Its address, for `--proxy`. */
  get url(): string {
    const host = this.#options.address === "::1" ? "[::1]" : "127.0.0.1";
    return `${this.#options.kind ?? "socks5"}://${host}:${this.#port}`;
  }

  /** Listens, again after {@link stop} on the same port. */
  start(): void {
    const listener = Deno.listen({
      hostname: this.#options.address ?? "127.0.0.1",
      port: this.#port,
    });
    this.#listener = listener;
    this.#port = listener.addr.port;
    void (async () => {
      for await (const connection of listener) void this.#serve(connection);
    })().catch(() => {});
  }

  /** Ends every connection, and takes no new one. */
  stop(): void {
    this.#listener?.close();
    this.#listener = undefined;
    for (const connection of this.#connections) close(connection);
    this.#connections.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    return Promise.resolve();
  }

  async #serve(client: Deno.Conn): Promise<void> {
    this.#connections.add(client);
    (client as Deno.TcpConn).setNoDelay();
    let server: Deno.TcpConn | undefined;
    try {
      const target = this.#options.kind === "http"
        ? await this.#readConnect(client)
        : await this.#readSocks(client);
      if (target === undefined) return;
      server = await Deno.connect(target);
      server.setNoDelay();
      this.#connections.add(server);
      await write(client, this.#accepted());
      await Promise.all([pass(client, server), pass(server, client)]);
    } catch {
      // Either side has gone.
    } finally {
      for (const connection of [client, server]) {
        if (connection) {
          close(connection);
          this.#connections.delete(connection);
        }
      }
    }
  }

  #accepted(): Uint8Array {
    return this.#options.kind === "http"
      ? new TextEncoder().encode("HTTP/1.1 200 Connection established\r\n\r\n")
      : Uint8Array.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0);
  }

  #target(host: string, port: number): { hostname: string; port: number } {
    this.asked.push(`${host}:${port}`);
    return this.#options.hosts?.[host] ?? { hostname: host, port };
  }

  async #readSocks(client: Deno.Conn) {
    const [, count = 0] = await read(client, 2);
    const methods = await read(client, count);
    const { login, refuseWith } = this.#options;
    // As Tor does: a login that is offered is taken.
    const method = methods.includes(2) ? 2 : login ? 0xff : 0;
    await write(client, Uint8Array.of(5, method));
    if (method === 0xff) return undefined;
    if (method === 2) {
      const [, userLength = 0] = await read(client, 2);
      const user = text(await read(client, userLength));
      const password = text(await read(client, (await read(client, 1))[0]!));
      this.logins.push(`${user}:${password}`);
      const isRight = !login || login.user === user && login.password === password;
      await write(client, Uint8Array.of(1, isRight ? 0 : 1));
      if (!isRight) return undefined;
    }
    const [, , , type] = await read(client, 4);
    const host = type === 3
      ? text(await read(client, (await read(client, 1))[0]!))
      : type === 1
      ? [...await read(client, 4)].join(".")
      : hexadecimal(await read(client, 16));
    const [high = 0, low = 0] = await read(client, 2);
    const target = this.#target(host, high << 8 | low);
    if (refuseWith === undefined) return target;
    await write(client, Uint8Array.of(5, refuseWith, 0, 1, 0, 0, 0, 0, 0, 0));
    return undefined;
  }

  async #readConnect(client: Deno.Conn) {
    let head = "";
    while (!head.endsWith("\r\n\r\n")) head += text(await read(client, 1));
    const answer = (status: number) =>
      write(client, new TextEncoder().encode(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`));
    const [, host = "", port] = /^CONNECT (.+):(\d+) HTTP/.exec(head) ?? [];
    const login = /^Proxy-Authorization: Basic (.*)\r$/im.exec(head)?.[1];
    if (login) this.logins.push(atob(login));
    const wanted = this.#options.login;
    if (wanted && atob(login ?? "") !== `${wanted.user}:${wanted.password}`) {
      await answer(407);
      return undefined;
    }
    const target = this.#target(host, Number(port));
    if (this.#options.refuseWith === undefined) return target;
    await answer(this.#options.refuseWith);
    return undefined;
  }
}

async function read(connection: Deno.Conn, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const count = await connection.read(bytes.subarray(at));
    if (count === null) throw new Error("closed");
    at += count;
  }
  return bytes;
}

async function write(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

async function pass(from: Deno.Conn, to: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(65_536);
  try {
    for (let count; (count = await from.read(buffer)) !== null;) {
      await write(to, buffer.subarray(0, count));
    }
  } finally {
    close(to);
  }
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function hexadecimal(bytes: Uint8Array): string {
  const words = Array.from({ length: 8 }, (_, i) => bytes[2 * i]! << 8 | bytes[2 * i + 1]!);
  return words.map((word) => word.toString(16)).join(":");
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It is closed already.
  }
}
