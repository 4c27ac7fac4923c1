/**
 * Real MongoDB servers for the tests: a standalone, or replica sets with SCRAM and a user who has
 * `readWrite` on one database and nothing else, as on Atlas.
 *
 * @module
 */
import { MongoClient } from "mongodb";
import { MongoMemoryReplSet, MongoMemoryServer } from "mongodb-memory-server-core";
import { type Binary, findBinary } from "./mongod_binary.ts";

/** The one database that the ordinary user may read and write. */
export const DATABASE = "whisper";
const ROOT = { user: "root", password: "root-p@ss/word" };
const USER = { user: "chat", password: "chat:p%ss@word" };

/** Attempts at finding ports that stay free until the servers have them. */
const MAX_STARTS = 4;
/** Milliseconds for one server to start; the library's 10,000 are too few on a busy computer. */
const LAUNCH_TIMEOUT_MS = 60_000;

/** One server process. */
export interface Node {
  readonly host: string;
  readonly pid: number;
}

/** A running server or replica set. */
export interface TestServer {
  /** The connection string of the ordinary user; without access control, of anybody. */
  readonly uri: string;
  /**
   * A new client of the administrator, of the whole set or of one `node`; a test that opens one
   * closes it, timers and all.
   */
  admin(node?: Node): Promise<MongoClient>;
  /** Empty for a server of one's own. */
  readonly nodes: readonly Node[];
  /** The process of the present primary. */
  primary(): Promise<Node>;
  /** Sends a signal to a process that this module started. */
  signal(node: Node, signal: Deno.Signal): void;
  /** Starts a node that was killed, on its port and its data. */
  restart(node: Node): Promise<Node>;
  stop(): Promise<void>;
}

/** Options of the servers. */
export interface ServerOptions {
  /** Seconds between two passes of the TTL monitor. Default: the server's own 60. */
  readonly ttlMonitorSleepSecs?: number;
  /** True for a server that takes the `failCommand` failpoint. */
  readonly failPoints?: boolean;
  /** A PEM file with a certificate and its key: the server offers TLS, and takes plain text too. */
  readonly certificateFile?: string;
  /** A PEM file with the authority that a client's certificate, which is then required, is signed by. */
  readonly clientAuthorityFile?: string;
  /** True for one that takes no plain text. */
  readonly requiresTls?: boolean;
  /** True for one that belongs to a replica set which was never initiated. */
  readonly isUninitiated?: boolean;
}

const own = Deno.env.get("WHISPER_TEST_MONGODB_URI");
let binary: Promise<Binary> | undefined;

/**
 * Whether the tests have a real server.
 *
 * @throws {Error} when they have none under `CI=true`: there no test may be skipped.
 */
export async function mongodAvailable(): Promise<{ ok: true } | { ok: false; why: string }> {
  if (own) return { ok: true };
  try {
    await (binary ??= findBinary());
    return { ok: true };
  } catch (error) {
    if (Deno.env.get("CI") === "true") throw error;
    return { ok: false, why: (error as Error).message };
  }
}

/** True when `WHISPER_TEST_MONGODB_URI` names a server that only it may stop. */
export const isOwnServer: boolean = Boolean(own);

/**
 * For tests that start servers of their own: whether they are skipped, and what their titles say then.
 *
 * @throws {Error} as {@link mongodAvailable}.
 */
export async function ownServersOrSkip(): Promise<{ ignore: boolean; skip: string }> {
  const available = await mongodAvailable();
  const why = available.ok ? isOwnServer ? "a server of one's own" : "" : available.why;
  return { ignore: why !== "", skip: why === "" ? "" : ` (skipped: ${why})` };
}

/** Starts a replica set of `count` nodes. */
export async function startReplicaSet(
  options: ServerOptions & { count: 1 | 3; auth?: boolean },
): Promise<TestServer> {
  if (own) return useOwn(own);
  const { path, version } = await (binary ??= findBinary());
  const auth = options.auth ?? true;
  const set = await started(() =>
    MongoMemoryReplSet.create({
      binary: { systemBinary: path, version, checkMD5: false },
      instanceOpts: Array.from(
        { length: options.count },
        () => ({ launchTimeout: LAUNCH_TIMEOUT_MS }),
      ),
      replSet: {
        count: options.count,
        storageEngine: "wiredTiger",
        args: serverArgs(options),
        configSettings: { electionTimeoutMillis: 2_000, heartbeatIntervalMillis: 500 },
        auth: {
          enable: auth,
          customRootName: ROOT.user,
          customRootPwd: ROOT.password,
          extraUsers: [{
            createUser: USER.user,
            pwd: USER.password,
            database: "admin",
            roles: [{ role: "readWrite", db: DATABASE }],
          }],
        },
      },
    })
  );
  const hosts = set.servers.map(({ instanceInfo }) => `127.0.0.1:${instanceInfo!.port}`);
  const uri = ({ user, password }: typeof ROOT) =>
    `mongodb://${auth ? `${user}:${encodeURIComponent(password)}@` : ""}${hosts.join(",")}` +
    `/${DATABASE}?replicaSet=testset${auth ? "&authSource=admin" : ""}`;
  return running(set.servers, {
    uri: uri(USER),
    rootUri: uri(ROOT),
    stop: async () => void await set.stop(),
  });
}

