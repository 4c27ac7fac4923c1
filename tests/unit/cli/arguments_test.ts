import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import fc from "fast-check";
import { readArguments, unknownCommand } from "../../../src/cli/arguments.ts";
import { ALL_FLAGS, flagSyntax } from "../../../src/cli/command_table.ts";
import { Failure } from "../../../src/errors.ts";
import { describeFailure } from "../../../src/ui/messages/failures.ts";
import { assertWellSaid, refused } from "./support.ts";

const RUNS = Deno.env.get("SOAK") === "1" ? 20_000 : 300;

function flagsOf(...args: string[]): Record<string, string | boolean> {
  return Object.fromEntries(readArguments(args).flags);
}

Deno.test("readArguments: reads every flag, with its value or without", () => {
  for (const [name, { value, short }] of ALL_FLAGS) {
    if (value === undefined) {
      const on = flagSyntax(name) === `--${name}`;
      assertEquals(flagsOf(flagSyntax(name)), { [name]: on });
      if (short) assertEquals(flagsOf(`-${short}`), { [name]: true });
    } else {
      assertEquals(flagsOf(`--${name}`, "a b"), { [name]: "a b" });
      assertEquals(flagsOf(`--${name}=a=b`), { [name]: "a=b" });
      assertEquals(flagsOf(`--${name}=-v`), { [name]: "-v" });
    }
  }
});

Deno.test("readArguments: mixes words and flags, until two hyphens end the flags", () => {
  const { words, flags } = readArguments([
    "--plain",
    "join",
    "--name",
    "Alice",
    "4821",
    "--",
    "-x",
  ]);
  assertEquals(words, ["join", "4821", "-x"]);
  assertEquals(Object.fromEntries(flags), { plain: true, name: "Alice" });
  assertEquals(readArguments(["-"]).words, ["-"]);
  assertEquals(readArguments(["--", "--no-color", "--json"]).flags.size, 0);
  assertEquals(flagsOf("-hV"), { help: true, version: true });
  assertEquals(readArguments(["--name", "-", "--", "--"]).words, ["--"]);
});

Deno.test("readArguments: leaves the word behind a switch alone", () => {
  for (const word of ["true", "false", "1", "new"]) {
    const { words, flags } = readArguments(["--plain", word]);
    assertEquals([words, [...flags]], [[word], [["plain", true]]]);
  }
});

Deno.test("readArguments: keeps numbers as text", () => {
  assertEquals(readArguments(["join", "0042"]).words, ["join", "0042"]);
  assertEquals(flagsOf("--name", "007", "--ttl", "1e3"), { name: "007", ttl: "1e3" });
});

Deno.test("arguments: --no-color turns colors off, and --color on", () => {
  assertEquals(flagsOf("--no-color"), { color: false });
  assertEquals(flagsOf("--color"), { color: true });
});

Deno.test("readArguments: fails when a value is missing, empty or given twice", () => {
  for (const args of [["--name"], ["--name", "--json"], ["--name="], ["--name", " "]]) {
    refused(() => readArguments(args), "--name needs a value", "Write it as --name=NAME.");
  }
  refused(() => readArguments(["--name", "-x"]), "--name needs a value", "--name=NAME");
  refused(() => readArguments(["--uri=a", "--uri=b"]), "--uri is given twice", "Give it once.");
  assertEquals(flagsOf("--json", "--json"), { json: true });
});

Deno.test("readArguments: fails when a switch has a value", () => {
  for (const arg of ["--json=no", "--local=false", "--json=", "--no-color=1"]) {
    const [flag] = arg.split("=");
    refused(() => readArguments([arg]), `${flag} takes no value`, `Write ${flag} alone`);
  }
});

