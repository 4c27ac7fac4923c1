import { assertEquals } from "@std/assert";
import { type Files, filesOf, ROOTS } from "../../../src/permissions/confine.ts";

/** The files for these arguments and variables. */
function files(args: readonly string[], env: Record<string, string> = {}): Files {
  const all: Record<string, string> = { HOME: "/home/alice", XDG_RUNTIME_DIR: "/run/a", ...env };
  return filesOf({ args, env: (name) => all[name] });
}

const OWN = ["/run/a/whisper", "/home/alice/.config/whisper"];
const IS_WINDOWS = Deno.build.os === "windows";

Deno.test({
  name: "confine: one's own folders, and no file, where none is named",
  ignore: IS_WINDOWS,
  fn: () => assertEquals(files(["new", "--name", "key.txt"]), { own: OWN, named: [] }),
});

Deno.test("confine: files are named by flags, by variables and inside a connection string", () => {
  const uri = "mongodb://h/?tls=true&tlsCAFile=%2Fk%2Fca.pem&tlscertificatekeyfile=/k/me.pem";
  const cases: [readonly string[], Record<string, string>, readonly string[]][] = [
    [["chat", "--password-file", "a"], {}, ["a"]],
    [["chat", "--password-file=a=b"], {}, ["a=b"]],
    [["fernet", "encrypt", "--key-file", "k"], {}, ["k"]],
    [["chat", "--tls-ca-file", "c", "--passphrase-file", "p"], {}, ["c", "p"]],
    [[], { WHISPER_PASSWORD_FILE: "a", WHISPER_TLS_CA_FILE: "c" }, ["c", "a"]],
    [["--uri", uri], {}, ["/k/ca.pem", "/k/me.pem"]],
    [[], { WHISPER_URI: uri }, ["/k/ca.pem", "/k/me.pem"]],
    [["--password-file"], {}, []],
  ];
  for (const [args, env, named] of cases) assertEquals(files(args, env).named, named, `${args}`);
});

Deno.test({
  name: "confine: files are named by the configuration as well",
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
      assertEquals(files([], { XDG_CONFIG_HOME: folder }).named, []);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("confine: a variable that may not be read names nothing", () => {
  const env = () => {
    throw new Deno.errors.NotCapable("not this one");
  };
  assertEquals(filesOf({ args: ["--key-file", "k"], env }).named, ["k"]);
});

Deno.test("confine: all that Deno is given at the start is given up", async () => {
  const folder = new URL("../../../src/permissions/", import.meta.url);
  const files = ["flags", ...(IS_WINDOWS ? ["flags.windows"] : [])];
  const flags = await Promise.all(files.map((name) => Deno.readTextFile(new URL(name, folder))));
  for (const flag of ["--allow-read=", "--allow-write="]) {
    const given = flags.flatMap((text) => text.split("\n")).filter((line) => line.startsWith(flag))
      .flatMap((line) => line.slice(flag.length).split(","));
    assertEquals(given.sort(), [...ROOTS].sort());
  }
});
