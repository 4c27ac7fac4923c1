/**
 * `install.sh` as a release hands it out: from a folder and from a server, with the right program and
 * with a wrong one.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { writeBeside } from "../../src/build/release.ts";
import { fileName, type Target, TARGETS } from "../../src/build/targets.ts";
import { VERSION } from "../../src/version.ts";

const ignore = Deno.build.os === "windows";
const skip = ignore ? " (skipped: no sh)" : "";
/** Stands for the program of every system. */
const PROGRAM = '#!/bin/sh\necho "whisper for a test"\n';
const HOME = "https://host.example/alice/whisper";

interface Place {
  /** Has what a release has. */
  readonly release: string;
  /** A home folder. */
  readonly home: string;
}

function test(name: string, work: (place: Place) => Promise<void>): void {
  Deno.test({
    name: `install.sh: ${name}${skip}`,
    ignore,
    async fn() {
      const folder = await Deno.makeTempDir({ prefix: "whisper-test-" });
      const place = { release: `${folder}/release`, home: `${folder}/home` };
      try {
        await Deno.mkdir(place.release);
        await Deno.mkdir(place.home);
        for (const target of TARGETS) {
          await Deno.writeTextFile(`${place.release}/${fileName(target)}`, PROGRAM);
        }
        await writeBeside(place.release, { home: HOME, time: new Date(0) });
        await work(place);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

async function install(
  { release, home }: Place,
  options: { args?: string[]; env?: Record<string, string>; script?: string } = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command("sh", {
    args: [options.script ?? `${release}/install.sh`, ...options.args ?? []],
    clearEnv: true,
    env: {
      PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin",
      HOME: home,
      WHISPER_DOWNLOAD: release,
      ...options.env,
    },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** Every file under a folder. */
function filesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesIn(`${folder}/${name}`) : [`${folder}/${name}`]
  );
}

test("installs one program into one folder, repeatedly", async (place) => {
  const program = `${place.home}/.local/bin/whisper`;
  for (let times = 0; times < 2; times++) {
    const { code, stdout, stderr } = await install(place);
    assertEquals([code, stderr], [0, ""]);
    assertStringIncludes(stdout, `: ${program}\n`);
    assertMatch(stdout, /not on your PATH/);
    assertEquals(filesIn(place.home), [program]);
  }
  assertEquals(await Deno.readTextFile(program), PROGRAM);
  assertEquals(Deno.statSync(program).mode! & 0o777, 0o755);
});

test("installs into another folder with a blank in its name", async (place) => {
  const folder = `${place.home}/my programs`;
  const env = { PATH: `${Deno.env.get("PATH")}:${folder}` };
  const { code, stdout } = await install(place, { args: [folder], env });
  assertEquals(code, 0);
  assertStringIncludes(stdout, "Start it with: whisper\n");
  assertEquals(filesIn(place.home), [`${folder}/whisper`]);
});

test("downloads from a server", async (place) => {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const name = new URL(request.url).pathname.slice(1);
    const bytes = await Deno.readFile(`${place.release}/${name}`).catch(() => undefined);
    return bytes ? new Response(bytes) : new Response(null, { status: 404 });
  });
  try {
    const address = `http://127.0.0.1:${server.addr.port}`;
    const { code } = await install(place, { env: { WHISPER_DOWNLOAD: address } });
    assertEquals([code, filesIn(place.home).length], [0, 1]);
    const gone = await install(place, { env: { WHISPER_DOWNLOAD: `${address}/none` } });
    assertEquals(gone.code, 1);
    assertMatch(gone.stderr, /Can't download SHA256SUMS from/);
  } finally {
    await server.shutdown();
  }
});

test("keeps the installed program when the download differs from its checksum", async (place) => {
  await install(place);
  const program = `${place.home}/.local/bin/whisper`;
  for (const target of TARGETS) {
    await Deno.writeTextFile(`${place.release}/${fileName(target)}`, `${PROGRAM}# and more\n`);
  }
  const { code, stderr } = await install(place);
  assertEquals(code, 1);
  assertMatch(stderr, /doesn't match its checksum\. Nothing was installed\./);
  assertEquals(filesIn(place.home), [program], "nothing else is left");
  assertEquals(await Deno.readTextFile(program), PROGRAM);
});

test("installs nothing without a checksum, or with another file's", async (place) => {
  const sums = await Deno.readTextFile(`${place.release}/SHA256SUMS`);
  const cut = sums.split("\n").filter((line) => !/linux|darwin/.test(line)).join("\n");
  await Deno.writeTextFile(`${place.release}/SHA256SUMS`, cut);
  const { code, stderr } = await install(place);
  assertEquals(code, 1);
  assertMatch(stderr, /has no checksum for whisper-/);
  assert(!filesIn(place.home).length);
});

test("installs nothing that does not run here", async (place) => {
  for (const target of TARGETS) {
    await Deno.writeTextFile(`${place.release}/${fileName(target)}`, "#!/bin/sh\nexit 1\n");
  }
  await writeBeside(place.release, { home: HOME, time: new Date(0) });
  const { code, stderr } = await install(place);
  assertEquals([code, filesIn(place.home)], [1, []]);
  assertMatch(stderr, /doesn't run on this computer/);
});

test("checks the attestation with gh or cosign, and says if neither could", async (place) => {
  const unchecked = await install(place);
  assertEquals(unchecked.code, 0);
  assertMatch(unchecked.stdout, /origin was not checked: that needs gh \(signed in\) or cosign/);
  const tools = `${place.home}/tools`;
  await Deno.mkdir(tools);
  const tool = (name: string, script: string) =>
    Deno.writeTextFile(`${tools}/${name}`, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const env = { PATH: `${tools}:${Deno.env.get("PATH")}` };
  await tool("gh", `echo "$@" >> "${tools}/calls"`);
  const accepted = await install(place, { env });
  assertEquals([accepted.code, accepted.stderr], [0, ""]);
  assertMatch(accepted.stdout, /built by the release workflow of alice\/whisper\./);
  const calls = await Deno.readTextFile(`${tools}/calls`);
  assertMatch(calls, /attestation verify \S+\/whisper --repo alice\/whisper\n$/);

  await tool("gh", '[ "$1" = auth ]');
  const refused = await install(place, { env });
  assertEquals(refused.code, 1);
  assertMatch(refused.stderr, /gh did not accept the attestation.* Nothing was installed\./);
  const skipped = await install(place, { env: { ...env, WHISPER_ATTESTATION: "skip" } });
  assertEquals(skipped.code, 0);

  await tool("gh", "exit 1");
  await tool("cosign", `echo "$@" >> "${tools}/calls"`);
  assertMatch((await install(place, { env })).stdout, /was not checked/, "there is no bundle");
  await Deno.writeTextFile(`${place.release}/whisper.sigstore.json`, "{}");
  assertMatch((await install(place, { env })).stdout, /built by the release workflow/);
  const identity = `${HOME}/.github/workflows/release.yml@refs/tags/v${VERSION}`;
  assertStringIncludes(await Deno.readTextFile(`${tools}/calls`), identity);
  await tool("cosign", "exit 1");
  assertMatch((await install(place, { env })).stderr, /cosign did not accept the attestation/);
});

test("reports a system without a program", async (place) => {
  const tools = `${place.home}/tools`;
  await Deno.mkdir(tools);
  await Deno.writeTextFile(`${tools}/uname`, "#!/bin/sh\necho Plan9\n", { mode: 0o755 });
  const env = { PATH: `${tools}:${Deno.env.get("PATH")}` };
  const { code, stderr } = await install(place, { env });
  assertEquals(code, 1);
  assertMatch(stderr, /Whisper is not available for Plan9/);
});

test("names every system that a release has", async (place) => {
  const text = await Deno.readTextFile(`${place.release}/install.sh`);
  const unix: readonly Target[] = TARGETS.filter((target) => !target.includes("windows"));
  for (const target of unix) assertStringIncludes(text, `target=${target}`);
  assert(!/@[A-Z]+@/.test(text), "no blank is left");
  const windows = await Deno.readTextFile(`${place.release}/install.ps1`);
  for (const target of TARGETS.filter((target) => target.includes("windows"))) {
    assertStringIncludes(windows, `'${target.split("-")[0]}'`);
  }
  assertStringIncludes(windows, "-pc-windows-msvc.exe");
  assert(!/@[A-Z]+@/.test(windows), "no blank is left");
});

test("matches every checksum of a release to its file", async (place) => {
  const { success } = await new Deno.Command("sh", {
    args: ["-c", "sha256sum -c SHA256SUMS 2>/dev/null || shasum -a 256 -c SHA256SUMS"],
    cwd: place.release,
    stdout: "null",
  }).output();
  assert(success);
});