Deno.test("readArguments: names an unknown flag and suggests the nearest", () => {
  const cases: [arg: string, sentence: string, hint: string][] = [
    ["--nmae", "Unknown flag: --nmae", "Did you mean --name?"],
    ["--no-collor", "Unknown flag: --no-collor", "Did you mean --no-color?"],
    ["--loc", "Unknown flag: --loc", "Did you mean --local?"],
    ["--no-json", "Unknown flag: --no-json", "Did you mean --json?"],
    ["-uri", "Unknown flag: -uri", "Did you mean --uri?"],
    ["-name=Alice", "Unknown flag: -name", "Did you mean --name?"],
    ["-no-color", "Unknown flag: -no-color", "Did you mean --no-color?"],
    ["-phunter", "Unknown flag: -p", "See: whisper --help."],
    ["-x", "Unknown flag: -x", "See: whisper --help."],
    ["-h5", "Unknown flag.", "See: whisper --help."],
    ["-V- ", "Unknown flag.", "See: whisper --help."],
    ["--zzzz", "Unknown flag: --zzzz", "See: whisper --help."],
    ["--mongodb://u:pw@host", "Unknown flag.", "See: whisper --help."],
    ["---", "Unknown flag.", "See: whisper --help."],
    ["--__proto__", "Unknown flag.", "See: whisper --help."],
    ["--constructor=1", "Unknown flag: --constructor", "See: whisper --help."],
    ["--toString", "Unknown flag: --toString", "See: whisper --help."],
  ];
  for (const [arg, sentence, hint] of cases) {
    refused(() => readArguments([arg]), sentence, hint, { never: ["u:pw", "Alice", "hunter"] });
  }
});

Deno.test("readArguments: says how to send a file whose name begins like a flag", () => {
  const hint = "If it is a file, write ./ before its name.";
  for (const arg of ["-rf", "-report.pdf", "--final.txt"]) {
    refused(() => readArguments(["send", arg]), "Unknown flag", hint);
    const { hint: other } = describeFailure(
      refused(() => readArguments(["receive", arg]), "Unknown flag", "whisper --help."),
    );
    assert(!other.includes(hint), other);
  }
});

Deno.test("readArguments: refuses a secret in a flag and says how to pass it", () => {
  for (const name of ["password", "Password", "pasword", "passwd", "pwd", "secret", "pass"]) {
    refused(
      () => readArguments([`--${name}=hunter2`]),
      "cannot be an argument",
      "--password-file",
      {
        never: ["hunter2"],
      },
    );
  }
  refused(() => readArguments(["--passphrase", "hunter2"]), "cannot be", "--passphrase-file", {
    never: ["hunter2"],
  });
});

Deno.test("readArguments: refuses an argument that is far too long", () => {
  assertEquals(readArguments(["x".repeat(16_384)]).words[0]!.length, 16_384);
  refused(() => readArguments(["new", "x".repeat(16_385)]), "far too long", "whisper --help");
});

Deno.test("readArguments: refuses bytes that are not UTF-8", () => {
  // What the system makes of `--name=a\xffb`.
  for (const args of [["new", "--name=a\ufffdb"], ["new", "--name", "a\ufffdb"], ["\ufffd"]]) {
    refused(() => readArguments(args), "not valid UTF-8", "LC_ALL", { never: ["\ufffd"] });
  }
});

Deno.test("arguments: refuses a first word that is not a command", () => {
  const cases = [
    ["jion", "Unknown command", 'Did you mean "join"?'],
    ["4821-river-candle-ocean", "looks like an invite code", "whisper join CODE"],
    ["hunter2", "Unknown command", "See: whisper --help."],
    ["", "Unknown command", "See: whisper --help."],
  ] as const;
  for (const [word, sentence, hint] of cases) {
    const never = word.length > 4 ? [word] : [];
    refused(
      () => {
        throw unknownCommand(word);
      },
      sentence,
      hint,
      { never },
    );
  }
});

Deno.test("readArguments: returns or fails with a next step, for any arguments", () => {
  const flagLike = fc.constantFrom(...[...ALL_FLAGS.keys()].map((name) => `--${name}`));
  const arg = fc.oneof(
    flagLike,
    fc.tuple(flagLike, fc.string({ unit: "binary" })).map(([flag, value]) => `${flag}=${value}`),
    fc.string().map((text) => `-${text}`),
    fc.string().map((text) => `--${text}`),
    fc.string({ unit: "binary" }),
  );
  fc.assert(
    fc.property(fc.array(arg, { maxLength: 6 }), (args) => {
      try {
        const { words, flags } = readArguments(args);
        assert(words.every((word) => args.includes(word)));
        for (const [name, value] of flags) {
          assertEquals(
            typeof value,
            ALL_FLAGS.get(name)!.value === undefined ? "boolean" : "string",
          );
        }
      } catch (error) {
        assertInstanceOf(error, Failure);
        assertWellSaid(error);
      }
    }),
    { numRuns: RUNS },
  );
});
