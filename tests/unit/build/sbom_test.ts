import { assert, assertEquals, assertThrows } from "@std/assert";
import { importedPackages, type Lock, sbom } from "../../../src/build/sbom.ts";

const SUBJECT = { version: "1.2.3", time: new Date("2026-01-02T03:04:05Z"), deno: "2.9.6" };
const INTEGRITY = `sha512-${btoa("\x01".repeat(64))}`;
const LOCK: Lock = {
  npm: {
    "@a/one@1.0.0": { integrity: INTEGRITY, dependencies: ["two@2.0.0", "three"] },
    "two@2.0.0": { integrity: INTEGRITY, dependencies: ["three"] },
    "two@3.0.0": { integrity: INTEGRITY },
    "three@3.0.0": { integrity: INTEGRITY },
  },
};

Deno.test("sbom: lists what is imported with everything that it depends on", () => {
  const { components, dependencies } = JSON.parse(sbom(SUBJECT, ["@a/one@1.0.0"], LOCK));
  const refs = ["deno@2.9.6", "pkg:npm/%40a/one@1.0.0", "pkg:npm/three@3.0.0", "pkg:npm/two@2.0.0"];
  assertEquals(components.map((one: { "bom-ref": string }) => one["bom-ref"]), refs);
  assertEquals(components[1], {
    type: "library",
    "bom-ref": "pkg:npm/%40a/one@1.0.0",
    group: "@a",
    name: "one",
    version: "1.0.0",
    hashes: [{ alg: "SHA-512", content: "01".repeat(64) }],
    purl: "pkg:npm/%40a/one@1.0.0",
  });
  assertEquals(dependencies[0], { ref: "whisper@1.2.3", dependsOn: ["deno@2.9.6", refs[1]] });
  assertEquals(dependencies[2], { ref: refs[1], dependsOn: [refs[3], refs[2]] });
});

Deno.test("sbom: fails when deno.lock lacks a package", () => {
  assertThrows(() => sbom(SUBJECT, ["four@4.0.0"], LOCK), Error, "deno.lock has no four@4.0.0");
});

Deno.test("importedPackages: finds what the program imports, and nothing of the tests", async () => {
  const lock: Lock = JSON.parse(
    await Deno.readTextFile(new URL("../../../deno.lock", import.meta.url)),
  );
  const packages = await importedPackages();
  assert(packages.some((name) => name.startsWith("mongodb@")));
  const text = sbom(SUBJECT, packages, lock);
  for (const name of ["fast-check", "mongodb-memory-server-core"]) assert(!text.includes(name));
});
