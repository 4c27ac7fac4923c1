import { assertEquals } from "@std/assert";
import { type Privilege, rightsOf } from "../../../../src/relay/mongodb/rights.ts";

const READ_WRITE = [
  ...["changeStream", "collStats", "convertToCapped", "createCollection", "createIndex", "find"],
  ...["dropCollection", "dropIndex", "insert", "listIndexes", "remove", "update"],
];

function on(resource: Privilege["resource"], actions: readonly string[] = READ_WRITE): Privilege {
  return { resource, actions };
}

const CASES: readonly [
  name: string,
  privileges: readonly Privilege[],
  missing: readonly string[],
  isBeyond: boolean,
][] = [
  [
    "readWrite on the database",
    [
      on({ db: "whisper", collection: "" }),
      on({ db: "whisper", collection: "system.js" }),
    ],
    [],
    false,
  ],
  [
    "the two collections, one by one",
    [
      on({ db: "whisper", collection: "rooms" }),
      on({ db: "whisper", collection: "messages" }),
    ],
    [],
    false,
  ],
  ["one of the two collections", [on({ db: "whisper", collection: "rooms" })], [
    ...["find", "insert", "update", "remove", "createCollection", "createIndex"],
  ], false],
  ["read alone", [on({ db: "whisper", collection: "" }, ["find", "changeStream"])], [
    ...["insert", "update", "remove", "createCollection", "createIndex"],
  ], false],
  ["another database", [on({ db: "other", collection: "" })], [
    ...["find", "insert", "update", "remove", "createCollection", "createIndex"],
  ], true],
  [
    "one database more",
    [
      on({ db: "whisper", collection: "" }),
      on({ db: "other", collection: "" }, ["find"]),
    ],
    [],
    true,
  ],
  ["every database", [on({ db: "", collection: "" })], [], true],
  ["anything", [on({ anyResource: true }, [...READ_WRITE, "anyAction"])], [], true],
  [
    "the cluster",
    [
      on({ db: "whisper", collection: "" }),
      on({ cluster: true }, ["listDatabases"]),
    ],
    [],
    true,
  ],
  [
    "to rule the database",
    [
      on({ db: "whisper", collection: "" }, [...READ_WRITE, "dropDatabase"]),
    ],
    [],
    true,
  ],
];

for (const [name, privileges, missing, isBeyond] of CASES) {
  Deno.test(`rights: ${name}`, () => {
    const found = rightsOf(privileges, "whisper");
    assertEquals([found.missing, found.isBeyond], [missing, isBeyond]);
  });
}
