/**
 * The allowed dependencies: which part of the program may import which, which may use which package,
 * and which may touch the process. docs/ARCHITECTURE.md explains them.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);

/** What a part may import, besides itself and what is common. A folder stands for all files in it. */
const ALLOWED: Record<string, readonly string[]> = {
  "main.ts": [
    "src/app.ts",
    "src/app/stop_requests.ts",
    "src/cli/start.ts",
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
    ...["src/app/", "src/permissions/", "src/files/"],
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
    ...["src/doctor/", "src/permissions/", "src/files/"],
  ],
  "src/doctor/": [
    "src/ui/messages/",
    "src/cli/",
    "src/terminal/",
    "src/relay/open.ts",
    "src/relay/check.ts",
  ],
  "src/permissions/": [
    ...["src/cli/command.ts", "src/cli/proxy.ts", "src/relay/sqlite/place.ts"],
  ],
  "src/terminal/": [],
  "src/cli/": ["src/terminal/", "src/ui/messages/"],
  "src/ui/messages/": [
    "src/chat/events.ts",
    "src/relay/check.ts",
    "src/terminal/graphemes.ts",
    "src/terminal/safe_text.ts",
  ],
  "src/ui/": ["src/chat/events.ts", "src/terminal/"],
  "src/chat/": [
    "src/protocol/",
    "src/relay/relay.ts",
    "src/relay/envelope.ts",
    "src/relay/portion.ts",
    "src/files/",
  ],
  "src/files/": [],
  "src/protocol/": ["src/crypto/"],
  "src/crypto/": [],
  "src/relay/relay.ts": [],
  "src/relay/relay_link.ts": [],
  "src/relay/envelope.ts": ["src/relay/relay.ts"],
  "src/relay/portion.ts": ["src/relay/relay.ts", "src/relay/envelope.ts"],
  "src/relay/stored.ts": ["src/relay/relay.ts"],
  "src/relay/mongodb/": [
    "src/relay/relay.ts",
    "src/relay/envelope.ts",
    "src/relay/portion.ts",
    "src/relay/stored.ts",
    "src/relay/check.ts",
  ],
  "src/relay/sqlite/": [
    "src/relay/relay.ts",
    "src/relay/envelope.ts",
    "src/relay/stored.ts",
    "src/relay/check.ts",
  ],
  "src/relay/check.ts": [],
  "src/relay/open.ts": [
    "src/relay/check.ts",
    "src/relay/relay.ts",
    "src/relay/relay_link.ts",
    "src/relay/mongodb/",
    "src/relay/sqlite/",
  ],
  "src/build/": ["src/cli/"],
  "src/errors.ts": [],
  "src/exit_status.ts": [],
  "src/failure_reasons.ts": [],
  "src/file_problem.ts": [],
  "src/clock.ts": [],
  "src/deadline.ts": [],
  "src/version.ts": [],
  "src/base64url.ts": [],
  "src/environment.ts": [],
  "src/nearest.ts": [],
  "src/duration.ts": [],
  "src/limits.ts": [],
  "src/ranges.ts": [],
};

/** Every part may import these. */
const COMMON = [
  "src/errors.ts",
  "src/exit_status.ts",
  "src/failure_reasons.ts",
  "src/file_problem.ts",
  "src/clock.ts",
  "src/deadline.ts",
  "src/version.ts",
  "src/base64url.ts",
  "src/environment.ts",
  "src/nearest.ts",
  "src/duration.ts",
  "src/limits.ts",
  "src/ranges.ts",
];

/** Types only: they are not in the program, and the protocol fills what a relay carries. */
const ALLOWED_TYPES: Record<string, readonly string[]> = {
  "src/protocol/": ["src/relay/relay.ts"],
};

/** What single files may import: the command line calls the cryptography of its own commands. */
const ALLOWED_FILES: Record<string, readonly string[]> = {
  "src/cli/fernet.ts": ["src/crypto/fernet.ts"],
};

/** The parts that may import a package. Every part of `src` may import those that are not listed. */
const PACKAGES: Record<string, readonly string[]> = {
  "mongodb": ["src/relay/mongodb/"],
  "node:sqlite": ["src/relay/sqlite/"],
  "qr": ["src/ui/qr.ts"],
  "@noble/curves": ["src/crypto/"],
  "@noble/hashes": ["src/crypto/"],
  "@noble/post-quantum": ["src/crypto/"],
  "@scure/bip39": ["src/protocol/"],
  "cborg": ["src/protocol/"],
  "@std": [],
  "fast-check": [],
  "mongodb-memory-server-core": [],
};

/** Only the entry points may touch these: a part that ends the process leaves no time to clean up. */
const PROCESS = ["Deno.args", "Deno.exit", "Deno.exitCode", "Deno.addSignalListener"];
const ENTRY_POINTS = ["main.ts", "src/build/main.ts"];

