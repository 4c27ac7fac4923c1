/**
 * A writer that the driver would not be: it sends BSON that a driver refuses to make, such as strings
 * that are not UTF-8, or objects that look like the driver's own classes.
 *
 * @module
 */
import { BSON, type Document } from "mongodb";

const OP_MSG = 2013;
const encoder = new TextEncoder();

/** One BSON value, byte by byte. */
export class Raw {
  /** The number of the type (https://bsonspec.org/spec.html). */
  readonly type: number;
  readonly bytes: Uint8Array;

  constructor(type: number, bytes: Uint8Array | readonly number[]) {
    this.type = type;
    this.bytes = bytes instanceof Uint8Array ? bytes : Uint8Array.from(bytes);
  }
}

/** What {@link encode} takes. */
export type RawValue =
  | Raw
  | Uint8Array
  | string
  | number
  | boolean
  | null
  | Date
  | readonly RawValue[]
  | { readonly [name: string]: RawValue };

/** A document as BSON, written as it stands. */
export function encode(document: { readonly [name: string]: RawValue }): Uint8Array {
  const parts = Object.entries(document).map(([name, value]) => {
    const { type, bytes } = rawOf(value);
    return join(Uint8Array.of(type), encoder.encode(`${name}\0`), bytes);
  });
  const body = join(...parts, Uint8Array.of(0));
  return join(int32(body.length + 4), body);
}

/** A value with its type, encoded once for all. */
export function rawOf(value: RawValue): Raw {
  if (value instanceof Raw) return value;
  if (value === null) return new Raw(0x0a, []);
  if (value instanceof Date) return new Raw(0x09, int64(BigInt(value.getTime())));
  if (value instanceof Uint8Array) return binary(0, value);
  if (typeof value === "boolean") return new Raw(0x08, [value ? 1 : 0]);
  if (typeof value === "string") return text(encoder.encode(value));
  if (typeof value === "number") {
    return Number.isInteger(value) && Math.abs(value) < 2 ** 31
      ? new Raw(0x10, int32(value))
      : new Raw(0x01, new Uint8Array(Float64Array.of(value).buffer));
  }
  if (Array.isArray(value)) return new Raw(0x04, encode(Object.fromEntries(value.entries())));
  return new Raw(0x03, encode(value as { readonly [name: string]: RawValue }));
}

/** A string of these bytes, be they UTF-8 or not. */
export function text(bytes: Uint8Array | readonly number[]): Raw {
  return new Raw(0x02, join(int32(bytes.length + 1), bytes, Uint8Array.of(0)));
}

/** Binary data under a subtype, whatever that asks of its content. */
export function binary(subtype: number, bytes: Uint8Array | readonly number[]): Raw {
  return new Raw(
    0x05,
    join(int32(bytes.length), Uint8Array.of(subtype), bytes),
  );
}

/** Little-endian, as everything in BSON. */
export function int32(value: number): Uint8Array {
  return new Uint8Array(Int32Array.of(value).buffer);
}

/** The same in 64 bits. */
export function int64(value: bigint): Uint8Array {
  return new Uint8Array(BigInt64Array.of(value).buffer);
}

/** Byte strings, one after the other. */
export function join(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

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

  /** Inserts documents, and fails if one was not taken. */
  async insert(
    database: string,
    collection: string,
    documents: readonly { readonly [name: string]: RawValue }[],
  ): Promise<void> {
    await this.#write({ insert: collection, documents, $db: database });
  }

  /** Sets fields of one document. */
  async set(
    database: string,
    collection: string,
    _id: string,
    fields: { readonly [name: string]: RawValue },
  ): Promise<void> {
    const updates = [{ q: { _id }, u: { $set: fields } }];
    await this.#write({ update: collection, updates, $db: database });
  }

  close(): void {
    this.#connection.close();
  }

  async #write(command: { readonly [name: string]: RawValue }): Promise<void> {
    const { ok, errmsg, writeErrors } = await this.#run(encode(command));
    if (ok !== 1 || writeErrors) {
      throw new Error(`The server refused: ${errmsg ?? JSON.stringify(writeErrors[0])}`);
    }
  }

  async #run(body: Uint8Array): Promise<Document> {
    const length = 21 + body.length;
    const header = [length, ++this.#requests, 0, OP_MSG, 0].map(int32);
    const message = join(...header, Uint8Array.of(0), body);
    for (let written = 0; written < message.length;) {
      written += await this.#connection.write(message.subarray(written));
    }
    const size = new DataView((await this.#read(16)).buffer).getInt32(0, true);
    const answer = await this.#read(size - 16);
    return BSON.deserialize(answer.subarray(5), { validation: { utf8: false } });
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
