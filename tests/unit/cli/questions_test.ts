import { assert, assertEquals, assertRejects } from "@std/assert";
import { TerminalInput } from "../../../src/terminal/prompt.ts";
import {
  type Asker,
  askName,
  askOpening,
  askPlace,
  assertReadable,
  readSecret,
} from "../../../src/cli/questions.ts";
import { Failure, type FailureCode, untranslated } from "../../../src/errors.ts";
import { FakeTerminal } from "../../support/terminal.ts";
import { assertWellSaid } from "./support.ts";

const SECRET = "hunter2";

/** A person at a terminal who types this, and what they see. */
function person(keys: string): { asker: Asker; terminal: FakeTerminal } {
  const terminal = new FakeTerminal({ columns: 120 });
  const input = new TerminalInput(terminal);
  terminal.send(keys);
  terminal.end();
  const asker: Asker = {
    mayAsk: true,
    readLine: (options) => input.readLine(options),
    print: (text) => input.print(text),
  };
  return { asker, terminal };
}

const NOBODY: Asker = {
  mayAsk: false,
  readLine: () => Promise.reject(new Error("somebody was asked")),
  print: () => {
    throw new Error("somebody was told");
  },
};

/** Connection strings as the questions see them. */
const CHECKS = {
  inspect(uri: string) {
    if (!uri.startsWith("mongodb")) {
      throw untranslated("relay-uri", "Cannot read the connection string: no.", "Copy it again.");
    }
    const user = /\/\/([^:@]+)[:@]/.exec(uri)?.[1];
    const missing = [
      ...(uri.includes("nouser") ? ["user" as const] : []),
      ...(uri.includes("open") ? [] : ["password" as const]),
    ];
    return { user, missing };
  },
  complete: (uri: string, given: { user?: string; password?: string }) =>
    `${uri} ${given.user ?? "-"} ${given.password ?? "-"}`,
};

const CODES = {
  check(text: string) {
    if (!/^\d+-/.test(text)) throw untranslated("usage", "Cannot start: no code.", "Ask for it.");
  },
  complete: () => [],
};

async function refused(action: Promise<unknown>, code: FailureCode, text: string): Promise<void> {
  const failure = await assertRejects(() => action, Failure);
  assertEquals(failure.code, code);
  if (code === "usage") assertWellSaid(failure);
  const said = `${failure.message} ${failure.hint}`;
  assert(said.includes(text) && !said.includes(SECRET), said);
}

Deno.test("questions: a name that was given, suggested or typed", async () => {
  assertEquals(await askName("Alice", NOBODY, undefined), "Alice");
  assertEquals(await askName(undefined, person("\r").asker, " alice "), "alice");
  assertEquals(await askName(undefined, person("Bob\r").asker, "alice"), "Bob");
  await refused(askName(undefined, NOBODY, "alice"), "usage", "--name NAME or WHISPER_NAME");
  await refused(askName(undefined, person("\x04").asker, "alice"), "interrupted", "Interrupted");
});

Deno.test("questions: an answer that will not do is told, and asked for again", async () => {
  const { asker, terminal } = person(`\r${"x".repeat(300)}\r\x1b[200~a\u202eb\x1b[201~\rBob\r`);
  assertEquals(await askName(undefined, asker, "\x1b[2J"), "Bob");
  assert(!terminal.screen.includes("["), terminal.screen);
  for (
    const sentence of ["Your name is empty. Give", "Your name is too long. Give", "cannot be shown"]
  ) {
    assert(terminal.screen.includes(sentence), terminal.screen);
  }
});

Deno.test("questions: where to meet, from what was said before", async () => {
  const nothing = { relay: undefined, passwordFile: undefined };
  const local = { relay: { kind: "local" }, passwordFile: undefined } as const;
  assertEquals(await askPlace(local, NOBODY, CHECKS), { kind: "sqlite" });
  assertEquals(await askPlace(nothing, person("\r").asker, CHECKS), { kind: "sqlite" });
  await refused(askPlace(nothing, NOBODY, CHECKS), "usage", "--uri URI (or WHISPER_URI)");
  const open = { relay: { kind: "uri", uri: "mongodb://open" }, passwordFile: undefined } as const;
  assertEquals(await askPlace(open, NOBODY, CHECKS), {
    kind: "mongodb",
    uri: "mongodb://open - -",
  });
});

Deno.test("questions: a connection string is pasted, and its password is typed unseen", async () => {
  const { asker, terminal } = person(
    `nonsense\r\x1b[200~mongodb://alice@host\r\x1b[201~\r\r${SECRET}\r`,
  );
  const place = await askPlace({ relay: undefined, passwordFile: undefined }, asker, CHECKS);
  assertEquals(place, { kind: "mongodb", uri: `mongodb://alice@host - ${SECRET}` });
  assert(terminal.screen.includes("Cannot read the connection string: no. Copy it again."));
  assert(terminal.screen.includes('database user "alice" (not shown):'), terminal.screen);
  assert(terminal.screen.includes("This is empty. Type it"), terminal.screen);
  assert(!terminal.screen.includes(SECRET));
});

