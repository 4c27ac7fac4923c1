import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { render, type Sums, sumsText, TEMPLATES } from "../../../src/build/packages.ts";
import { fileName, TARGETS } from "../../../src/build/targets.ts";

const NAMES = [...TARGETS.map((target) => fileName(target)), "whisper.1"];
/** A sum for each file, told apart by its first digit. */
const SUMS: Sums = Object.fromEntries(NAMES.map((name, i) => [name, String(i).repeat(64)]));
const RELEASE = {
  version: "1.2.3",
  home: "https://host.example/alice/whisper",
  time: new Date("2026-01-02T03:04:05Z"),
  sums: SUMS,
};
const DOWNLOADS = "https://host.example/alice/whisper/releases/download/v1.2.3";
const templates = Object.keys(TEMPLATES) as (keyof typeof TEMPLATES)[];

Deno.test("fileName: names each file for its system", () => {
  assertEquals(fileName(undefined, { os: "linux" }), "whisper");
  assertEquals(fileName(undefined, { os: "windows", atlas: true }), "whisper-atlas.exe");
  assertEquals(fileName("aarch64-apple-darwin"), "whisper-aarch64-apple-darwin");
  assertEquals(fileName("x86_64-pc-windows-msvc"), "whisper-x86_64-pc-windows-msvc.exe");
});

Deno.test("render: replaces every placeholder of every template", () => {
  for (const template of templates) {
    const text = render(template, RELEASE);
    assertEquals(/@[A-Z][A-Z0-9]*(:[^@\n]*)?@/.exec(text)?.[0], undefined, template);
  }
});

Deno.test("render: the formula has each address before its own sum", () => {
  const formula = render("homebrew.rb", RELEASE);
  const found = [...formula.matchAll(/url "([^"]+)"\s+sha256 "([^"]+)"/g)];
  const expected = NAMES.filter((name) => !name.includes("windows"));
  assertEquals(found.map(([, url]) => url).sort(), expected.map((n) => `${DOWNLOADS}/${n}`).sort());
  for (const [, url, sum] of found) assertEquals(sum, SUMS[url!.slice(DOWNLOADS.length + 1)]);
  const [opened, closed] = [
    /^ *(?:class|def|test|on_\w+|resource)\b(?!.*\bstage\b)/gm,
    /^ *end$/gm,
  ];
  assertEquals(formula.match(opened)!.length, formula.match(closed)!.length);
  assertStringIncludes(formula, 'conflicts_with "openai-whisper"');
});

Deno.test("render: the Scoop manifest has the Windows programs and their sums", () => {
  const manifest = JSON.parse(render("scoop.json", RELEASE));
  assertEquals(manifest.version, "1.2.3");
  for (const [name, arch] of [["64bit", "x86_64"], ["arm64", "aarch64"]] as const) {
    const file = fileName(`${arch}-pc-windows-msvc`);
    const expected = { url: `${DOWNLOADS}/${file}#/whisper.exe`, hash: SUMS[file] };
    assertEquals(manifest.architecture[name], expected);
  }
});

Deno.test("render: the winget, Nix and container files have each address with its sum", () => {
  const winget = render("winget/installer.yaml", RELEASE);
  const installers = [...winget.matchAll(/v1\.2\.3\/(\S+)\s+InstallerSha256: (\w+)/g)];
  assertEquals(installers.map(([, name, sum]) => SUMS[name!] === sum), [true, true]);
  const container = render("container", RELEASE);
  const added = [...container.matchAll(/sha256:(\w+) --chmod=755 \S*v1\.2\.3\/(\S+) /g)];
  assertEquals(added.map(([, sum, name]) => SUMS[name!] === sum), [true, true]);
  const flake = render("nix", RELEASE);
  const programs = [...flake.matchAll(/name = "(whisper-[^"]+)";\s+sha256 = "([^"]+)"/g)];
  assertEquals(programs.map(([, name, sum]) => SUMS[name!] === sum), [true, true, true, true]);
});

Deno.test({
  name: `render: bash reads the PKGBUILD${
    Deno.build.os === "windows" ? " (skipped: no bash)" : ""
  }`,
  ignore: Deno.build.os === "windows",
  async fn() {
    const text = render("aur", RELEASE);
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

Deno.test("render: fails without a sum that the template needs", () => {
  for (const template of ["homebrew.rb", "scoop.json", "aur", "container", "nix"] as const) {
    assertThrows(() => render(template, { ...RELEASE, sums: {} }), Error, "the release has no");
  }
});

Deno.test("sumsText: writes what sha256sum reads", () => {
  assertStringIncludes(sumsText(SUMS), `${"0".repeat(64)}  ${NAMES[0]}\n`);
});
