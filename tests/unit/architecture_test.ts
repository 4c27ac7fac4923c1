/**
 * The doors of the house: which room may import which, who may touch the process, and who may use
 * which package. docs/ARCHITECTURE.md says why.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";

/** Source text by path from the root of the repository. */
type Sources = ReadonlyMap<string, string>;

/** What a room may import, besides itself and what everybody may. A folder stands for all in it. */
const DOORS: Record<string, readonly string[]> = {
  "main.ts": [
    "src/app.ts",
    "src/app/stop_requests.ts",
    "src/cli/version.ts",
    "src/permissions/confine.ts",
  ],
  "src/app.ts": [
    ...[
      "src/cli/",
      "src/terminal/",
      "src/relay/open.ts",
      "src/relay/relay.ts",
      "src/chat/",
      "src/ui/",
    ],
    ...["src/app/", "src/permissions/"],
  ],
  "src/app/": [
    ...[
      "src/cli/",
      "src/terminal/",
      "src/relay/open.ts",
      "src/relay/relay.ts",
      "src/chat/",
      "src/ui/",
    ],
    ...["src/doctor/", "src/permissions/"],
  ],
  "src/doctor/": [
    "src/ui/messages/",
    "src/cli/",
    "src/terminal/",
    "src/relay/open.ts",
    "src/relay/examine.ts",
    "src/relay/check.ts",
  ],
  "src/permissions/": [
    ...["src/cli/commands.ts", "src/cli/config_file.ts", "src/relay/sqlite/place.ts"],
  ],
  "src/terminal/": [],
  "src/cli/": ["src/terminal/", "src/ui/messages/"],
  "src/ui/messages/": ["src/chat/events.ts", "src/terminal/safe_text.ts"],
  "src/ui/": ["src/chat/events.ts", "src/terminal/"],
  "src/chat/": ["src/protocol/", "src/relay/relay.ts"],
  "src/protocol/": ["src/crypto/"],
  "src/crypto/": [],
  "src/relay/relay.ts": [],
  "src/relay/relay_link.ts": [],
  "src/relay/envelope.ts": ["src/relay/relay.ts"],
  "src/relay/mongodb/": ["src/relay/relay.ts", "src/relay/envelope.ts", "src/relay/check.ts"],
  "src/relay/sqlite/": ["src/relay/relay.ts", "src/relay/envelope.ts", "src/relay/check.ts"],
  "src/relay/check.ts": [],
  "src/relay/examine.ts": [
    "src/relay/check.ts",
    "src/relay/open.ts",
    "src/relay/mongodb/",
    "src/relay/sqlite/",
  ],
  "src/relay/open.ts": [
    "src/relay/relay.ts",
    "src/relay/mongodb/",
    "src/relay/sqlite/",
  ],
  "src/build/": ["src/cli/"],
  "src/errors.ts": [],
  "src/exit_status.ts": [],
  "src/failure_reasons.ts": [],
  "src/clock.ts": [],
  "src/deadline.ts": [],
  "src/version.ts": [],
  "src/edits.ts": [],
};

/** Open to everybody. */
const COMMON = [
  "src/errors.ts",
  "src/exit_status.ts",
  "src/failure_reasons.ts",
  "src/clock.ts",
  "src/deadline.ts",
  "src/version.ts",
  "src/edits.ts",
];

/** Types alone: they leave nothing in the program, and the protocol fills what a relay carries. */
const TYPE_DOORS: Record<string, readonly string[]> = {
  "src/protocol/": ["src/relay/relay.ts"],
};

/** The command line's own use of a room below, by file: the commands that are that room's face. */
const FILE_DOORS: Record<string, readonly string[]> = {
  "src/cli/fernet.ts": ["src/crypto/fernet.ts"],
};

/** The rooms that may import a package; a package that is not here is free in `src`. */
const PACKAGES: Record<string, readonly string[]> = {
  "mongodb": ["src/relay/mongodb/"],
  "node:sqlite": ["src/relay/sqlite/"],
  "@noble/curves": ["src/crypto/"],
  "@noble/hashes": ["src/crypto/"],
  "@scure/bip39": ["src/protocol/"],
  "cborg": ["src/protocol/"],
  "@std/assert": [],
  "fast-check": [],
  "mongodb-memory-server-core": [],
};

/** What only `main.ts` may touch: a room that ends the process leaves others no time to tidy. */
const PROCESS = ["Deno.args", "Deno.exit", "Deno.exitCode", "Deno.addSignalListener"];

