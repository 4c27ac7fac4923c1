import { assert, assertEquals } from "@std/assert";
import {
  ALL_COMMANDS,
  ALL_FLAGS,
  flagSyntax,
  SETTINGS,
  SHELLS,
} from "../../../src/cli/command_table.ts";
import { complete, completionScript, completionText } from "../../../src/cli/completions.ts";

const MAIN = new URL("../../../main.ts", import.meta.url).pathname;

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
    Deno.writeTextFileSync(path, completionScript(shell, "whisper"));
    action(path);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

for (const shell of ["bash", "zsh", "fish"] as const) {
  const ignore = run(shell, ["--version"]) === undefined;
  Deno.test({
    name: `completionScript: is valid in ${shell}${ignore ? ` (skipped: no ${shell})` : ""}`,
    ignore,
    fn: () =>
      withScript(shell, (path) => assertEquals(run(shell, ["-n", path]), { ok: true, text: "" })),
  });
}

Deno.test("completionScript: asks the program in every shell", () => {
  for (const shell of SHELLS) {
    const script = completionScript(shell, "whisper");
    assert(script.includes("__complete"), shell);
    assert(script.split("\n").length <= 20, `${shell}: a short script`);
  }
});

Deno.test("completionScript: completes the name that the program has", () => {
  for (const shell of SHELLS) {
    const script = completionScript(shell, "whisper-chat");
    assert(/whisper-chat/.test(script), shell);
    assertEquals(script.match(/(?<![_-])\bwhisper\b(?!-chat)/), null, shell);
  }
});

/** What is offered for the last word. */
function offered(...words: string[]): string[] {
  const completion = complete(words);
  return completion === "files" ? [":files"] : completion.map(({ word }) => word);
}

Deno.test("complete: knows every command, flag, subcommand, shell and setting", () => {
  assertEquals(offered(""), [...ALL_COMMANDS.keys()]);
  for (const [name, { actions = {}, choices = [], takesFiles }] of ALL_COMMANDS) {
    if (takesFiles) assertEquals(offered(name, ""), [":files"]);
    else assertEquals(offered(name, ""), [...Object.keys(actions), ...choices]);
  }
  const flags = new Set([...ALL_COMMANDS.keys()].flatMap((name) => offered(name, "-")));
  for (const name of ALL_FLAGS.keys()) assert(flags.has(flagSyntax(name)), name);
  assertEquals(offered("config", "set", ""), [...SETTINGS]);
  assertEquals(offered("completions", ""), [...SHELLS]);
  assert(offered("help", "").includes("exit-codes"));
});

Deno.test("complete: leaves the value of a flag to the person, and of a FILE to the shell", () => {
  assertEquals(offered("fernet", "encrypt", "--key-file", ""), [":files"]);
  assertEquals(offered("--name", "n"), []);
  assertEquals(completionText(["--tls-ca-file", ""]), ":files\n");
  assertEquals(completionText(["jo"]), `join\t${ALL_COMMANDS.get("join")!.help}\n`);
  assertEquals(completionText(["nothing", "x"]), "");
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

/** The same through a shell, which starts the program for each: one of every kind. */
const SHELL_OFFERS = OFFERS.filter((_, index) => [0, 3, 7, 10, 14].includes(index));

function assertOffers(offer: (words: string[]) => string[], offers = OFFERS): void {
  for (const [words, some, none] of offers) {
    const offered = offer(words);
    for (const word of some) assert(offered.includes(word), `${words.join(" ")}: ${offered}`);
    for (const word of none) assert(!offered.includes(word), `${words.join(" ")}: ${offered}`);
  }
}

Deno.test("complete: offers what fits", () => assertOffers((words) => offered(...words)));

/** Runs `action` with a folder that has a `whisper` which runs this repository. */
function withProgram(action: (folder: string) => void): void {
  const folder = Deno.makeTempDirSync();
  try {
    const program = `exec '${Deno.execPath()}' run --allow-all --no-check '${MAIN}' "$@"\n`;
    Deno.writeTextFileSync(`${folder}/whisper`, `#!/bin/sh\n${program}`, { mode: 0o755 });
    action(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const noBash = run("bash", ["--version"]) === undefined;
Deno.test({
  name: `completionScript: offers what fits in bash${noBash ? " (skipped: no bash)" : ""}`,
  ignore: noBash,
  fn: () =>
    withProgram((folder) =>
      withScript("bash", (path) =>
        assertOffers((words) => {
          const program = `PATH="$1:$PATH"; source "$2"; shift 2; COMP_WORDS=(whisper "$@"); ` +
            `COMP_CWORD=$#; _whisper; printf '%s\\n' "\${COMPREPLY[@]}"`;
          const ran = run("bash", ["--norc", "-uc", program, "bash", folder, path, ...words])!;
          assert(ran.ok, ran.text);
          return ran.text.split("\n");
        }, SHELL_OFFERS))
    ),
});

Deno.test({
  name: `completionScript: leaves quoting files to bash${noBash ? " (skipped: no bash)" : ""}`,
  ignore: noBash,
  fn: () =>
    withScript("bash", (path) => {
      const program =
        `compopt() { printf "%s " "$@"; }; whisper() { echo :files; }; source "$1"; ` +
        `COMP_WORDS=(whisper send my); COMP_CWORD=2; _whisper; echo "\${#COMPREPLY[@]}"`;
      const ran = run("bash", ["--norc", "-c", program, "bash", path]);
      assertEquals(ran, { ok: true, text: "-o default 0\n" });
    }),
});

const noFish = run("fish", ["--version"]) === undefined;
Deno.test({
  name: `completionScript: offers what fits in fish${noFish ? " (skipped: no fish)" : ""}`,
  ignore: noFish,
  fn: () =>
    withProgram((folder) =>
      withScript("fish", (path) =>
        assertOffers((words) => {
          const program = `set -p PATH $argv[1]; source $argv[2]; complete -C "whisper $argv[3]"`;
          const ran = run("fish", ["--no-config", "-c", program, folder, path, words.join(" ")])!;
          assert(ran.ok, ran.text);
          return ran.text.split("\n").map((line) => line.split("\t")[0]!);
        }, SHELL_OFFERS))
    ),
});
