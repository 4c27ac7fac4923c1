/**
 * `whisper --version`.
 *
 * @module
 */
import { COMMIT, DRIVER_VERSION, VERSION } from "../version.ts";

/** What `--version` prints: one line per part. */
export function versionText(
  parts: { deno: string; target: string; commit?: string | undefined } = {
    deno: Deno.version.deno,
    target: Deno.build.target,
    commit: COMMIT,
  },
): string {
  return [
    `whisper ${VERSION}`,
    `deno ${parts.deno} (${parts.target})`,
    `mongodb driver ${DRIVER_VERSION}`,
    ...(parts.commit ? [`commit ${parts.commit}`] : []),
  ].join("\n") + "\n";
}
