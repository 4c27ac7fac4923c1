/**
 * Settings to a {@link Relay}, for a chat, and to the steps in which `whisper doctor` looks at one. The
 * driver of a kind is loaded only when that kind is asked for.
 *
 * @module
 */
import type { Clock, Random } from "../clock.ts";
import { Failure } from "../errors.ts";
import type { Examination } from "./check.ts";
import {
  assertTlsFiles,
  completeUri,
  inspectUri,
  type MongoSettings,
  tlsOf,
  withOptions,
} from "./mongodb/uri.ts";
import type { Relay } from "./relay.ts";
import { certificatesIn, encodeRelayLink, expandRelay } from "./relay_link.ts";

export { type Address, inspectUri } from "./mongodb/uri.ts";
export { decodeRelayLink, encodeRelayLink, expandRelay, isRelayLink } from "./relay_link.ts";

/** What the questions about a relay do with its connection string or relay link. */
export const URI_CHECKS = { expand: expandRelay, inspect: inspectUri, complete: completeUri };

/** Which relay to open. */
export type RelaySettings =
  | { readonly kind: "mongodb" } & MongoSettings
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
      const { openMongoRelay } = await import("./mongodb/mongodb_relay.ts");
      return await openMongoRelay(settings, deps);
    }
    case "sqlite": {
      const { openSqliteRelay } = await import("./sqlite/sqlite_relay.ts");
      return await openSqliteRelay({ ...settings, ...deps });
    }
  }
}

/** The steps in which the doctor looks at this relay; nothing is looked at yet. */
export async function examine(settings: RelaySettings, deps: RelayDeps): Promise<Examination> {
  switch (settings.kind) {
    case "mongodb":
      return new (await import("./mongodb/checks.ts")).MongoExamination(settings, deps);
    case "sqlite":
      return new (await import("./sqlite/checks.ts")).SqliteExamination({ ...settings, ...deps });
  }
}

/**
 * The relay link to hand over.
 *
 * @param options.code an invite code that it is to carry.
 * @throws {Failure} `relay-link-local`, `relay-link-file`, or `tls-file` for certificates that cannot
 * be read.
 */
export function relayLinkTo(settings: RelaySettings, { code }: { code?: string } = {}): string {
  if (settings.kind === "sqlite") throw new Failure("relay-link-local");
  const { files } = tlsOf(settings.uri);
  const own = files.find(({ option }) => !/^tlsCAFile$/i.test(option));
  if (own) throw new Failure("relay-link-file", { option: own.option });
  if (settings.authorities === undefined) assertTlsFiles(settings.uri, settings.tlsCaFile);
  const paths = [...files.map(({ path }) => path), settings.tlsCaFile ?? []].flat();
  const pem = settings.authorities ?? paths.map(readCertificates).join("");
  const authorities = certificatesIn(pem);
  return encodeRelayLink({
    uri: withOptions(settings.uri, { without: ["tlsCAFile"] }),
    ...authorities.length > 0 && { authorities },
    ...code !== undefined && { code },
  });
}

function readCertificates(path: string): string {
  const pem = Deno.readTextFileSync(path);
  if (certificatesIn(pem).length > 0) return pem;
  throw new Failure("tls-file", { option: "--tls-ca-file", problem: "invalid" });
}

/**
 * A connection string that names hosts: what DNS says of `mongodb+srv://` now.
 *
 * @throws {Failure} `dns-…`.
 */
export async function seedList(uri: string): Promise<string> {
  return (await import("./mongodb/dns.ts")).seedList(uri);
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
    import("./sqlite/database.ts"),
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
    if (kind === "mongodb") await import("./mongodb/mongodb_relay.ts");
    if (kind === "sqlite") await import("./sqlite/sqlite_relay.ts");
  } catch {
    // Said when it matters.
  }
}
