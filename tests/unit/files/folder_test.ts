import { assert, assertEquals, assertRejects } from "@std/assert";
import { systemRandom } from "../../../src/clock.ts";
import { Failure } from "../../../src/errors.ts";
import { Folder, NamedFiles } from "../../../src/files/folder.ts";
import { CHUNK_BYTES } from "../../../src/limits.ts";

const isWindows = Deno.build.os === "windows";

/** A folder that is removed at the end. */
async function withFolder(action: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.realPath(await Deno.makeTempDir());
  try {
    await action(path);
  } finally {
    await Deno.chmod(path, 0o700).catch(() => {});
    await Deno.remove(path, { recursive: true });
  }
}

const names = (path: string) => [...Deno.readDirSync(path)].map(({ name }) => name).sort();
const failsWith = (action: () => Promise<unknown>, text: string) =>
  assertRejects(action, Failure, text);

async function receive(folder: Folder, name: string, text: string): Promise<string> {
  const target = await folder.target({ name });
  await target.write([new TextEncoder().encode(text)]);
  const stored = await target.finish();
  await target.discard();
  return stored;
}

Deno.test("Folder: writes into a part of its own, and gives it the name at the end", () =>
  withFolder(async (path) => {
    const folder = await Folder.open(path, systemRandom);
    const target = await folder.target({ name: "report.pdf" });
    await target.write([new TextEncoder().encode("half")]);
    const [part] = names(path);
    assert(/^\.whisper-[0-9a-f]{16}\.part$/.test(part!), part);
    if (!isWindows) assertEquals((await Deno.stat(`${path}/${part}`)).mode! & 0o777, 0o600);
    assertEquals(await target.finish(), "report.pdf");
    assertEquals(names(path), ["report.pdf"]);
    assertEquals(await Deno.readTextFile(`${path}/report.pdf`), "half");
  }));

Deno.test("Folder: replaces nothing that has the name, and counts", () =>
  withFolder(async (path) => {
    await Deno.writeTextFile(`${path}/a.txt`, "mine");
    await Deno.mkdir(`${path}/a (1).txt`);
    const folder = await Folder.open(path, systemRandom);
    assertEquals(await receive(folder, "a.txt", "theirs"), "a (2).txt");
    assertEquals(await receive(folder, "a.txt", "more"), "a (3).txt");
    assertEquals(await Deno.readTextFile(`${path}/a.txt`), "mine");
  }));

Deno.test({
  name: "Folder: follows no link that has the name of a file",
  ignore: isWindows,
  fn: () =>
    withFolder(async (path) => {
      await Deno.writeTextFile(`${path}/elsewhere`, "untouched");
      await Deno.symlink(`${path}/elsewhere`, `${path}/a.txt`);
      await Deno.symlink(`${path}/nowhere`, `${path}/b.txt`);
      const folder = await Folder.open(path, systemRandom);
      assertEquals(await receive(folder, "a.txt", "theirs"), "a (1).txt");
      assertEquals(await receive(folder, "b.txt", "theirs"), "b (1).txt");
      assertEquals(await Deno.readTextFile(`${path}/elsewhere`), "untouched");
    }),
});

Deno.test("Folder: removes a file again that got its name, and none that had it before", () =>
  withFolder(async (path) => {
    await Deno.writeTextFile(`${path}/a`, "before");
    const folder = await Folder.open(path, systemRandom);
    const target = await folder.target({ name: "a" });
    await target.write([new Uint8Array(1)]);
    assertEquals(await target.finish(), "a (1)");
    await target.remove();
    await target.discard();
    assertEquals(names(path), ["a"]);
    assertEquals(await Deno.readTextFile(`${path}/a`), "before");
  }));

Deno.test("Folder: leaves nothing of a file that is discarded", () =>
  withFolder(async (path) => {
    const folder = await Folder.open(path, systemRandom);
    const target = await folder.target({ name: "a" });
    await target.write([new Uint8Array(10)]);
    await target.discard();
    await target.discard();
    assertEquals(names(path), []);
  }));

Deno.test("Folder: removes what a crash has left, and nothing that is being written", () =>
  withFolder(async (path) => {
    await Deno.writeTextFile(`${path}/.whisper-0123456789abcdef.part`, "left behind");
    await Deno.writeTextFile(`${path}/.whisper-notes.part`, "a person's");
    const first = await Folder.open(path, systemRandom);
    const target = await first.target({ name: "a" });
    await Folder.open(path, systemRandom);
    await target.write([new Uint8Array(3)]);
    assertEquals(await target.finish(), "a");
    assertEquals(names(path), [".whisper-notes.part", "a"]);
  }));

Deno.test("Folder: says what is wrong with a folder that cannot be used", () =>
  withFolder(async (path) => {
    await Deno.writeTextFile(`${path}/file`, "");
    await failsWith(() => Folder.open(`${path}/none`, systemRandom), "files-folder");
    await failsWith(() => Folder.open(`${path}/file`, systemRandom), "not-a-folder");
  }));

Deno.test({
  name: "Folder: says that a folder is read-only",
  ignore: isWindows || Deno.uid() === 0,
  fn: () =>
    withFolder(async (path) => {
      const folder = await Folder.open(path, systemRandom);
      await Deno.chmod(path, 0o500);
      await failsWith(() => folder.target({ name: "a" }), "denied");
    }),
});

