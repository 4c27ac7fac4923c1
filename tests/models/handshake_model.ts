/**
 * `deno task model:handshake [FILE]`: checks the model of the handshake, `handshake/*.pv`, with ProVerif,
 * and that it fails when it is broken on purpose. Takes minutes, and needs `proverif`.
 *
 * @module
 */

const FOLDER = new URL("./handshake/", import.meta.url);
const LIBRARY = "handshake.pvl";
/** Each query of these has to be proved. */
const PROVED = ["agreement", "guessing", "forward_secrecy", "recorded", "kem_broken"];
/** Each query of this one has to be refuted: it says that something is never reached. */
const REFUTED = "reached";

/** One way to break the handshake: what is put in place of what, and the file that has to fail. */
interface Break {
  readonly what: string;
  readonly fails: string;
  readonly changes: readonly (readonly [old: string, replacement: string])[];
}

const BREAKS: readonly Break[] = [
  {
    what: "the host does not check the guest's tag",
    fails: "agreement",
    changes: [["if guestTag = mac(confirmationKey(sid, sk), A) then", ""]],
  },
  {
    what: "the guest does not check the host's tag",
    fails: "agreement",
    changes: [["if hostTag = mac(confirmationKey(sid, sk), B) then", ""]],
  },
  {
    what: "the session key leaves out Diffie-Hellman",
    fails: "kem_broken",
    changes: [["isk(sid, exp(Yb, a), A, B)", "isk(sid, Yb, A, B)"], [
      "isk(sid, exp(Ya, b), A, B)",
      "isk(sid, Yb, A, B)",
    ]],
  },
  {
    what: "the session key leaves out the KEM's secret",
    fails: "recorded",
    changes: [["shared(hostEk, r), t)", "t, t)"], ["decapsulate(k, ct), t)", "t, t)"]],
  },
  {
    what: "the password alone takes the place of Diffie-Hellman",
    fails: "guessing",
    changes: [["exp(Yb, a), A", "generator(password, ci, sid), A"], [
      "exp(Ya, b), A",
      "generator(password, ci, sid), A",
    ]],
  },
];

/** The results of a file, one for each query. */
async function results(library: string, name: string): Promise<string[]> {
  const { stdout, stderr } = await new Deno.Command("proverif", {
    args: ["-lib", library, new URL(`${name}.pv`, FOLDER).pathname],
  }).output();
  const report = new TextDecoder().decode(stdout);
  const found = [...report.matchAll(/^RESULT (.*)$/gm)].map(([, result]) => result!);
  if (found.length === 0) throw new Error(`${report}${new TextDecoder().decode(stderr)}`);
  return found;
}

function broken(source: string, { changes }: Break): string {
  return changes.reduce((source, [old, replacement]) => {
    if (source.split(old).length !== 2) throw new Error(`Does not occur once: ${old}`);
    return source.replace(old, replacement);
  }, source);
}

/** Prints how long a check took, and whether it went as it should. */
async function check(
  what: string,
  run: () => Promise<string[]>,
  isRight: (results: string[]) => boolean,
): Promise<void> {
  const start = performance.now();
  const found = await run();
  const seconds = ((performance.now() - start) / 1_000).toFixed(0);
  console.log(`${isRight(found) ? "ok   " : "WRONG"} ${seconds.padStart(4)} s  ${what}`);
  for (const result of found) console.log(`              ${result}`);
  if (!isRight(found)) Deno.exitCode = 1;
}

const [only] = Deno.args;
const library = new URL(LIBRARY, FOLDER).pathname;
const isTrue = (result: string) => result.endsWith(" is true.");
const isFalse = (result: string) => result.endsWith(" is false.");
const isWanted = (name: string) => only === undefined || name === only;

for (const name of [REFUTED, ...PROVED].filter(isWanted)) {
  const isRight = name === REFUTED ? isFalse : isTrue;
  await check(name, () => results(library, name), (found) => found.every(isRight));
}
const source = await Deno.readTextFile(library);
const copy = await Deno.makeTempFile({ suffix: ".pvl" });
try {
  for (const one of BREAKS.filter(({ fails }) => isWanted(fails))) {
    await Deno.writeTextFile(copy, broken(source, one));
    const what = `${one.fails} fails where ${one.what}`;
    await check(what, () => results(copy, one.fails), (found) => found.some(isFalse));
  }
} finally {
  await Deno.remove(copy);
}