/** One import of one file, both as paths from the root; a package as it is written. */
interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly?: boolean;
  /** True for `import()`: loaded when it is reached. */
  readonly isDynamic?: boolean;
}

/** The part of `deno info --json` that is used here. */
interface Info {
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly {
      readonly specifier: string;
      readonly code?: { readonly specifier?: string };
      readonly type?: { readonly specifier?: string };
      readonly isDynamic?: boolean;
    }[];
  }[];
}

/** Paths of the program's sources. */
function sourcePaths(folder = "src/"): string[] {
  const paths = [...Deno.readDirSync(new URL(folder, ROOT))].flatMap(({ name, isDirectory }) =>
    isDirectory ? sourcePaths(`${folder}${name}/`) : `${folder}${name}`
  );
  return paths.filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts"));
}

/** Every import of these files, found by Deno. */
async function importsOf(paths: readonly string[]): Promise<Import[]> {
  const root = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    const lines = paths.map((path) => `import ${JSON.stringify(new URL(path, ROOT).href)};\n`);
    await Deno.writeTextFile(root, lines.join(""));
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", "--config", new URL("deno.json", ROOT).pathname, root],
    }).output();
    const { modules }: Info = JSON.parse(new TextDecoder().decode(stdout));
    return modules.flatMap(({ specifier, dependencies = [] }) => {
      const from = relative(specifier);
      return paths.includes(from)
        ? dependencies.map(({ specifier: written, code, type, isDynamic = false }) => {
          const found = (code ?? type)?.specifier;
          const to = found?.startsWith(ROOT.href) ? relative(found) : written;
          return { from, to, typeOnly: code === undefined, isDynamic };
        })
        : [];
    });
  } finally {
    await Deno.remove(root);
  }
}

function relative(url: string): string {
  return url.startsWith(ROOT.href) ? url.slice(ROOT.href.length) : url;
}

function isIn(path: string, places: readonly string[]): boolean {
  return places.some((place) => place === path || (place.endsWith("/") && path.startsWith(place)));
}

/** Why an import is not allowed; undefined if it is. */
function violation({ from, to, typeOnly = false }: Import): string | undefined {
  const part = Object.keys(ALLOWED).find((part) => isIn(from, [part]));
  if (part === undefined) return `${from} belongs to no part`;
  if (!to.startsWith("src/") && to !== "main.ts") {
    const name = Object.keys(PACKAGES).find((name) => to === name || to.startsWith(`${name}/`));
    if (name !== undefined && !isIn(from, PACKAGES[name]!)) return `${from} uses ${to}`;
    if (to.includes(":") && !to.startsWith("node:")) return `${from} bypasses deno.json for ${to}`;
    return undefined;
  }
  const allowed = [
    ...(part.endsWith("/") ? [part] : []),
    ...COMMON,
    ...ALLOWED[part]!,
    ...(typeOnly ? ALLOWED_TYPES[part] ?? [] : []),
    ...(ALLOWED_FILES[from] ?? []),
  ];
  return isIn(to, allowed) ? undefined : `${from} imports ${to}`;
}

/** The first cycle of imports, if there is one. */
function cycle(imports: readonly Import[]): string | undefined {
  const next = Map.groupBy(imports, ({ from }) => from);
  const finished = new Set<string>();
  function visit(path: string, trail: readonly string[]): string | undefined {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path].join(" > ");
    if (finished.has(path)) return undefined;
    for (const { to } of next.get(path) ?? []) {
      const found = visit(to, [...trail, path]);
      if (found) return found;
    }
    finished.add(path);
    return undefined;
  }
  return [...next.keys()].map((path) => visit(path, [])).find((found) => found !== undefined);
}

/** What a file does with the process that only an entry point may do. */
function processViolations(path: string, text: string): string[] {
  const code = text.replaceAll(/^\s*(\/\*[\s\S]*?\*\/|\/\/.*)$/gm, "").replaceAll(
    /\s\/\/\s.*$/gm,
    "",
  );
  const names = ENTRY_POINTS.includes(path) ? [] : PROCESS;
  return [...names, "console"].filter((name) => new RegExp(`\\b${name}\\b`).test(code))
    .map((name) => `${path} touches ${name}`);
}

Deno.test("architecture: the program has allowed imports only, and no cycle", async () => {
  const imports = await importsOf(["main.ts", ...sourcePaths()]);
  assert(imports.length > 100, "Deno found the imports");
  assertEquals(imports.map(violation).filter((why) => why !== undefined), []);
  assertEquals(cycle(imports), undefined);
});

Deno.test("architecture: a chat through pipes does not load what measures texts", async () => {
  // `Intl.Segmenter` and `string-width` take longer to load than all else until the code is shown.
  const imports = (await importsOf(sourcePaths())).filter((one) => !one.typeOnly && !one.isDynamic);
  const loaded = new Set([
    "src/app.ts",
    "src/app/surroundings.ts",
    "src/terminal/prompt.ts",
    "src/ui/json.ts",
    "src/chat/chat.ts",
  ]);
  for (const path of loaded) {
    for (const { from, to } of imports) if (from === path) loaded.add(to);
  }
  assert(loaded.has("src/terminal/keys.ts"));
  assert(!loaded.has("src/terminal/text.ts"));
  assert(!loaded.has("string-width"));
});

