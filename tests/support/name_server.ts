/**
 * DNS servers on this computer: one that answers every question with one code, and one that knows every
 * name, or is silent.
 *
 * @module
 */
import dgram from "node:dgram";
import dns from "node:dns";

/** Codes of RFC 1035, section 4.1.1. */
export const RCODE = { serverFailure: 2, refused: 5 } as const;

/** Has this process ask such a server while `work` runs. */
export async function withNameServer<T>(rcode: number, work: () => Promise<T>): Promise<T> {
  const socket = dgram.createSocket("udp4");
  socket.on("message", (question: Uint8Array, from: { port: number; address: string }) => {
    socket.send(refusal(Uint8Array.from(question), rcode), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", () => resolve()));
  const before = dns.getServers();
  dns.setServers([`127.0.0.1:${socket.address().port}`]);
  try {
    return await work();
  } finally {
    dns.setServers(before);
    socket.close();
  }
}

/** The question, sent back with a code and without an answer. */
function refusal(message: Uint8Array, rcode: number): Uint8Array {
  message[2] = 0x81;
  message[3] = 0x80 | rcode;
  message.fill(0, 6, 12);
  let end = 12;
  while (message[end] !== 0) end += message[end]! + 1;
  return message.subarray(0, end + 5);
}

/**
 * A name server for programs of their own: every name has the address 127.0.0.1, or it is silent. They
 * run in a file system in which it is the only one, which takes Linux and root.
 */
export class SilentNameServer {
  /** True while no question is answered. */
  isSilent = false;
  /** The command that runs this repository's program where this server is asked. */
  readonly command: readonly string[];
  readonly #socket: dgram.Socket;
  readonly #settings: string;

  private constructor(socket: dgram.Socket, settings: string) {
    this.#socket = socket;
    this.#settings = settings;
    const main = decodeURIComponent(new URL("../../main.ts", import.meta.url).pathname);
    const script = 'mount --bind "$0" "$(readlink -f /etc/resolv.conf)" && exec "$@"';
    const program = [Deno.execPath(), "run", "--allow-all", "--no-check", main];
    this.command = ["unshare", "--mount", "sh", "-c", script, settings, ...program];
    socket.on("message", (question: Uint8Array, from: { port: number; address: string }) => {
      if (!this.isSilent) socket.send(answer(question), from.port, from.address);
    });
  }

  /** Undefined where this computer does not allow it. */
  static async open(): Promise<SilentNameServer | undefined> {
    if (Deno.build.os !== "linux" || Deno.uid() !== 0) return undefined;
    const socket = dgram.createSocket("udp4");
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.bind(53, "127.0.0.1", () => resolve());
    });
    const settings = await Deno.makeTempFile({ prefix: "whisper-test-", suffix: ".conf" });
    await Deno.writeTextFile(settings, "nameserver 127.0.0.1\n");
    await Deno.chmod(settings, 0o644);
    return new SilentNameServer(socket, settings);
  }

  async close(): Promise<void> {
    this.#socket.close();
    await Deno.remove(this.#settings);
  }
}

/** 127.0.0.1 for a question of type A; nothing for one of another type (RFC 1035, section 4). */
function answer(question: Uint8Array): Uint8Array {
  let end = 12;
  while (question[end] !== 0) end += question[end]! + 1;
  const asked = Uint8Array.from(question.subarray(0, end + 5));
  const isAddress = asked[end + 2] === 1;
  asked.set([0x81, 0x80, 0, 1, 0, isAddress ? 1 : 0, 0, 0, 0, 0], 2);
  const record = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1];
  return Uint8Array.from([...asked, ...isAddress ? record : []]);
}