Deno.test("Folder.assertWritable: says what is wrong with a folder that takes no file, and leaves nothing", () =>
  withFolder(async (path) => {
    const folder = await Folder.open(path, systemRandom);
    await folder.assertWritable();
    assertEquals(names(path), []);
    const original = Deno.open;
    Deno.open = () => Promise.reject(new Deno.errors.PermissionDenied());
    try {
      const failure = await assertRejects(() => folder.assertWritable(), Failure);
      assertEquals(failure.reason, "files-folder");
      assertEquals((failure.facts as { problem: string }).problem, "denied");
    } finally {
      Deno.open = original;
    }
  }));

Deno.test({
  name: "Folder: says that the disk is full",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    // The device that is always full stands in for a disk.
    using full = await Deno.open("/dev/full", { write: true });
    const original = Deno.open;
    await withFolder(async (path) => {
      const folder = await Folder.open(path, systemRandom);
      const fake = { tryLockSync: () => true, write: full.write.bind(full), close() {} };
      Deno.open = (() => Promise.resolve(fake)) as unknown as typeof Deno.open;
      try {
        const target = await folder.target({ name: "a" });
        await failsWith(() => target.write([new Uint8Array(9)]), "no-space");
        await target.discard();
      } finally {
        Deno.open = original;
      }
    });
  },
});

Deno.test("Folder: takes files from itself only", () =>
  withFolder(async (path) => {
    await Deno.mkdir(`${path}/shared/sub`, { recursive: true });
    await Deno.writeTextFile(`${path}/outside.txt`, "secret");
    await Deno.writeTextFile(`${path}/shared/sub/a.txt`, "a");
    const folder = await Folder.open(`${path}/shared`, systemRandom);
    assertEquals((await folder.source("sub/a.txt")).size, 1);
    assertEquals((await folder.source(`${path}/shared/sub/a.txt`)).name, "a.txt");
    await failsWith(() => folder.source("../outside.txt"), "file-outside");
    await failsWith(() => folder.source(`${path}/outside.txt`), "file-outside");
    await failsWith(() => folder.source("none.txt"), "missing");
    await failsWith(() => folder.source("sub"), "file-is-folder");
    if (isWindows) return;
    await Deno.symlink(`${path}/outside.txt`, `${path}/shared/link.txt`);
    await failsWith(() => folder.source("link.txt"), "file-outside");
  }));

Deno.test("Folder: reads chunks in any order, the last one short", () =>
  withFolder(async (path) => {
    const bytes = new Uint8Array(2 * CHUNK_BYTES + 5).map((_, at) => at % 251);
    await Deno.writeFile(`${path}/a`, bytes);
    const source = await (await Folder.open(path, systemRandom)).source("a");
    for (const n of [1, 3, 2, 1]) {
      assertEquals(await source.read(n), bytes.slice((n - 1) * CHUNK_BYTES, n * CHUNK_BYTES));
    }
    await source.check();
    await source.close();
  }));

Deno.test("NamedFiles: notices a file that grows, shrinks or is replaced while it is sent", () =>
  withFolder(async (path) => {
    const file = `${path}/a`;
    const found = async (chunks = 1) => {
      await Deno.writeFile(file, new Uint8Array(chunks * CHUNK_BYTES + 5));
      return await new NamedFiles().source(file);
    };
    const grown = await found();
    await grown.read(1);
    await Deno.writeTextFile(file, "more", { append: true });
    await grown.read(2);
    await failsWith(() => grown.check(), "file-changed");
    await grown.close();
    const shrunk = await found(8);
    await shrunk.read(1);
    await Deno.truncate(file, 10);
    await failsWith(() => shrunk.read(9), "file-changed");
    await failsWith(() => shrunk.check(), "file-changed");
    await shrunk.close();
    const replaced = await found();
    await Deno.remove(file);
    await Deno.writeFile(file, new Uint8Array(CHUNK_BYTES + 5));
    await Deno.utime(file, new Date(0), new Date(0));
    await failsWith(() => replaced.read(1), "file-changed");
    const vanished = await found();
    await Deno.remove(file);
    await failsWith(() => vanished.read(1), "missing");
  }));

Deno.test({
  name:
    "NamedFiles: refuses a folder, a device, and a file of the system that has bytes and no size",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const files = new NamedFiles();
    await failsWith(() => files.source("/proc"), "file-is-folder");
    await failsWith(() => files.source("/dev/zero"), "not-a-file");
    await failsWith(() => files.source("/proc/cpuinfo"), "no-size");
  },
});

Deno.test("Folder: completes paths below itself, and no hidden ones", () =>
  withFolder(async (path) => {
    await Deno.mkdir(`${path}/photos`);
    for (const name of ["photos/a.jpg", "photos/b.jpg", "plan.txt", ".hidden"]) {
      await Deno.writeTextFile(`${path}/${name}`, "");
    }
    const folder = await Folder.open(path, systemRandom);
    assertEquals(folder.complete("p"), ["photos/", "plan.txt"]);
    assertEquals(folder.complete("photos/"), ["photos/a.jpg", "photos/b.jpg"]);
    assertEquals(folder.complete(""), ["photos/", "plan.txt"]);
    assertEquals(folder.complete("none/x"), []);
  }));
