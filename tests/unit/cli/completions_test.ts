import { assert, assertEquals } from "@std/assert";
import { ALL_COMMANDS, ALL_FLAGS, SETTINGS, SHELLS, written } from "../../../src/cli/commands.ts";
import { completionScript } from "../../../src/cli/completions.ts";

/** Runs a shell; undefined where there is none. */
function run(shell: string, args: string[]): { ok: boolean; text: string } | undefined {
  try {
    const { success, stdout, stderr } = new Deno.Command(shell, { args }).outputSync();
    return { ok: success, text: new TextDecoder().decode(success ? stdout : stderr) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** The script of a shell in a file of its own. */
function withScript(shell: (typeof SHELLS)[number], action: (path: string) => void): void {
  const folder = Deno.makeTempDirSync();
  try {
    const path = `${folder}/whisper.${shell}`;
    Deno.writeTextFileSync(path, completionScript(shell));
    action(path);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

for (const shell of ["bash", "zsh", "fish"] as const) {
  const ignore = run(shell, ["--version"]) === undefined;
  Deno.test({
    name: `completions: ${shell} reads its script${ignore ? ` (skipped: no ${shell})` : ""}`,
    ignore,
    fn: () =>
      withScript(shell, (path) => assertEquals(run(shell, ["-n", path]), { ok: true, text: "" })),
  });
}

Deno.test("completions: every script knows every command, flag, word and setting", () => {
  for (const shell of SHELLS) {
    const script = completionScript(shell);
    const actions = [...ALL_COMMANDS.values()].flatMap(({ actions }) => Object.keys(actions ?? {}));
    for (const word of [...ALL_COMMANDS.keys(), ...actions, ...SHELLS, ...SETTINGS]) {
      assert(new RegExp(String.raw`(?<![\w-])${word}(?![\w-])`).test(script), `${shell}: ${word}`);
    }
    for (const name of ALL_FLAGS.keys()) {
      const flag = shell === "fish" ? `-l ${written(name).slice(2)} ` : written(name);
      assert(script.includes(flag), `${shell}: ${flag}`);
    }
  }
});

/** What is offered for the last word. */
const OFFERS: [words: string[], some: string[], none: string[]][] = [
  [[""], ["new", "join", "chat", "config", "completions"], ["--uri", "keygen"]],
  [["co"], ["config", "completions"], ["new"]],
  [["--no"], ["--no-color"], ["--name"]],
  [["--room", "garden", "--pass"], ["--passphrase-file", "--password-file"], []],
  [["new", "--"], ["--name", "--uri", "--local"], ["--key-file", "--room"]],
  [["chat", "--ro"], ["--room"], []],
  [["fernet", ""], ["keygen", "encrypt", "decrypt"], ["show"]],
  [["fernet", "decrypt", "--"], ["--key-file", "--ttl"], ["--uri"]],
  [["config", ""], ["show", "set", "unset", "path"], ["keygen"]],
  [["config", "set", ""], ["name", "uri", "local"], ["room", "new"]],
  [["config", "unset", "tls"], ["tls-ca-file"], ["name"]],
  [["config", "show", ""], [], ["name", "uri"]],
  [["completions", "f"], ["fish"], ["bash"]],
  [["doctor", "--tl"], ["--tls-ca-file"], []],
  [["--plain", "ne"], ["new"], ["join"]],
];

function assertOffers(offer: (words: string[]) => string[]): void {
  for (const [words, some, none] of OFFERS) {
    const offered = offer(words);
    for (const word of some) assert(offered.includes(word), `${words.join(" ")}: ${offered}`);
    for (const word of none) assert(!offered.includes(word), `${words.join(" ")}: ${offered}`);
  }
}

const noBash = run("bash", ["--version"]) === undefined;
Deno.test({
  name: `completions: bash offers what fits${noBash ? " (skipped: no bash)" : ""}`,
  ignore: noBash,
  fn: () =>
    withScript("bash", (path) =>
      assertOffers((words) => {
        const program = `source "$1"; shift; COMP_WORDS=(whisper "$@"); COMP_CWORD=$#; _whisper; ` +
          `printf '%s\\n' "\${COMPREPLY[@]}"`;
        const ran = run("bash", ["--norc", "-uc", program, "bash", path, ...words])!;
        assert(ran.ok, ran.text);
        return ran.text.split("\n");
      })),
});

const noFish = run("fish", ["--version"]) === undefined;
Deno.test({
  name: `completions: fish offers what fits${noFish ? " (skipped: no fish)" : ""}`,
  ignore: noFish,
  fn: () =>
    withScript("fish", (path) =>
      assertOffers((words) => {
        const program = `source $argv[1]; complete -C "whisper $argv[2]"`;
        const ran = run("fish", ["--no-config", "-c", program, path, words.join(" ")])!;
        assert(ran.ok, ran.text);
        return ran.text.split("\n").map((line) => line.split("\t")[0]!);
      })),
});
