/**
 * Every command that the documents, the help and the manual show can be copied as it stands.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { ALL_COMMANDS, DEFAULT_COMMAND } from "../../../src/cli/command_table.ts";
import { helpText } from "../../../src/cli/help.ts";
import { manualPage } from "../../../src/cli/manual.ts";
import { parseCommand } from "../../../src/cli/parse.ts";
import { parseCode } from "../../../src/protocol/invite_code.ts";
import { documents, filesBelow, read, ROOT } from "../../support/documents.ts";
import config from "../../../deno.json" with { type: "json" };

/** A block of shell commands; `run` behind `sh` means that it is run for real. */
const BLOCK = /^([ ]*)```(sh(?: run)?|console)\n([^]*?)^\1```$/gm;
const INLINE = /`((?:whisper|\.\/setup\.sh)(?: [^`]*)?)`/g;
/** What starts Whisper, as documents write it. */
const PROGRAM = /^(?:whisper|\.\/setup\.sh(?: chat(?::any)?)?|deno task chat(?::any)?)(?= |$)/;
/** Something that looks like an invite code. */
const CODE = /(?<![\w-])\d{4,9}-[a-z]+-[a-z]+-[a-z]+(?![\w-])/g;
/** Words that stand for a value, and one such value. */
const PLACEHOLDERS: Readonly<Record<string, string>> = {
  CODE: "4821-river-canyon-ocean",
  URI: "mongodb://localhost/",
  DURATION: "10m",
};
/** Captures of slips, too. */
const CAPTURES = "docs/dev/screens.md";
/** Words of `setup.sh` itself. */
const SETUP = ["install", "uninstall", ...Object.keys(config.tasks)];

/** A line of a document that a shell would run, and where it stands. */
interface Example {
  readonly where: string;
  readonly line: string;
}

/** The commands of a block, one a line; of a session only what was typed. */
function commandsOf(kind: string, block: string): string[] {
  const lines = block.replaceAll("\\\n", " ").split("\n").map((line) => line.trim());
  return kind === "console"
    ? lines.filter((line) => line.startsWith("$ ")).map((line) => line.slice(2))
    : lines;
}

/** What a shell makes of a line as far as the examples go: the words of each command in it. */
function commandLines(line: string): string[][] {
  const words = [...line.matchAll(/"([^"]*)"|'([^']*)'|(&&|\|\||[|;<>]|#.*)|([^\s"'|;<>]+)/g)];
  const lines: string[][] = [[]];
  let skipped = false;
  for (const [, double, single, operator, plain] of words) {
    if (operator?.startsWith("#")) break;
    if (operator === "<" || operator === ">") skipped = true;
    else if (operator !== undefined) lines.push([]);
    else if (skipped) skipped = false;
    else lines.at(-1)!.push(double ?? single ?? plain!);
  }
  return lines.filter((words) => words.length > 0);
}

/** Arguments for the parser, or undefined for another program's command. */
function argumentsOf(words: readonly string[]): string[] | undefined {
  const [, ...rest] = words;
  const [program] = PROGRAM.exec(words.join(" ")) ?? [];
  if (program === undefined) return undefined;
  if (program === "./setup.sh" && (rest.length === 0 || SETUP.includes(rest[0]!))) return undefined;
  return words.slice(program.split(" ").length).map((word) => PLACEHOLDERS[word] ?? word);
}

function assertParsed({ where, line }: Example): void {
  for (const words of commandLines(line)) {
    const args = argumentsOf(words);
    if (args === undefined) continue;
    try {
      parseCommand(args, { env: () => undefined, config: () => ({}) as never });
    } catch (error) {
      throw new Error(`${where}: ${line}\n${error}`, { cause: error });
    }
  }
}

/** True for the name of a command in a sentence, which nobody is told to type. */
function isName(line: string): boolean {
  const [, name, ...more] = line.split(" ");
  return name !== undefined && more.length === 0 && ALL_COMMANDS.has(name);
}

function examples(): Example[] {
  const shown = documents().filter((where) => where !== CAPTURES).flatMap((where) => {
    const text = read(where);
    const blocks = [...text.matchAll(BLOCK)].flatMap(([, , kind, block]) =>
      commandsOf(kind!, block!)
    );
    const inline = [...text.replaceAll(BLOCK, "").matchAll(INLINE)].map(([, line]) => line!)
      .filter((line) => !isName(line));
    return [...blocks, ...inline].map((line) => ({ where, line }));
  });
  const helped = [DEFAULT_COMMAND, ...ALL_COMMANDS.values()].map(({ example }) => ({
    where: "help",
    line: `whisper ${example}`.trim(),
  }));
  return [...shown, ...helped];
}

Deno.test("examples: every Whisper command that is shown is understood", () => {
  const all = examples();
  assert(all.filter(({ line }) => commandLines(line).some(argumentsOf)).length > 30);
  all.forEach(assertParsed);
});

Deno.test("examples: every invite code that is shown is one", () => {
  const texts = [
    ...documents().map((where) => ({ where, text: read(where) })),
    ...filesBelow("src/").map((where) => ({ where, text: read(where) })),
    { where: "help", text: helpText() },
    { where: "manual", text: manualPage() },
  ];
  const wrong = texts.flatMap(({ where, text }) =>
    (where === CAPTURES ? [] : [...text.matchAll(CODE)]).flatMap(([code]) => {
      try {
        parseCode(code);
        return [];
      } catch (error) {
        return [`${where}: ${code}: ${(error as Error).message}`];
      }
    })
  );
  assertEquals(wrong, []);
});

Deno.test({
  name: "examples: every block that is marked to be run runs",
  ignore: Deno.build.os === "windows",
  async fn(t) {
    const home = await Deno.makeTempDir();
    const denoDir = Deno.env.get("DENO_DIR") ?? await cacheFolder();
    try {
      await Deno.mkdir(`${home}/bin`);
      const main = new URL("main.ts", ROOT).href;
      await Deno.writeTextFile(
        `${home}/bin/whisper`,
        `#!/bin/sh\nexec '${Deno.execPath()}' run --allow-all --no-check '${main}' "$@"\n`,
        { mode: 0o755 },
      );
      for (const where of documents()) {
        for (const [, , kind, block] of read(where).matchAll(BLOCK)) {
          if (kind !== "sh run") continue;
          await t.step(`${where}: ${block!.split("\n")[0]}`, async () => {
            const folder = await Deno.makeTempDir({ dir: home });
            const { success, stderr } = await new Deno.Command("sh", {
              args: ["-euc", block!],
              cwd: folder,
              env: {
                HOME: home,
                XDG_CONFIG_HOME: folder,
                XDG_RUNTIME_DIR: folder,
                DENO_DIR: denoDir,
                PATH: `${home}/bin:${Deno.env.get("PATH")}`,
              },
              stdin: "null",
              stdout: "null",
              stderr: "piped",
            }).output();
            assert(success, new TextDecoder().decode(stderr));
          });
        }
      }
    } finally {
      await Deno.remove(home, { recursive: true });
    }
  },
});

async function cacheFolder(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}
