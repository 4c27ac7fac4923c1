/**
 * Settings to the steps in which `whisper doctor` looks at a relay. Each store's driver is loaded
 * only when its store is asked for.
 *
 * @module
 */
import type { Examination } from "./check.ts";
import type { StoreDeps, StoreSettings } from "./open.ts";

/** The steps for this relay; nothing is looked at yet. */
export async function examine(
  settings: Exclude<StoreSettings, { kind: "memory" }>,
  deps: StoreDeps,
): Promise<Examination> {
  if (settings.kind === "mongodb") {
    const { examineMongo } = await import("./mongo/checks.ts");
    return examineMongo(settings, deps);
  }
  const { examineSqlite } = await import("./sqlite/checks.ts");
  return examineSqlite(settings, deps);
}
