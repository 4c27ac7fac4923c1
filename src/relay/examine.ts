/**
 * Settings to the steps in which `whisper doctor` looks at a relay. Each store's driver is loaded
 * only when its store is asked for.
 *
 * @module
 */
import type { Examination } from "./check.ts";
import type { RelayDeps, RelaySettings } from "./open.ts";

/** The steps for this relay; nothing is looked at yet. */
export async function examine(
  settings: RelaySettings,
  deps: RelayDeps,
): Promise<Examination> {
  if (settings.kind === "mongodb") {
    const { examineMongo } = await import("./mongodb/checks.ts");
    return examineMongo(settings, deps);
  }
  const { examineSqlite } = await import("./sqlite/checks.ts");
  return examineSqlite(settings, deps);
}
