/**
 * Runs `deno test` and closes on one line that says how it went, in words that every log reader knows:
 * `N passed, N failed, N skipped`. Arguments go to `deno test`.
 *
 * @module
 */

/** Deno's own closing line, whatever stands between its parts. */
const SUMMARY = /\| (\d+) passed.*?\| (\d+) failed(?:.*?\| (\d+) ignored)?/;
// deno-lint-ignore no-control-regex -- colors are control sequences
const COLORS = /\x1b\[[\d;]*m/g;

const child = new Deno.Command("deno", {
  args: ["test", "--allow-all", ...Deno.args],
  stdout: "piped",
  env: Deno.stdout.isTerminal() && !Deno.env.get("NO_COLOR") ? { FORCE_COLOR: "1" } : {},
}).spawn();

let summary: string | undefined;
let rest = "";
const decoder = new TextDecoder();
for await (const bytes of child.stdout) {
  for (let left = bytes; left.length > 0;) left = left.subarray(Deno.stdout.writeSync(left));
  const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
  rest = lines.pop()!;
  for (const line of lines) {
    const plain = line.replaceAll(COLORS, "");
    if (SUMMARY.test(plain)) summary = plain;
  }
}
const { code } = await child.status;
const [, passed = "0", failed = "0", skipped = "0"] = SUMMARY.exec(summary ?? rest) ?? [];
// A run that broke before its first test has failed all the same.
const failures = code !== 0 && failed === "0" ? "1" : failed;
console.log(`${passed} passed, ${failures} failed${skipped === "0" ? "" : `, ${skipped} skipped`}`);
Deno.exit(code);
