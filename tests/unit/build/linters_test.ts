/**
 * The linters of those who take a file find nothing in it. Each is skipped by name where it is missing.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { writeDebs } from "../../../src/build/deb.ts";
import { render, type Sums } from "../../../src/build/packages.ts";
import { fileName, TARGETS } from "../../../src/build/targets.ts";

const LINUX = "x86_64-unknown-linux-gnu";
const RELEASE = {
  version: "1.2.3",
  home: "https://host.example/alice/whisper",
  time: new Date("2026-01-02T03:04:05Z"),
  sums: Object.fromEntries(
    [...TARGETS.map((target) => fileName(target)), "whisper.1"].map((
      name,
    ) => [name, "0".repeat(64)]),
  ) as Sums,
};
const ROOT = new URL("../../../", import.meta.url);
/** Loads the grammar, parses standard input, and prints the line of each error. */
const POWERSHELL = `
import sys, tree_sitter, tree_sitter_powershell
language = tree_sitter.Language(tree_sitter_powershell.language())
def errors(node):
    if node.type == "ERROR" or node.is_missing: print(node.start_point[0] + 1, node.type)
    for child in node.children: errors(child)
errors(tree_sitter.Parser(language).parse(sys.stdin.buffer.read()).root_node)
`;

/** Runs a command on a text; what it printed, or undefined where it is missing. */
async function run(command: string, args: readonly string[], text = "") {
  try {
    const child = new Deno.Command(command, {
      args: [...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(text)).catch(() => {});
    await writer.close().catch(() => {});
    const { success, stdout, stderr } = await child.output();
    const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { success, said: decode(stdout) + decode(stderr) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** A test that needs a program. `probe` is how to find out that it is there. */
async function lint(
  name: string,
  { needs, probe }: { needs: string; probe: readonly [command: string, ...args: string[]] },
  check: () => Promise<void>,
): Promise<void> {
  const [command, ...args] = probe;
  const isThere = (await run(command, args))?.success === true;
  Deno.test({
    name: `${name}${isThere ? "" : ` (skipped: ${needs} is not installed)`}`,
    ignore: !isThere,
    fn: check,
  });
}

await lint(
  "shellcheck: finds nothing in the shell scripts",
  { needs: "shellcheck", probe: ["shellcheck", "--version"] },
  async () => {
    for (const path of ["setup.sh", ".ci/run"]) {
      const text = await Deno.readTextFile(new URL(path, ROOT));
      const result = await run("shellcheck", ["-s", "bash", "-"], text);
      assert(result!.success, `${path}: ${result!.said}`);
    }
    const install = await run("shellcheck", ["-"], render("install.sh", RELEASE));
    assert(install!.success, install!.said);
    // Variables of a PKGBUILD are read by makepkg, which sets others.
    const options = ["-s", "bash", "-e", "SC2034,SC2154", "-"];
    const pkgbuild = await run("shellcheck", options, render("aur", RELEASE));
    assert(pkgbuild!.success, pkgbuild!.said);
  },
);

await lint(
  "ruby: reads the Homebrew formula",
  { needs: "ruby", probe: ["ruby", "--version"] },
  async () => {
    const result = await run("ruby", ["-wc"], render("homebrew.rb", RELEASE));
    assertEquals(result!.said.trim(), "Syntax OK");
  },
);

await lint(
  "nix: reads the flake",
  { needs: "nix-instantiate", probe: ["nix-instantiate", "--version"] },
  async () => {
    const result = await run("nix-instantiate", ["--parse", "-"], render("nix", RELEASE));
    assert(result!.success, result!.said);
  },
);

await lint(
  "lintian: finds nothing in a Debian package",
  { needs: "lintian", probe: ["lintian", "--version"] },
  async () => {
    const folder = await Deno.makeTempDir({ prefix: "whisper-test-" });
    try {
      // Any program will do: lintian looks at the package around it.
      await Deno.copyFile("/bin/true", `${folder}/${fileName(LINUX)}`);
      const man = ".TH WHISPER 1\n.SH NAME\nwhisper \\- private chat for two people\n";
      await Deno.writeTextFile(`${folder}/whisper.1`, man);
      const sums = { [fileName(LINUX)]: "0".repeat(64) };
      const [name] = await writeDebs(folder, { ...RELEASE, sums });
      // The overridden tag is about Deno's runtime, which is not in this package.
      const options = ["--suppress-tags", "mismatched-override", `${folder}/${name}`];
      const result = await run("lintian", options);
      assertEquals(result!.said.match(/^[EW]: .*/gm), null);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

await lint(
  "PowerShell: its grammar reads the installer",
  {
    needs: "tree_sitter_powershell of Python",
    probe: ["python3", "-c", "import tree_sitter, tree_sitter_powershell"],
  },
  async () => {
    const result = await run("python3", ["-c", POWERSHELL], render("install.ps1", RELEASE));
    assertEquals(result, { success: true, said: "" });
  },
);
