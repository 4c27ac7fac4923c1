/**
 * Places where two real programs meet in a test: a database file of its own, or a real MongoDB.
 *
 * @module
 */
import { MongoClient } from "mongodb";
import { mongodAvailable, startReplicaSet, startStandalone, type TestServer } from "./mongod.ts";
import { Program, type ProgramOptions } from "./program.ts";

/** A place to meet. */
export interface Meeting {
  /** Starts a program that meets here, in JSON mode. */
  start(args: readonly string[], options?: ProgramOptions): Program;
  /** Documents, of every kind, that are there now. */
  count(): Promise<number>;
  /** Everything that is stored, as text. */
  dump(): Promise<string>;
}

/** A kind of place, opened once for each test. */
export interface MeetingKind {
  readonly name: string;
  readonly ignore: boolean;
  run(test: (meeting: Meeting) => Promise<void>): Promise<void>;
  /** Ends what outlives a test. */
  close(): Promise<void>;
}

/** This computer, in a folder that only the test uses. */
function local(): MeetingKind {
  return {
    name: "this computer",
    ignore: false,
    async run(test) {
      const folder = await Deno.makeTempDir();
      const env = { XDG_RUNTIME_DIR: folder, XDG_CONFIG_HOME: folder, WHISPER_LOCAL: "1" };
      const files = () =>
        [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
          isDirectory
            ? [...Deno.readDirSync(`${folder}/${name}`)].map((f) => `${name}/${f.name}`)
            : [name]
        );
      try {
        await test({
          start: (args, options) =>
            new Program([...args, "--json"], { ...options, env: { ...env, ...options?.env } }),
          count: () => Promise.resolve(files().length),
          dump: async () =>
            (await Promise.all(files().map((f) => Deno.readFile(`${folder}/${f}`))))
              .map((bytes) => new TextDecoder("latin1").decode(bytes)).join("\n"),
        });
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
    close: () => Promise.resolve(),
  };
}

function mongodb(
  name: string,
  open: () => Promise<TestServer>,
  why: string | undefined,
): MeetingKind {
  let server: Promise<TestServer> | undefined;
  return {
    name: `${name}${why === undefined ? "" : ` (skipped: ${why})`}`,
    ignore: why !== undefined,
    async run(test) {
      const { uri } = await (server ??= open());
      const folder = await Deno.makeTempDir();
      const client = await new MongoClient(uri).connect();
      const db = client.db("whisper");
      const all = async () => [
        ...await db.collection("rooms").find().toArray(),
        ...await db.collection("messages").find().toArray(),
      ];
      try {
        await test({
          start: (args, options) =>
            new Program([...args, "--json"], {
              ...options,
              env: { WHISPER_URI: uri, XDG_CONFIG_HOME: folder, ...options?.env },
            }),
          count: async () => (await all()).length,
          dump: async () =>
            Deno.inspect(await all(), {
              depth: 9,
              strAbbreviateSize: Infinity,
              iterableLimit: Infinity,
            }),
        });
      } finally {
        await client.close();
        await Deno.remove(folder, { recursive: true });
      }
    },
    close: async () => await (await server)?.stop(),
  };
}

/** Every kind of place that this machine has. */
export async function meetingKinds(): Promise<MeetingKind[]> {
  const available = await mongodAvailable();
  const why = available.ok ? undefined : available.why;
  return [
    local(),
    mongodb("MongoDB, three nodes", () => startReplicaSet({ count: 3 }), why),
    mongodb("MongoDB, standalone", () => startStandalone(), why),
  ];
}
