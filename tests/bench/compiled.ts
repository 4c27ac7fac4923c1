/**
 * Programs compiled for the benchmarks: Whisper, and one that does nothing. Where `deno compile` lacks
 * its runtime, `DENORT_BIN` names one, and `DENO_FOR_COMPILE` the Deno that it belongs to.
 *
 * @module
 */
import { compile } from "../../src/build/compile.ts";
import { output } from "./python.ts";

/** The compiled programs. */
export interface Compiled {
  readonly whisper: string;
  readonly empty: string;
  /** Removes both. */
  remove(): Promise<void>;
}

/** Compiles both. */
export async function compilePrograms(): Promise<Compiled> {
  const folder = await Deno.makeTempDir({ prefix: "whisper-bench-" });
  const source = `${folder}/empty.ts`;
  await Deno.writeTextFile(source, "");
  const empty = `${folder}/empty`;
  const flags = ["compile", "--quiet", "--no-config", "--no-lock", "--no-code-cache"];
  const deno = Deno.env.get("DENO_FOR_COMPILE") ?? Deno.execPath();
  await output(deno, [...flags, "--output", empty, source]);
  const whisper = await compile({ folder });
  return { whisper, empty, remove: () => Deno.remove(folder, { recursive: true }) };
}
