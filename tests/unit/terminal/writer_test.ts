/**
 * Only `src/terminal/output.ts` writes to a terminal, and only literals reach it unsanitized. A writer
 * that goes another way fails here.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";

const ROOT = new URL("../../../", import.meta.url);
/** Build scripts are not part of the program. */
const NOT_THE_PROGRAM = ["src/build/"];

/** The uses of the standard streams that write nothing, or hand them to {@link Output}. */
const ALLOWED = [
  /new Output\(Deno\.(?:stdout|stderr)\)/g,
  /Deno\.(?:stdout|stderr)\.isTerminal\(\)/g,
];
/** By file: `--version` prints before anything is loaded, and prints a constant. */
const ALLOWED_IN: Readonly<Record<string, string>> = {
  "main.ts": "Deno.stdout.writeSync(new TextEncoder().encode(versionText()));",
};

/** What would write to a terminal, or get around the sanitizer. */
const FORBIDDEN: readonly (readonly [what: string, pattern: RegExp])[] = [
  ["a standard stream", /\bstd(?:out|err)\b(?=["'\]]|\s*[.,;)}])/],
  ["the console", /\bconsole\b/],
  ["the terminal as a file", /\/dev\/(?:tty|stdout|stderr|fd)/],
  ["Deno's own prompts", /(?<![.\w])(?:alert|prompt)\(/],
  ["tty as a function", /(?<!function )\btty\s*\(|\btty\.|\(tty[,)]|= tty\b(?!`)/],
  ["a made-up TemplateStringsArray", /as (?:unknown as )?TemplateStringsArray/],
  ["a made-up TerminalText", /as (?:unknown as )?TerminalText\b/],
];

/** Everything in a source that must not be there. */
function violations(path: string, source: string): string[] {
  let code = source.replaceAll(/^\s*(?:\/\*[\s\S]*?\*\/|\/\/.*)$/gm, "");
  for (const pattern of ALLOWED) code = code.replaceAll(pattern, "");
  code = code.replace(ALLOWED_IN[path] ?? "", "");
  return FORBIDDEN.filter(([, pattern]) => pattern.test(code)).map(([what]) => `${path}: ${what}`);
}

function sourcesIn(folder: string): string[] {
  return [...Deno.readDirSync(new URL(folder, ROOT))].flatMap(({ name, isDirectory }) => {
    if (isDirectory) return sourcesIn(`${folder}${name}/`);
    return name.endsWith(".ts") && !name.endsWith(".d.ts") ? [`${folder}${name}`] : [];
  });
}

Deno.test("Output: is the only writer to the standard streams in the program", () => {
  const paths = ["main.ts", ...sourcesIn("src/")]
    .filter((path) => !NOT_THE_PROGRAM.some((folder) => path.startsWith(folder)));
  assert(paths.length > 100);
  const found = paths.flatMap((path) =>
    violations(path, Deno.readTextFileSync(new URL(path, ROOT)))
  );
  assertEquals(found, []);
});

Deno.test("violations: finds every other way to a terminal", () => {
  const writers = [
    "Deno.stdout.writeSync(bytes);",
    "await Deno.stderr.write(bytes);",
    "const out = Deno.stdout;",
    'Deno["stdout"].writeSync(bytes);',
    "const { stdout } = Deno;",
    'import { stdout } from "node:process";',
    "process.stdout.write(text);",
    "stream.pipeTo(Deno.stdout.writable);",
    "console.log(text);",
    'Deno.writeTextFileSync("/dev/tty", text);',
    'const answer = prompt("Name?");',
    "alert(text);",
    "tty([text] as unknown as TemplateStringsArray);",
    "tty.call(undefined, literals);",
    "const write = tty;",
    "output.write({ raw: text } as unknown as TerminalText);",
  ];
  for (const writer of writers) assert(violations("src/ui/plain.ts", writer).length > 0, writer);
  assert(violations("src/app.ts", ALLOWED_IN["main.ts"]!).length > 0);
});

Deno.test("violations: lets through what goes by Output", () => {
  const allowed = [
    "const output = new Output(Deno.stdout);",
    "const isTerminal = Deno.stdout.isTerminal();",
    "terminal.write(tty`\\x1b[${row};1H${name}`);",
    "/** Where bytes go: `Deno.stdout` or `Deno.stderr`. */",
    'import { TerminalInput } from "./prompt.ts";',
    "const line = await input.readLine({ prompt: question });",
  ];
  for (const source of allowed) assertEquals(violations("src/ui/plain.ts", source), [], source);
});
