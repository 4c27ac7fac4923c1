/**
 * `deno task compile`, `deno task release` and `deno task notes`.
 *
 * @module
 */
import { VERSION } from "../version.ts";
import { compile } from "./compile.ts";
import { notesFor } from "./notes.ts";
import { release } from "./release.ts";
import { TARGETS } from "./targets.ts";

const USAGE = `Use: deno task compile [TARGET] [--atlas]
     deno task release [--partial]
     deno task notes TAG
TARGET is one of: ${TARGETS.join(", ")}; without one, this computer.
--atlas: a program that can reach Atlas and this computer only.
--partial: leave out the programs whose runtime is not in WHISPER_RUNTIMES, and what needs them.
`;

async function main([task, ...words]: readonly string[]): Promise<number> {
  const atlas = words.includes("--atlas");
  const [name, ...others] = words.filter((word) => word !== "--atlas");
  const target = TARGETS.find((target) => target === name);
  const isUnknown = name !== undefined && target === undefined;
  if (task === "compile" && !isUnknown && others.length === 0) {
    say(await compile({ target, atlas }));
    return 0;
  }
  const isPartial = words.join() === "--partial";
  if (task === "release" && (words.length === 0 || isPartial)) {
    const { paths, missing } = await release();
    for (const path of paths) say(path);
    for (const why of missing) complain(`Missing: ${why}`);
    return missing.length > 0 && !isPartial ? 1 : 0;
  }
  if (task === "notes" && name !== undefined && others.length === 0) {
    if (name !== `v${VERSION}`) throw new Error(`The tag is ${name}, the program ${VERSION}`);
    const changelog = await Deno.readTextFile(new URL("../../CHANGELOG.md", import.meta.url));
    write(notesFor(name, changelog));
    return 0;
  }
  complain(USAGE.trimEnd());
  return 2;
}

function say(path: string): void {
  const size = (Deno.statSync(path).size / 1e6).toFixed(1);
  write(`${path} (${size} MB)\n`);
}

function write(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

function complain(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
}

try {
  Deno.exit(await main(Deno.args));
} catch (error) {
  complain((error as Error).message);
  Deno.exit(1);
}
