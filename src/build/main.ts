/**
 * `deno task compile` and `deno task release`.
 *
 * @module
 */
import { compile } from "./compile.ts";
import { release } from "./release.ts";
import { targetNamed, TARGETS } from "./targets.ts";

const USAGE = `Use: deno task compile [TARGET] [--atlas]
     deno task release
TARGET is one of: ${TARGETS.join(", ")}; without one, this computer.
--atlas: a program that reaches Atlas and this computer, and no other host.
`;

async function main([task, ...words]: readonly string[]): Promise<number> {
  const atlas = words.includes("--atlas");
  const [name, ...others] = words.filter((word) => word !== "--atlas");
  const target = name === undefined ? undefined : targetNamed(name);
  const isUnknown = name !== undefined && target === undefined;
  if (task === "compile" && !isUnknown && others.length === 0) {
    say(await compile({ target, atlas }));
    return 0;
  }
  if (task === "release" && words.length === 0) {
    for (const path of await release()) say(path);
    return 0;
  }
  Deno.stderr.writeSync(new TextEncoder().encode(USAGE));
  return 2;
}

function say(path: string): void {
  const size = (Deno.statSync(path).size / 1e6).toFixed(1);
  Deno.stdout.writeSync(new TextEncoder().encode(`${path} (${size} MB)\n`));
}

Deno.exit(await main(Deno.args));
