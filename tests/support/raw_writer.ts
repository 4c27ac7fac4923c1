/**
 * A writer that the driver would not be: inserts documents byte by byte, so that they can hold what
 * a driver refuses to write, such as strings that are not UTF-8.
 *
 * @module
 */
import { BSON, type Document } from "mongodb";

const { deserialize, serialize } = BSON;

/** Stands for one byte that is not UTF-8, `0xFF`, wherever it occurs in a string. */
export const BAD_BYTE = "\u0001";

const OP_MSG = 2013;

/** One connection to a server without access control. */
export class RawWriter {
  readonly #connection: Deno.Conn;
  #requests = 0;

  private constructor(connection: Deno.Conn) {
    this.#connection = connection;
  }

  /** Connects to the one host of `uri`. */
  static async connect(uri: string): Promise<RawWriter> {
    const { hostname, port } = new URL(uri.replace(/^mongodb/, "http"));
    return new RawWriter(await Deno.connect({ hostname, port: Number(port) }));
  }

  /** Inserts one document; {@link BAD_BYTE} in its strings becomes a byte that is not UTF-8. */
  insert(database: string, collection: string, document: Document): Promise<Document> {
    return this.run({ insert: collection, documents: [document], $db: database });
  }

  /** Runs a command with `$db`, and returns the answer. */
  async run(command: Document): Promise<Document> {
    const body = serialize(command, { ignoreUndefined: false });
    for (let i = 0; i < body.length - 1; i++) {
      // A string's bytes follow its length; the byte of a number or a length stays as it is.
      if (body[i] === 0x01 && isInString(body, i)) body[i] = 0xff;
    }
    const message = new Uint8Array(16 + 4 + 1 + body.length);
    const view = new DataView(message.buffer);
    view.setInt32(0, message.length, true);
    view.setInt32(4, ++this.#requests, true);
    view.setInt32(12, OP_MSG, true);
    message.set(body, 21);
    for (let written = 0; written < message.length;) {
      written += await this.#connection.write(message.subarray(written));
    }
    const header = await this.#read(16);
    const rest = await this.#read(new DataView(header.buffer).getInt32(0, true) - 16);
    return deserialize(rest.subarray(5), { validation: { utf8: false } });
  }

  close(): void {
    this.#connection.close();
  }

  async #read(length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(length);
    for (let read = 0; read < length;) {
      const count = await this.#connection.read(bytes.subarray(read));
      if (count === null) throw new Error("The server closed the connection");
      read += count;
    }
    return bytes;
  }
}

/** A marker stands between two others or beside a letter; nothing else in BSON looks like that. */
function isInString(body: Uint8Array, at: number): boolean {
  const before = body[at - 1]!;
  const after = body[at + 1]!;
  return before === 0x7e && after === 0x7e;
}