/** Programs of their own, which make the one that this house is. */
const BUILDERS = ["src/build/main.ts"];

/** One import of one file. */
interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

const STATEMENT =
  /^\s*(?:import|export)\s(?<clause>(?:[^;"']*?\sfrom\s*)?)"(?<specifier>[^"]+)"|\bimport\(\s*"(?<dynamic>[^"]+)"/gm;

/** Every import of a file; relative ones as paths from the root. */
function importsOf(path: string, text: string): Import[] {
  return [...text.matchAll(STATEMENT)].map(({ groups }) => {
    const { clause = "", specifier, dynamic } = groups!;
    const to = specifier ?? dynamic!;
    const names = clause.replace(/\sfrom\s*$/, "").trim();
    // `import { type A, type B }` leaves as little behind as `import type`.
    const listed = /^\{(?<list>[^}]*)\}$/.exec(names)?.groups?.["list"];
    const typeOnly = names.startsWith("type ") ||
      (listed?.split(",").every((name) => /^\s*(type\s.*)?$/.test(name)) ?? false);
    return { from: path, to: to.startsWith(".") ? resolve(path, to) : to, typeOnly };
  });
}

function resolve(from: string, specifier: string): string {
  return new URL(specifier, `file:///${from}`).pathname.slice(1);
}

/** The text without comments; good enough for looking for names, not for parsing. */
function withoutComments(text: string): string {
  return text.replaceAll(/^\s*(\/\*[\s\S]*?\*\/|\/\/.*)$/gm, "").replaceAll(/\s\/\/\s.*$/gm, "");
}

function isIn(path: string, places: readonly string[]): boolean {
  return places.some((place) => place === path || (place.endsWith("/") && path.startsWith(place)));
}

function roomOf(path: string): string | undefined {
  return Object.keys(DOORS).find((room) => isIn(path, [room]));
}

/** Why an import is not allowed; undefined when it is. */
function objection({ from, to, typeOnly }: Import): string | undefined {
  const room = roomOf(from);
  if (room === undefined) return `${from} is in no room`;
  if (!to.startsWith("src/") && to !== "main.ts") {
    const name = Object.keys(PACKAGES).find((name) => to === name || to.startsWith(`${name}/`));
    if (name !== undefined && !isIn(from, PACKAGES[name]!)) return `${from} uses ${to}`;
    if (to.includes(":") && !to.startsWith("node:")) return `${from} names no version of ${to}`;
    return undefined;
  }
  const open = [
    ...(room.endsWith("/") ? [room] : []),
    ...COMMON,
    ...DOORS[room]!,
    ...(typeOnly ? TYPE_DOORS[room] ?? [] : []),
    ...(FILE_DOORS[from] ?? []),
  ];
  return isIn(to, open) ? undefined : `${from} imports ${to}`;
}

/** The first cycle of imports there is. */
function cycle(imports: readonly Import[]): string | undefined {
  const next = Map.groupBy(imports, ({ from }) => from);
  const done = new Set<string>();
  function visit(path: string, way: readonly string[]): string | undefined {
    if (way.includes(path)) return [...way.slice(way.indexOf(path)), path].join(" > ");
    if (done.has(path)) return undefined;
    for (const { to } of next.get(path) ?? []) {
      const found = visit(to, [...way, path]);
      if (found) return found;
    }
    done.add(path);
    return undefined;
  }
  for (const path of next.keys()) {
    const found = visit(path, []);
    if (found) return found;
  }
  return undefined;
}

/** Everything in these sources that the house does not allow. */
function violations(sources: Sources): string[] {
  const found: string[] = [];
  const imports: Import[] = [];
  for (const [path, text] of sources) {
    imports.push(...importsOf(path, text));
    const code = withoutComments(text);
    if (path !== "main.ts" && !isIn(path, BUILDERS)) {
      for (const name of PROCESS) {
        if (new RegExp(`\\b${name}\\b`).test(code)) found.push(`${path} touches ${name}`);
      }
    }
    if (/\bconsole\./.test(code)) found.push(`${path} writes to the console`);
  }
  found.push(...imports.map(objection).filter((why) => why !== undefined));
  const circle = cycle(imports);
  if (circle) found.push(`cycle: ${circle}`);
  return found;
}

/** The program's own sources; folders that are not there hold none. */
function readSources(): Sources {
  const root = new URL("../../", import.meta.url);
  const sources = new Map<string, string>();
  function walk(folder: string): void {
    let entries: Deno.DirEntry[];
    try {
      entries = [...Deno.readDirSync(new URL(folder, root))];
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return;
      throw error;
    }
    for (const { name, isDirectory } of entries) {
      if (isDirectory) walk(`${folder}${name}/`);
      else if (/\.tsx?$/.test(name) && !name.endsWith(".d.ts")) read(`${folder}${name}`);
    }
  }
  function read(path: string): void {
    sources.set(path, Deno.readTextFileSync(new URL(path, root)));
  }
  walk("src/");
  for (const { name } of Deno.readDirSync(root)) if (name === "main.ts") read(name);
  return sources;
}

Deno.test("every import of the program goes through a door of the house", () => {
  const sources = readSources();
  assert(sources.size > 0, "there are sources to look at");
  assertEquals(violations(sources), []);
});

Deno.test("the watch at the doors sees what is forbidden", () => {
  const forbidden: [string, string][] = [
    ["src/ui/plain.ts", `import { chain } from "../crypto/chain.ts";`],
    ["src/ui/plain.ts", `import type { Relay } from "../relay/relay.ts";`],
    ["src/ui/plain.ts", `import { Chat } from "../chat/chat.ts";`],
    ["src/relay/envelope.ts", `import { hkdf } from "../crypto/kdf.ts";`],
    [
      "src/relay/sqlite/sqlite_relay.ts",
      `import { MongoRelay } from "../mongodb/mongodb_relay.ts";`,
    ],
    ["src/crypto/kdf.ts", `export {\n  encode,\n} from "../protocol/wire.ts";`],
    ["src/protocol/wire.ts", `import { type Role, MAX_BATCH } from "../relay/relay.ts";`],
    ["src/chat/chat.ts", `const relay = await import("../relay/sqlite/sqlite_relay.ts");`],
    ["src/errors.ts", `import "./clock.ts";\nimport "./app.ts";`],
    ["main.ts", `import { Chat } from "./src/chat/chat.ts";`],
    ["src/other/new.ts", `import { a } from "../errors.ts";`],
    ["src/chat/chat.ts", `import { MongoClient } from "mongodb";`],
    ["src/relay/envelope.ts", `import { DatabaseSync } from "node:sqlite";`],
    ["src/protocol/wire.ts", `import { sha256 } from "@noble/hashes/sha2.js";`],
    ["src/chat/chat.ts", `import { assert } from "@std/assert";`],
    ["src/crypto/kdf.ts", `import { hkdf } from "npm:@noble/hashes@2.4.0/hkdf.js";`],
    ["src/app.ts", `const [first] = Deno.args;`],
    ["src/ui/plain.ts", `if (failed) Deno.exit(1); // at once`],
    ["src/app.ts", `Deno.addSignalListener("SIGINT", stop);`],
    ["src/chat/chat.ts", `  console.log(text);`],
  ];
  for (const [path, text] of forbidden) {
    assertEquals(violations(new Map([[path, text]])).length, 1, `${path}: ${text}`);
  }
});

Deno.test("the watch at the doors sees a cycle", () => {
  const sources = new Map([
    ["src/chat/a.ts", `import { b } from "./b.ts";`],
    ["src/chat/b.ts", `import {\n  c,\n} from "./c.ts";`],
    ["src/chat/c.ts", `import type { A } from "./a.ts";`],
  ]);
  assertEquals(violations(sources), [
    "cycle: src/chat/a.ts > src/chat/b.ts > src/chat/c.ts > src/chat/a.ts",
  ]);
});

Deno.test("the watch at the doors lets through what is allowed", () => {
  const sources = new Map([
    ["main.ts", `import { run } from "./src/app.ts";\nDeno.exit(await run(Deno.args));`],
    ["src/app.ts", `const { plain } = await import("./ui/plain.ts");`],
    ["src/ui/plain.ts", `import type { ChatEvent } from "../chat/events.ts";`],
    ["src/chat/events.ts", `/** Never Deno.exit, never console.log. */\n// nor Deno.args`],
    ["src/protocol/wire.ts", `import { type Role, type Seat } from "../relay/relay.ts";`],
    ["src/relay/mongodb/client.ts", `import { MongoClient } from "mongodb";`],
    ["src/cli/fernet.ts", `import { encrypt } from "../crypto/fernet.ts";`],
  ]);
  assertEquals(violations(sources), []);
});
