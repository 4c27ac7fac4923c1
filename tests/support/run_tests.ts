/**
 * Runs the tests and closes with one line in the form that log readers know:
 * `N passed, N failed, N skipped`.
 *
 * Paths of files and folders select tests; other arguments go to `deno test`. The files run in two
 * groups, one after the other, each on all cores: first those that compute, then those that wait for
 * servers and programs. Servers would starve, and tests of them time out, next to those that compute.
 *
 * @module
 */

/** A group of test files. */
interface Group {
  readonly files: readonly string[];
  /** Files that run at the same time. */
  readonly jobs: number;
}

/** Their files use a processor from beginning to end. */
const COMPUTING = /^tests\/(unit|scenario)\//;
/** Their names begin the list of the second group, so that none of them is left for the end alone. */
const LONGEST = ["tests/e2e/chat_test.ts", "tests/contract/mongo_test.ts", "tests/e2e/tui_test.ts"];

/** The closing line of `deno test`, whatever else it counts. */
const SUMMARY = /\| (\d+) passed.*?\| (\d+) failed(?:.*?\| (\d+) ignored)?/;
// deno-lint-ignore no-control-regex -- colors are control sequences
const COLORS = /\x1b\[[\d;]*m/g;

/** The test files under a path. */
function filesUnder(path: string): string[] {
  if (!Deno.statSync(path).isDirectory) return [path];
  return [...Deno.readDirSync(path)].flatMap(({ name, isDirectory }) => {
    const inner = `${path.replace(/\/$/, "")}/${name}`;
    return isDirectory || /_test\.ts$/.test(name) ? filesUnder(inner) : [];
  }).sort();
}

function groupsOf(files: readonly string[]): Group[] {
  const rank = (file: string) =>
    (LONGEST.indexOf(file) + LONGEST.length + 1) % (LONGEST.length + 1);
  const cores = navigator.hardwareConcurrency;
  const isComputing = (file: string) => COMPUTING.test(file);
  return [
    { files: files.filter(isComputing), jobs: cores },
    // More than there are cores: most of their time is waiting.
    {
      files: files.filter((file) => !isComputing(file)).sort((a, b) => rank(a) - rank(b)),
      jobs: cores + 2,
    },
  ].filter(({ files }) => files.length > 0);
}

/** Runs a group and shows its output. */
async function run({ files, jobs }: Group, options: readonly string[]) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "--allow-all", "--parallel", ...options, ...files],
    stdout: "piped",
    env: {
      DENO_JOBS: String(jobs),
      ...(Deno.stdout.isTerminal() && !Deno.env.get("NO_COLOR") ? { FORCE_COLOR: "1" } : {}),
    },
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
  const [, passed = 0, failed = 0, skipped = 0] =
    SUMMARY.exec(summary ?? rest)?.map((text) => Number(text ?? 0)) ?? [];
  // A run that broke before its first test has failed, too.
  return { code, passed, failed: code !== 0 && failed === 0 ? 1 : failed, skipped };
}

const isPath = (arg: string) => {
  try {
    return !arg.startsWith("-") && Deno.statSync(arg) !== undefined;
  } catch {
    return false;
  }
};
const paths = Deno.args.filter(isPath);
const options = Deno.args.filter((arg) => !isPath(arg));
const files = [...new Set((paths.length === 0 ? ["tests"] : paths).flatMap(filesUnder))];
const total = { code: 0, passed: 0, failed: 0, skipped: 0 };
for (const group of groupsOf(files)) {
  const result = await run(group, options);
  total.code ||= result.code;
  total.passed += result.passed;
  total.failed += result.failed;
  total.skipped += result.skipped;
}
const { code, passed, failed, skipped } = total;
console.log(`${passed} passed, ${failed} failed${skipped === 0 ? "" : `, ${skipped} skipped`}`);
Deno.exit(code);