Deno.test("architecture: only the entry points touch the process, and nothing the console", () => {
  const found = ["main.ts", ...sourcePaths()].flatMap((path) =>
    processViolations(path, Deno.readTextFileSync(new URL(path, ROOT)))
  );
  assertEquals(found, []);
});

Deno.test("importsOf: tells code, types, dynamic imports and packages apart", async () => {
  const imports = await importsOf(["main.ts", "src/protocol/wire.ts", "src/cli/fernet.ts"]);
  const found = (from: string, to: string) => imports.find((i) => i.from === from && i.to === to);
  assertEquals(found("main.ts", "src/app.ts")?.typeOnly, false, "a dynamic import");
  assertEquals(found("src/protocol/wire.ts", "src/relay/relay.ts")?.typeOnly, true);
  assertEquals(found("src/cli/fernet.ts", "src/crypto/fernet.ts")?.typeOnly, false);
  const packages = await importsOf(["src/crypto/kdf.ts"]);
  assert(packages.some(({ to }) => to.startsWith("@noble/hashes/")));
});

Deno.test("violation: refuses each kind of forbidden import", () => {
  const forbidden: [from: string, to: string, typeOnly?: boolean][] = [
    ["src/ui/plain.ts", "src/crypto/bytes.ts"],
    ["src/ui/plain.ts", "src/relay/relay.ts", true],
    ["src/ui/plain.ts", "src/chat/chat.ts"],
    ["src/relay/envelope.ts", "src/crypto/kdf.ts"],
    ["src/relay/sqlite/sqlite_relay.ts", "src/relay/mongodb/mongodb_relay.ts"],
    ["src/crypto/kdf.ts", "src/protocol/wire.ts"],
    ["src/protocol/wire.ts", "src/relay/relay.ts", false],
    ["src/chat/chat.ts", "src/relay/sqlite/sqlite_relay.ts"],
    ["src/errors.ts", "src/app.ts"],
    ["main.ts", "src/chat/chat.ts"],
    ["src/other/new.ts", "src/errors.ts"],
    ["src/chat/chat.ts", "mongodb"],
    ["src/relay/envelope.ts", "node:sqlite"],
    ["src/protocol/wire.ts", "@noble/hashes/sha2.js"],
    ["src/chat/chat.ts", "@std/assert"],
    ["src/crypto/kdf.ts", "npm:@noble/hashes@2.4.0/hkdf.js"],
  ];
  for (const [from, to, typeOnly] of forbidden) {
    assert(violation({ from, to, typeOnly: typeOnly ?? false }), `${from} imports ${to}`);
  }
});

Deno.test("violation: accepts what is allowed", () => {
  const allowed: Import[] = [
    { from: "main.ts", to: "src/app.ts" },
    { from: "src/app.ts", to: "src/ui/plain.ts" },
    { from: "src/ui/plain.ts", to: "src/chat/events.ts", typeOnly: true },
    { from: "src/protocol/wire.ts", to: "src/relay/relay.ts", typeOnly: true },
    { from: "src/relay/mongodb/client.ts", to: "mongodb" },
    { from: "src/cli/fernet.ts", to: "src/crypto/fernet.ts" },
  ];
  assertEquals(allowed.map(violation), allowed.map(() => undefined));
});

Deno.test("cycle: finds one through types", () => {
  const imports = [
    { from: "src/chat/a.ts", to: "src/chat/b.ts" },
    { from: "src/chat/b.ts", to: "src/chat/c.ts" },
    { from: "src/chat/c.ts", to: "src/chat/a.ts", typeOnly: true },
  ];
  const trail = "src/chat/a.ts > src/chat/b.ts > src/chat/c.ts > src/chat/a.ts";
  assertEquals(cycle(imports), trail);
  assertEquals(cycle(imports.slice(1)), undefined);
});

Deno.test("processViolations: finds each, except in comments and entry points", () => {
  const forbidden: [path: string, text: string][] = [
    ["src/app.ts", `const [first] = Deno.args;`],
    ["src/ui/plain.ts", `if (failed) Deno.exit(1); // at once`],
    ["src/app.ts", `Deno.addSignalListener("SIGINT", stop);`],
    ["src/chat/chat.ts", `  console.log(text);`],
  ];
  for (const [path, text] of forbidden) {
    assertEquals(processViolations(path, text).length, 1, `${path}: ${text}`);
  }
  const comment = `/** Never Deno.exit, never console.log. */\n// nor Deno.args`;
  assertEquals(processViolations("src/chat/events.ts", comment), []);
  assertEquals(processViolations("main.ts", "Deno.exit(await run(Deno.args));"), []);
});
