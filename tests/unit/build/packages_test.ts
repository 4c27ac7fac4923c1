import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  aurPackage,
  homebrewFormula,
  scoopManifest,
  type Sums,
} from "../../../src/build/packages.ts";
import { sumsText } from "../../../src/build/release.ts";
import { fileName, TARGETS } from "../../../src/build/targets.ts";

const NAMES = [...TARGETS.map((target) => fileName(target)), "whisper.1"];
/** A sum for each file, told apart by its first digit. */
const SUMS: Sums = Object.fromEntries(NAMES.map((name, i) => [name, String(i).repeat(64)]));
const RELEASE = { version: "1.2.3", home: "https://host.example/alice/whisper", sums: SUMS };
const DOWNLOADS = "https://host.example/alice/whisper/releases/download/v1.2.3";

Deno.test("packages: files are named for their system", () => {
  assertEquals(fileName(undefined, { os: "linux" }), "whisper");
  assertEquals(fileName(undefined, { os: "windows", atlas: true }), "whisper-atlas.exe");
  assertEquals(fileName("aarch64-apple-darwin"), "whisper-aarch64-apple-darwin");
  assertEquals(fileName("x86_64-pc-windows-msvc"), "whisper-x86_64-pc-windows-msvc.exe");
});

Deno.test("packages: each address in the formula stands before its own sum", () => {
  const formula = homebrewFormula(RELEASE);
  const found = [...formula.matchAll(/url "([^"]+)"\s+sha256 "([^"]+)"/g)];
  const expected = NAMES.filter((name) => !name.includes("windows"));
  assertEquals(found.map(([, url]) => url).sort(), expected.map((n) => `${DOWNLOADS}/${n}`).sort());
  for (const [, url, sum] of found) assertEquals(sum, SUMS[url!.slice(DOWNLOADS.length + 1)]);
  const [opened, closed] = [
    /^ *(?:class|def|test|on_\w+|resource)\b(?!.*\bstage\b)/gm,
    /^ *end$/gm,
  ];
  assertEquals(formula.match(opened)!.length, formula.match(closed)!.length);
});

Deno.test("packages: the manifest names the program for Windows and its sum", () => {
  const manifest = JSON.parse(scoopManifest(RELEASE));
  const name = fileName("x86_64-pc-windows-msvc");
  assertEquals(manifest.version, "1.2.3");
  assertEquals(manifest.architecture["64bit"], {
    url: `${DOWNLOADS}/${name}#/whisper.exe`,
    hash: SUMS[name],
  });
});

Deno.test({
  name: `packages: the PKGBUILD is what bash takes${
    Deno.build.os === "windows" ? " (skipped: no bash)" : ""
  }`,
  ignore: Deno.build.os === "windows",
  async fn() {
    const text = aurPackage(RELEASE);
    const shown = "for n in pkgver source source_x86_64 source_aarch64 sha256sums " +
      'sha256sums_x86_64 sha256sums_aarch64; do declare -n v=$n; echo "$n ${v[0]}"; done';
    const { stdout, success } = await new Deno.Command("bash", {
      args: ["-euc", `CARCH=x86_64\n${text}\n${shown}`],
    }).output();
    assert(success);
    const said = Object.fromEntries(
      new TextDecoder().decode(stdout).trim().split("\n").map((line) => line.split(" ")),
    );
    const linux = (arch: "x86_64" | "aarch64") => fileName(`${arch}-unknown-linux-gnu`);
    assertEquals(said, {
      pkgver: "1.2.3",
      source: `whisper-1.2.3.1::${DOWNLOADS}/whisper.1`,
      source_x86_64: `whisper-1.2.3-x86_64::${DOWNLOADS}/${linux("x86_64")}`,
      source_aarch64: `whisper-1.2.3-aarch64::${DOWNLOADS}/${linux("aarch64")}`,
      sha256sums: SUMS["whisper.1"],
      sha256sums_x86_64: SUMS[linux("x86_64")],
      sha256sums_aarch64: SUMS[linux("aarch64")],
    });
  },
});

Deno.test("packages: nothing is made without a sum", () => {
  for (const make of [homebrewFormula, scoopManifest, aurPackage]) {
    assertThrows(() => make({ ...RELEASE, sums: {} }), Error, "no sum");
  }
});

Deno.test("packages: the sums are what sha256sum reads", () => {
  assertStringIncludes(sumsText(SUMS), `${"0".repeat(64)}  ${NAMES[0]}\n`);
});
