/**
 * Settings to a {@link Mailbox}. Each store's driver is loaded only when its store is asked for.
 *
 * @module
 */
import type { Clock, Random } from "../clock.ts";
import type { Mailbox } from "./mailbox.ts";

export { type Address, completeUri, inspectUri } from "./mongo/uri.ts";

/** Which relay to open. */
export type StoreSettings =
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
  }
  | { readonly kind: "memory" };

/** What a store gets from outside. */
export interface StoreDeps {
  readonly clock: Clock;
  readonly random: Random;
  /** Ends an opening that takes too long for somebody. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens the relay. A relay that cannot be opened is a failure: none is put in its place.
 *
 * @throws {Failure} for a person, or the reason of the aborted signal.
 */
export async function openMailbox(settings: StoreSettings, deps: StoreDeps): Promise<Mailbox> {
  deps.signal?.throwIfAborted();
  switch (settings.kind) {
    case "mongodb": {
      const { openMongoMailbox } = await import("./mongo/open.ts");
      return await openMongoMailbox(settings, deps);
    }
    case "sqlite": {
      const { openSqliteMailbox } = await import("./sqlite/mailbox.ts");
      const { path } = settings;
      const { clock, random, signal } = deps;
      return await openSqliteMailbox({
        clock,
        random,
        ...path !== undefined && { path },
        ...signal && { signal },
      });
    }
    case "memory": {
      const { MemoryRelay } = await import("./memory.ts");
      return new MemoryRelay(deps).mailbox();
    }
  }
}

/**
 * Begins to load what {@link openMailbox} will need, while the person still reads or types. Never
 * rejects: what is missing shows when it is opened.
 */
export async function preload(kind: StoreSettings["kind"]): Promise<void> {
  try {
    if (kind === "mongodb") await import("./mongo/open.ts");
    if (kind === "sqlite") await import("./sqlite/mailbox.ts");
  } catch {
    // Said when it matters.
  }
}
