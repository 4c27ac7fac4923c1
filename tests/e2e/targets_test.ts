/**
 * Programs for other systems than this one: run under an emulator, or taken apart.
 *
 * @module
 */
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { compile, runtimeOf } from "../../src/build/compile.ts";
import { permissionFlags } from "../../src/build/permissions.ts";
import type { Target } from "../../src/build/targets.ts";
import { VERSION } from "../../src/version.ts";
import { Program } from "../support/program.ts";

const X64 = "x86_64-unknown-linux-gnu";
const ARM64 = "aarch64-unknown-linux-gnu";
const WINDOWS = "x86_64-pc-windows-msvc";
/** Runs programs for Linux on arm64. */
const QEMU = "qemu-aarch64-static";
/** Its loader, from the libc of that architecture. */
const LOADER = "/lib/ld-linux-aarch64.so.1";

const noRuntimes = Deno.env.get("WHISPER_RUNTIMES") ? undefined : "no WHISPER_RUNTIMES";
const noQemu = exists(LOADER) && await new Deno.Command(QEMU, { args: ["--version"] })
    .output().then(({ success }) => success, () => false)
  ? undefined
  : "no qemu-user-static with the libc of arm64";

/** Each program, compiled once for all tests that want it. */
const compiled = new Map<Target, Promise<string>>();

async function compileOnce(target: Target): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "whisper-test-" });
  globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  return await compile({ target, folder });
}