/** Starts one standalone server: it has no change streams. */
export async function startStandalone(options: ServerOptions = {}): Promise<TestServer> {
  const { path, version } = await (binary ??= findBinary());
  const server = await started(() =>
    MongoMemoryServer.create({
      binary: { systemBinary: path, version, checkMD5: false },
      instance: {
        storageEngine: "wiredTiger",
        args: serverArgs(options),
        launchTimeout: LAUNCH_TIMEOUT_MS,
      },
    })
  );
  const uri = `mongodb://127.0.0.1:${server.instanceInfo!.port}/${DATABASE}`;
  return running([server], { uri, rootUri: uri, stop: async () => void await server.stop() });
}

/** The port that was free a moment ago may be in use by now; then another one is chosen. */
async function started<T>(start: () => Promise<T>): Promise<T> {
  for (let attempt = 1;; attempt++) {
    try {
      return await start();
    } catch (error) {
      if (attempt === MAX_STARTS || !/already in use/.test(String(error))) throw error;
    }
  }
}

function serverArgs(options: ServerOptions): string[] {
  const { ttlMonitorSleepSecs, failPoints, certificateFile, requiresTls, isUninitiated } = options;
  const parameters = [
    ...ttlMonitorSleepSecs === undefined ? [] : [`ttlMonitorSleepSecs=${ttlMonitorSleepSecs}`],
    ...failPoints ? ["enableTestCommands=1"] : [],
  ];
  const tls = certificateFile === undefined ? [] : [
    "--tlsMode",
    requiresTls ? "requireTLS" : "preferTLS",
    "--tlsCertificateKeyFile",
    certificateFile,
    ...options.clientAuthorityFile === undefined
      ? []
      : ["--tlsCAFile", options.clientAuthorityFile],
  ];
  const set = isUninitiated ? ["--replSet", "fresh"] : [];
  return [...parameters.flatMap((parameter) => ["--setParameter", parameter]), ...tls, ...set];
}

function running(
  servers: readonly MongoMemoryServer[],
  { uri, rootUri, stop }: { uri: string; rootUri: string; stop: () => Promise<void> },
): TestServer {
  const nodes = servers.map(nodeOf);
  const end = () => {
    for (const node of nodes) kill(node, "SIGKILL");
  };
  // A test file that ends without stopping its servers takes them along.
  globalThis.addEventListener("unload", end);
  const admin = (node?: Node) => connected(node ? directly(rootUri, node) : rootUri);
  return {
    uri,
    admin,
    nodes,
    async primary() {
      const client = await admin();
      try {
        for (;;) {
          const { primary } = await client.db("admin").command({ hello: 1 });
          const node = nodes.length === 1 ? nodes[0] : nodes.find(({ host }) => host === primary);
          if (node) return node;
        }
      } finally {
        await client.close();
      }
    },
    signal: kill,
    async restart(node) {
      const index = nodes.findIndex(({ host }) => host === node.host);
      const server = servers[index]!;
      await server.stop({ doCleanup: false });
      await server.start(true);
      return nodes[index] = nodeOf(server);
    },
    async stop() {
      for (const node of nodes) kill(node, "SIGCONT");
      await stop();
      globalThis.removeEventListener("unload", end);
    },
  };
}

/** The same user at one node alone. */
function directly(uri: string, { host }: Node): string {
  return uri.replace(/[^@/]*(?=\/whisper)/, host).replace(
    /replicaSet=[^&]*/,
    "directConnection=true",
  );
}

function nodeOf(server: MongoMemoryServer): Node {
  const { instance, port } = server.instanceInfo!;
  return { host: `127.0.0.1:${port}`, pid: instance.mongodProcess!.pid! };
}

function kill({ pid }: Node, signal: Deno.Signal): void {
  try {
    Deno.kill(pid, signal);
  } catch (error) {
    // A process that has ended needs no signal.
    if (!(error instanceof Deno.errors.NotFound) && !(error instanceof TypeError)) throw error;
  }
}

function useOwn(uri: string): TestServer {
  const none = () => {
    throw new Error("Cannot touch the processes of a server that the tests did not start");
  };
  const admin = () => connected(uri);
  const stop = () => Promise.resolve();
  return { uri, admin, nodes: [], primary: none, signal: none, restart: none, stop };
}

function connected(uri: string): Promise<MongoClient> {
  return new MongoClient(uri, { serverSelectionTimeoutMS: 30_000 }).connect();
}
