/**
 * The software bill of materials of the program, in CycloneDX's JSON (https://cyclonedx.org).
 *
 * @module
 */
import { run } from "./process.ts";
import { ROOT } from "./root.ts";

/** The part of deno.lock that is used here. */
export interface Lock {
  readonly npm: Readonly<
    Record<string, {
      readonly integrity: string;
      readonly dependencies?: readonly string[];
    }>
  >;
}

/** What the document describes. */
export interface Subject {
  readonly version: string;
  readonly time: Date;
  /** The version of Deno whose runtime is in the program. */
  readonly deno: string;
}

/** The packages that the program imports, as deno.lock names them: `name@1.2.3`. */
export async function importedPackages(): Promise<string[]> {
  const { modules } = JSON.parse(await run(Deno.execPath(), ["info", "--json", `${ROOT}main.ts`]));
  const specifiers: string[] = modules.map(({ specifier }: { specifier: string }) => specifier);
  const names = specifiers.map((one) => /^npm:\/(@?[^@]+@[^/]+)/.exec(one)?.[1]);
  return [...new Set(names.filter((name) => name !== undefined))].sort();
}

/**
 * The document for a program that imports these packages. Equal arguments give equal bytes.
 *
 * @param packages as deno.lock names them; what they depend on is added.
 */
export function sbom(subject: Subject, packages: readonly string[], lock: Lock): string {
  const known = Object.keys(lock.npm);
  /** A dependency has its version only where the lock has several of that name. */
  const named = (dependency: string) => {
    const found = known.find((key) => key === dependency || nameOf(key) === dependency);
    if (found === undefined) throw new Error(`deno.lock has no ${dependency}`);
    return found;
  };
  const dependenciesOf = (key: string) => (lock.npm[key]!.dependencies ?? []).map(named);
  const all = new Set<string>();
  const add = (key: string) => {
    if (all.has(key)) return;
    all.add(key);
    dependenciesOf(key).forEach(add);
  };
  const roots = packages.map(named);
  roots.forEach(add);
  const keys = [...all].sort();
  const application = `whisper@${subject.version}`;
  const deno = `deno@${subject.deno}`;
  const document = {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      timestamp: subject.time.toISOString(),
      component: {
        type: "application",
        "bom-ref": application,
        name: "whisper",
        version: subject.version,
        licenses: [{ license: { id: "MIT" } }],
      },
    },
    components: [
      { type: "platform", "bom-ref": deno, name: "deno", version: subject.deno },
      ...keys.map((key) => component(key, lock.npm[key]!.integrity)),
    ],
    dependencies: [
      { ref: application, dependsOn: [deno, ...roots.map(purl)] },
      { ref: deno, dependsOn: [] },
      ...keys.map((key) => ({ ref: purl(key), dependsOn: dependenciesOf(key).map(purl) })),
    ],
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function component(key: string, integrity: string) {
  const [, scope, name] = /^(?:(@[^/]+)\/)?(.+)$/.exec(nameOf(key))!;
  const content = Uint8Array.fromBase64(integrity.replace(/^sha512-/, "")).toHex();
  return {
    type: "library",
    "bom-ref": purl(key),
    ...(scope === undefined ? {} : { group: scope }),
    name: name!,
    version: versionOf(key),
    hashes: [{ alg: "SHA-512", content }],
    purl: purl(key),
  };
}

/** The package URL (https://github.com/package-url/purl-spec). */
function purl(key: string): string {
  return `pkg:npm/${nameOf(key).replace("@", "%40")}@${versionOf(key)}`;
}

/** `@scope/name@1.2.3_peer@4.5.6` without the version. */
function nameOf(key: string): string {
  return key.slice(0, key.indexOf("@", 1));
}

function versionOf(key: string): string {
  return key.slice(key.indexOf("@", 1) + 1).split("_")[0]!;
}