/** Compiles for these targets; the programs are removed with the last test. */
function test(
  name: string,
  targets: readonly Target[],
  work: (programs: string[], folder: string) => Promise<void>,
  why: string | undefined = noRuntimes,
): void {
  Deno.test({
    name: `${name}${why ? ` (skipped: ${why})` : ""}`,
    ignore: why !== undefined,
    async fn() {
      const folder = await Deno.makeTempDir({ prefix: "whisper-test-" });
      try {
        const programs: string[] = [];
        for (const target of targets) {
          if (!compiled.has(target)) compiled.set(target, compileOnce(target));
          programs.push(await compiled.get(target)!);
        }
        await work(programs, folder);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

test("compile: a program is hardly larger than its runtime", [X64], async ([program]) => {
  const [made, runtime] = await Promise.all(
    [program!, runtimeOf(X64)!].map((path) => Deno.stat(path)),
  );
  assertLessOrEqual(made!.size, 1.02 * runtime!.size);
});

test("compile: a program for arm64 starts, and opens a local room", [ARM64], async (
  [program],
  folder,
) => {
  const env = { XDG_RUNTIME_DIR: folder, XDG_CONFIG_HOME: folder };
  const run = async (...args: string[]) => {
    const { code, stdout } = await new Deno.Command(QEMU, { args: [program!, ...args], env })
      .output();
    assertEquals(code, 0, args[0]);
    return new TextDecoder().decode(stdout);
  };
  assertEquals((await run("--version")).split("\n")[0], `whisper ${VERSION}`);
  const lines = (await run("doctor", "--local", "--json")).trim().split("\n");
  assertEquals(JSON.parse(lines.at(-1)!).ready, true);
}, noRuntimes ?? noQemu);

// The emulator is too slow for a chat on a busy computer.
test(
  "compile: a program for arm64 chats with one for x64",
  [X64, ARM64],
  async (programs, folder) => {
    const [x64, arm64] = programs as [string, string];
    const env = { XDG_RUNTIME_DIR: folder, XDG_CONFIG_HOME: folder };
    const args = ["--local", "--json"];
    await using alice = new Program(["new", "--name", "Alice", ...args], { command: [x64], env });
    const { code } = await alice.event("invite");
    await using bob = new Program(["join", code, "--name", "Bob", ...args], {
      command: [QEMU, arm64],
      env,
    });
    await Promise.all([alice.event("ready"), bob.event("ready")]);
    await bob.tell({ send: "Good morning ☀", id: "1" });
    assertEquals((await alice.event("message")).text, "Good morning ☀");
    await bob.event("delivered");
    for (const person of [bob, alice]) {
      await person.tell({ command: "exit" });
      assertEquals((await person.over()).code, 0);
    }
    assertEquals(alice.all("closed").at(-1)!.remaining, 0);
  },
  noRuntimes ?? noQemu ?? (Deno.env.get("SOAK") === "1" ? undefined : "SOAK=1 runs it"),
);

test(
  "compile: a program for Windows is whole, with the same files",
  [X64, WINDOWS],
  async (programs) => {
    const [linux, windows] = await Promise.all(programs.map((path) => Deno.readFile(path)));
    const { machine, sections, resources } = readPe(windows!);
    assertEquals(machine, 0x8664);
    for (const name of [".text", ".rdata", ".data", ".reloc"]) {
      assert(sections.some((section) => section.name === name), name);
    }
    for (const { name, offset, size } of sections) {
      assertLessOrEqual(offset + size, windows!.length, name);
    }
    const [ours, theirs] = [embedded(windows!), embedded(linux!)];
    assertLessOrEqual(resources.offset, ours.offset, "the bundle is in the resources");
    assertLessOrEqual(ours.offset, resources.offset + resources.size);
    assertEquals(ours.files, theirs.files);
    assertEquals(ours.metadata.entrypoint_key, "main.js");
    const { permissions } = ours.metadata;
    const list = (flag: string) =>
      permissionFlags({ atlas: false, isWindows: true })
        .filter((given) => given.startsWith(`--allow-${flag}=`))
        .flatMap((given) => given.slice(given.indexOf("=") + 1).split(","));
    assertEquals(permissions.prompt, false);
    for (const name of ["env", "sys", "read", "write"] as const) {
      assertEquals(permissions[`allow_${name}`], list(name), name);
    }
    for (const name of ["allow_run", "allow_ffi"]) assertEquals(permissions[name], null, name);
  },
);

interface Section {
  readonly name: string;
  /** Where it is when it is loaded. */
  readonly address: number;
  /** Where it is in the file. */
  readonly offset: number;
  readonly size: number;
}

/** The headers of a Portable Executable (https://learn.microsoft.com/windows/win32/debug/pe-format). */
function readPe(bytes: Uint8Array): { machine: number; sections: Section[]; resources: Section } {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const text = (offset: number, length: number) =>
    new TextDecoder().decode(bytes.subarray(offset, offset + length)).replace(/\0+$/, "");
  assertEquals(text(0, 2), "MZ");
  const start = view.getUint32(0x3c, true);
  assertEquals(text(start, 4), "PE");
  const count = view.getUint16(start + 6, true);
  const table = start + 24 + view.getUint16(start + 20, true);
  const sections = Array.from({ length: count }, (_, i) => {
    const header = table + 40 * i;
    return {
      name: text(header, 8),
      address: view.getUint32(header + 12, true),
      size: view.getUint32(header + 16, true),
      offset: view.getUint32(header + 20, true),
    };
  });
  // The third directory of a 64-bit image.
  const directory = view.getUint32(start + 24 + 112 + 2 * 8, true);
  const resources = sections.find(({ address }) => address === directory)!;
  return { machine: view.getUint16(start + 4, true), sections, resources };
}

/** What Deno appended to its runtime: settings, then the list of files. */
function embedded(bytes: Uint8Array) {
  const text = new TextDecoder("latin1").decode(bytes);
  const offset = text.lastIndexOf('{"argv":');
  const end = text.indexOf("\0", offset);
  const metadata = JSON.parse(text.slice(offset, end));
  const list = text.indexOf('[{"File":', end);
  const files: unknown[] = JSON.parse(text.slice(list, text.indexOf("}}]", list) + 3));
  return { offset, metadata, files };
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path) !== undefined;
  } catch {
    return false;
  }
}
