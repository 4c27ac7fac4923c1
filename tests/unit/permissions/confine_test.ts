import { assert, assertEquals } from "@std/assert";
import { readStart } from "../../../src/cli/start.ts";
import { Failure } from "../../../src/errors.ts";
import { type Files, filesOf, ROOTS } from "../../../src/permissions/confine.ts";

/** The files for these arguments and variables. */
function files(args: readonly string[], env: Record<string, string> = {}): Files {
  const all: Record<string, string> = { HOME: "/home/alice", XDG_RUNTIME_DIR: "/run/a", ...env };
  const variable = (name: string) => all[name];
  const { command, config } = readStart(args, variable);
  assert(!(command instanceof Failure), `${command}`);
  return filesOf(command, { env: variable, configPath: config.path });
}

const RELAY = ["/run/a/whisper"];
const IS_WINDOWS = Deno.build.os === "windows";

Deno.test({
  name: "filesOf: grants the folder of the local relay, and no file when none is named",
  ignore: IS_WINDOWS,
  fn() {
    assertEquals(files(["new", "--name", "key.txt"]), { own: RELAY, named: [] });
    assertEquals(files(["doctor", "--local"]), { own: RELAY, named: [] });
    assertEquals(files(["new", "--uri", "mongodb://h"]), { own: [], named: [] });
    assertEquals(files(["--help"]), { own: [], named: [] });
  },
});

Deno.test({
  name: "filesOf: grants the folder of the configuration to config alone",
  ignore: IS_WINDOWS,
  fn() {
    const own = ["/home/alice/.config/whisper"];
    assertEquals(files(["config", "set", "name", "Alice"]), { own, named: [] });
    assertEquals(files(["config"]), { own, named: [] });
  },
});

Deno.test("filesOf: grants nothing when the command line is wrong", () => {
  assertEquals(filesOf(undefined, { env: () => "/x", configPath: "/x/y" }), { own: [], named: [] });
});

Deno.test("filesOf: reads files from flags, from variables and from a connection string", () => {
  const uri = "mongodb://h/?tls=true&tlsCAFile=%2Fk%2Fca.pem&tlscertificatekeyfile=/k/me.pem";
  const cases: [readonly string[], Record<string, string>, readonly string[]][] = [
    [["chat", "--password-file", "a"], {}, ["a"]],
    [["chat", "--password-file=a=b"], {}, ["a=b"]],
    [["fernet", "encrypt", "--key-file", "k"], {}, ["k"]],
    [["chat", "--room", "r", "--tls-ca-file", "c", "--passphrase-file", "p"], {}, ["c", "p"]],
    [[], { WHISPER_PASSWORD_FILE: "a", WHISPER_TLS_CA_FILE: "c" }, ["c", "a"]],
    [["--uri", uri], {}, ["/k/ca.pem", "/k/me.pem"]],
    [[], { WHISPER_URI: uri }, ["/k/ca.pem", "/k/me.pem"]],
    [["--password-file=flag"], { WHISPER_PASSWORD_FILE: "variable" }, ["flag"]],
  ];
  for (const [args, env, named] of cases) assertEquals(files(args, env).named, named, `${args}`);
});

Deno.test({
  name: "filesOf: reads files from the configuration as well",
  ignore: IS_WINDOWS,
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "whisper-test-" });
    try {
      await Deno.mkdir(`${folder}/whisper`);
      const path = `${folder}/whisper/config.json`;
      const options = { mode: 0o600 };
      await Deno.writeTextFile(path, '{"tls-ca-file":"/k/ca.pem"}', options);
      assertEquals(files([], { XDG_CONFIG_HOME: folder }).named, ["/k/ca.pem"]);
      await Deno.writeTextFile(path, "not JSON", options);
      const { command } = readStart([], (name) => name === "XDG_CONFIG_HOME" ? folder : undefined);
      assert(command instanceof Failure && command.reason === "config-invalid");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("confine: gives up everything that Deno is given at the start", async () => {
  const folder = new URL("../../../src/permissions/", import.meta.url);
  const files = ["flags", ...(IS_WINDOWS ? ["flags.windows"] : [])];
  const flags = await Promise.all(files.map((name) => Deno.readTextFile(new URL(name, folder))));
  for (const flag of ["--allow-read=", "--allow-write="]) {
    const given = flags.flatMap((text) => text.split("\n")).filter((line) => line.startsWith(flag))
      .flatMap((line) => line.slice(flag.length).split(","));
    assertEquals(given.sort(), [...ROOTS].sort());
  }
});

Deno.test({
  name: "confine: leaves the use of files and folders that a link leads to",
  ignore: IS_WINDOWS,
  async fn() {
    const folder = await Deno.realPath(await Deno.makeTempDir());
    try {
      await Deno.mkdir(`${folder}/real`);
      await Deno.writeTextFile(`${folder}/real/file`, "text");
      await Deno.writeTextFile(`${folder}/other`, "text");
      await Deno.symlink(`${folder}/real`, `${folder}/link`);
      await Deno.symlink(`${folder}/real/file`, `${folder}/link-to-file`);
      const own = [`${folder}/link/new/deep`];
      const named = [`${folder}/link/file`, `${folder}/link-to-file`];
      const program = `
        import { confine } from ${
        JSON.stringify(import.meta.resolve("../../../src/permissions/confine.ts"))
      };
        confine(${JSON.stringify({ own, named })});
        const tryTo = (action) => {
          try {
            action();
            return "done";
          } catch (error) {
            return error.name;
          }
        };
        console.log(JSON.stringify([
          ...${JSON.stringify(named)}.map((path) => tryTo(() => Deno.openSync(path).statSync())),
          tryTo(() => {
            Deno.mkdirSync("${own[0]}", { recursive: true });
            Deno.openSync("${own[0]}/a", { write: true, create: true }).statSync();
          }),
          tryTo(() => Deno.openSync("${folder}/other")),
          tryTo(() => Deno.openSync("${folder}/real/file", { write: true })),
        ]));`;
      const path = `${folder}/program.ts`;
      await Deno.writeTextFile(path, program);
      const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "--no-prompt", "--no-check", "--allow-read=/", "--allow-write=/"],
          ...["--allow-env", "--config", new URL("../../../deno.json", import.meta.url).pathname],
          path,
        ],
      }).output();
      assertEquals(
        new TextDecoder().decode(stdout).trim(),
        JSON.stringify(["done", "done", "done", "NotCapable", "NotCapable"]),
        new TextDecoder().decode(stderr),
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
