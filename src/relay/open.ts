/**
 * Settings to a {@link Relay}. The driver of a kind is loaded only when that kind is asked for.
 *
 * @module
 */
import type { Clock, Random } from "../clock.ts";
import type { Relay } from "./relay.ts";

export { type Address, completeUri, inspectUri } from "./mongodb/uri.ts";

/** Which relay to open. */
export type RelaySettings =
  | {
    readonly kind: "mongodb";
    /** A complete connection string, with its password. */
    readonly uri: string;
    /** True to poll even where there are change streams. */
    readonly poll?: boolean | undefined;
    /** A file with the certificates (PEM) that the server's is checked against. */
    readonly tlsCaFile?: string | undefined;
  }
  | {
    readonly kind: "sqlite";
    /** The database file; without it, the one that terminals of this user share. */
    readonly path?: string | undefined;
  };

/** What a relay gets from outside. */
export interface RelayDeps {
  readonly clock: Clock;
  readonly random: Random;
  /** Cancels the opening. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens the relay. A relay that cannot be opened is a failure: none is put in its place.
 *
 * @throws {Failure} for a person, or the reason of the aborted signal.
 */
export async function openRelay(settings: RelaySettings, deps: RelayDeps): Promise<Relay> {
  deps.signal?.throwIfAborted();
  switch (settings.kind) {
    case "mongodb": {
      const { openMongoRelay } = await import("./mongodb/open.ts");
      return await openMongoRelay(settings, deps);
    }
    case "sqlite": {
      const { openSqliteRelay } = await import("./sqlite/sqlite_relay.ts");
      const { path } = settings;
      const { clock, random, signal } = deps;
      return await openSqliteRelay({
        clock,
        random,
        ...path !== undefined && { path },
        ...signal && { signal },
      });
    }
  }
}

/** The folder of the relay that terminals of this user share. */
export async function localRelayFolder(
  env: (name: string) => string | undefined,
): Promise<string> {
  const { defaultDatabasePath, directoryOf } = await import("./sqlite/place.ts");
  return directoryOf(defaultDatabasePath(env));
}

/** Whether a room on this computer waits for its guest. Never rejects. */
export async function isRoomWaiting(env: (name: string) => string | undefined): Promise<boolean> {
  const [{ hasWaitingRoom }, { defaultDatabasePath }] = await Promise.all([
    import("./sqlite/waiting_room.ts"),
    import("./sqlite/place.ts"),
  ]);
  return hasWaitingRoom(defaultDatabasePath(env));
}

/**
 * Begins to load what {@link openRelay} will need, while the person still reads or types. Never
 * rejects: what is missing shows when it is opened.
 */
export async function preload(kind: RelaySettings["kind"]): Promise<void> {
  try {
    if (kind === "mongodb") await import("./mongodb/open.ts");
    if (kind === "sqlite") await import("./sqlite/sqlite_relay.ts");
  } catch {
    // Said when it matters.
  }
}