Deno.test("questions: what a connection string lacks is asked for, or the way to give it told", async () => {
  const uri = { relay: { kind: "uri", uri: "mongodb://nouser" }, passwordFile: undefined } as const;
  assertEquals(await askPlace(uri, person(`ann\r${SECRET}\r`).asker, CHECKS), {
    kind: "mongodb",
    uri: `mongodb://nouser ann ${SECRET}`,
  });
  await refused(askPlace(uri, NOBODY, CHECKS), "usage", "mongodb+srv://NAME@host/");
  const user = { relay: { kind: "uri", uri: "mongodb://ann@h" }, passwordFile: undefined } as const;
  await refused(askPlace(user, NOBODY, CHECKS), "usage", "--password-file FILE");
  await refused(askPlace(user, person("\x03").asker, CHECKS), "interrupted", "Interrupted");
});

Deno.test("questions: a new room, a code, or a room that was agreed on", async () => {
  const ask = { mode: "ask", code: undefined, room: undefined, passphraseFile: undefined } as const;
  const join = { ...ask, mode: "join" } as const;
  const room = { ...ask, mode: "room", room: "garden" } as const;
  assertEquals(await askOpening({ ...ask, mode: "new" }, NOBODY, CODES), { mode: "new" });
  assertEquals(await askOpening(ask, person("\r").asker, CODES), { mode: "new" });
  assertEquals(await askOpening(ask, person("x\r4821-a\r").asker, CODES), {
    ...{ mode: "join", code: "4821-a" },
  });
  assertEquals(await askOpening(join, person("\r 4821-a \r").asker, CODES), {
    ...{ mode: "join", code: "4821-a" },
  });
  assertEquals(await askOpening({ ...join, code: "4821-b" }, NOBODY, CODES), {
    ...{ mode: "join", code: "4821-b" },
  });
  assertEquals(await askOpening(room, person(`\r ${SECRET} \r`).asker, CODES), {
    ...{ mode: "room", room: "garden", passphrase: ` ${SECRET} ` },
  });
  await refused(askOpening({ ...join, code: "x" }, NOBODY, CODES), "usage", "no code");
  await refused(askOpening(ask, NOBODY, CODES), "usage", "whisper join CODE");
  await refused(askOpening(join, NOBODY, CODES), "usage", "the code is missing");
  await refused(askOpening(room, NOBODY, CODES), "usage", "--passphrase-file FILE");
});

Deno.test("questions: a secret is the first line of its file", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/secret`;
    const good: [content: string, secret: string][] = [
      [SECRET, SECRET],
      [`${SECRET}\r\nmore\n`, SECRET],
      [`\ufeff${SECRET}\n`, SECRET],
      [" spaces count \n", " spaces count "],
      ["x".repeat(4_096), "x".repeat(4_096)],
    ];
    for (const [content, secret] of good) {
      await Deno.writeTextFile(path, content);
      assertEquals(await readSecret(path), secret);
      const given = { relay: { kind: "uri", uri: "mongodb://a@h" }, passwordFile: path } as const;
      const place = await askPlace(given, NOBODY, CHECKS);
      assertEquals(place, { kind: "mongodb", uri: `mongodb://a@h - ${secret}` });
    }
    const bad: [content: string | Uint8Array, why: string][] = [
      ["", "its first line is empty"],
      [`\n${SECRET}`, "its first line is empty"],
      [SECRET.repeat(600), "no file with a secret in it"],
      [Uint8Array.of(0xff, 0xfe, 0xc0), "it is not text"],
    ];
    for (const [content, why] of bad) {
      await Deno.writeFile(path, new TextEncoder().encode(""));
      await (typeof content === "string"
        ? Deno.writeTextFile(path, content)
        : Deno.writeFile(path, content));
      await refused(readSecret(path), "usage", why);
    }
    await refused(readSecret(`${folder}/none`), "usage", "there is no such file");
    await refused(readSecret(folder), "usage", "not a file that can be read");
    await refused(readSecret(`${folder}/a\x1b[2J\u202e`), "usage", "a?[2J?");
    await assertReadable(path);
    await refused(assertReadable(`${folder}/none`), "usage", "there is no such file");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test({
  name: "questions: a device without an end is no file with a secret",
  ignore: Deno.build.os === "windows",
  fn: () => refused(readSecret("/dev/zero"), "usage", "no file with a secret in it"),
});
