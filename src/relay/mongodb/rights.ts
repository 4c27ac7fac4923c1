/**
 * What a database user may do, compared with what a chat needs: `readWrite` on one database.
 *
 * @module
 */

/** One entry of `authenticatedUserPrivileges`, the answer to `connectionStatus`. */
export interface Privilege {
  readonly resource: {
    readonly db?: string;
    readonly collection?: string;
    readonly cluster?: boolean;
    readonly anyResource?: boolean;
  };
  readonly actions: readonly string[];
}

/** Every action that some operation of the relay takes; without changeStream there is polling. */
const NEEDED = ["find", "insert", "update", "remove", "createCollection", "createIndex"];
const COLLECTIONS = ["rooms", "messages"];

/** What a user lacks, and whether it has more than it needs. */
export interface Rights {
  /** Actions that a chat needs and this user lacks. */
  readonly missing: readonly string[];
  /** Whether the user may act outside this database, or administer it. */
  readonly isBeyond: boolean;
}

/** Compares what a user may do with what a chat in `database` needs. */
export function rightsOf(privileges: readonly Privilege[], database: string): Rights {
  const may = (action: string) =>
    COLLECTIONS.every((collection) =>
      privileges.some(({ resource, actions }) =>
        actions.includes(action) && covers(resource, database, collection)
      )
    );
  return {
    missing: NEEDED.filter((action) => !may(action)),
    isBeyond: privileges.some(({ resource, actions }) =>
      actions.length > 0 && (resource.db !== database || actions.some(isAdministration))
    ),
  };
}

function covers(resource: Privilege["resource"], database: string, collection: string): boolean {
  if (resource.anyResource) return true;
  // An empty name stands for every database, or every collection that is not the system's.
  return (resource.db === database || resource.db === "") &&
    (resource.collection === collection || resource.collection === "");
}

/** Actions of `dbAdmin`, `userAdmin` and `dbOwner` that `readWrite` is without. */
function isAdministration(action: string): boolean {
  return /^(?:dropDatabase|createUser|grantRole|createRole|collMod|enableProfiler)$/.test(action);
}
