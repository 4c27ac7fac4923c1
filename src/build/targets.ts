/**
 * The systems that Whisper is compiled for.
 *
 * @module
 */

/** One of them, by Deno's name. */
export type Target = (typeof TARGETS)[number];

/** All of them. */
export const TARGETS = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
  "aarch64-pc-windows-msvc",
] as const;

/** The name of the program's file. Without a target: for this computer. */
export function fileName(
  target: Target | undefined,
  options: { atlas?: boolean; os?: typeof Deno.build.os } = {},
): string {
  const isWindows = target ? target.includes("windows") : (options.os ?? Deno.build.os) ===
    "windows";
  const name = options.atlas ? "whisper-atlas" : "whisper";
  return `${name}${target ? `-${target}` : ""}${isWindows ? ".exe" : ""}`;
}
