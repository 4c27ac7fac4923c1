/**
 * A server that speaks MongoDB's wire protocol and says whatever a test wants: it lets clients
 * connect, and answers everything else as it is told.
 *
 * @module
 */
import { BSON, type Document } from "mongodb";
import { encode, int32, join, type RawValue } from "./raw_writer.ts";

/** https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/ */
const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;

/** An answer to a command. */
export type Answer = { readonly [name: string]: RawValue };

/** Text with all that a terminal could act on: titles, colors, the clipboard, C1, and bidi. */
export const HOSTILE_TEXT =
  "\x1b]0;owned\x07\x1b[31mred\x1b]52;c;ZXZpbA==\x07\u009b31m\x9d\u202eleft\u2066\r\nforged line";

/** Runs `work` against such a server. `answer` is asked for every command but the handshake. */
export async function withFakeServer<T>(
  answer: (command: Document) => Answer,
  work: (uri: string) => Promise<T>,
): Promise<T> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connections = new Set<Deno.Conn>();
  const serving = (async () => {
    for await (const connection of listener) {
      connections.add(connection);
      serve(connection, answer).catch(() => {});
    }
  })();
  try {
    return await work(`mongodb://127.0.0.1:${listener.addr.port}/whisper`);
  } finally {
    listener.close();
    for (const connection of connections) {
      try {
        connection.close();
      } catch {
        // Closed by its client.
      }
    }
    await serving;
  }
}

async function serve(
  connection: Deno.Conn,
  answer: (command: Document) => Answer,
): Promise<void> {
  while (true) {
    const header = await read(connection, 16);
    const view = new DataView(header.buffer);
    const [size, request, opcode] = [0, 4, 12].map((at) => view.getInt32(at, true));
    const body = await read(connection, size! - 16);
    const start = opcode === OP_QUERY ? body.indexOf(0, 4) + 1 + 8 : 5;
    const command = BSON.deserialize(body.subarray(start, start + lengthAt(body, start)));
    const said = encode(isHandshake(command) ? hello() : answer(command));
    const parts = opcode === OP_MSG
      ? [int32(0), [0], said]
      : [int32(0), new Uint8Array(8), int32(0), int32(1), said];
    const length = 16 + parts.reduce((sum, part) => sum + part.length, 0);
    const code = opcode === OP_MSG ? OP_MSG : OP_REPLY;
    await write(connection, join(...[length, 0, request!, code].map(int32), ...parts));
  }
}

function lengthAt(body: Uint8Array<ArrayBuffer>, at: number): number {
  return new DataView(body.buffer).getInt32(at, true);
}

function isHandshake(command: Document): boolean {
  return ["hello", "ismaster", "isMaster"].some((name) => name in command);
}

function hello(): Answer {
  return {
    ...{ ok: 1, ismaster: true, isWritablePrimary: true, helloOk: true, readOnly: false },
    ...{ maxBsonObjectSize: 16_777_216, maxMessageSizeBytes: 48_000_000 },
    ...{ maxWriteBatchSize: 100_000, minWireVersion: 0, maxWireVersion: 17 },
    ...{ logicalSessionTimeoutMinutes: 30, localTime: new Date(), connectionId: 1 },
  };
}

async function read(connection: Deno.Conn, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const count = await connection.read(bytes.subarray(at));
    if (count === null) throw new Error("The client closed the connection");
    at += count;
  }
  return bytes;
}

async function write(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}
