import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { URI_CHECKS } from "../../../src/relay/open.ts";
import { encodeRelayLink } from "../../../src/relay/relay_link.ts";
import { TerminalInput } from "../../../src/terminal/prompt.ts";
import {
  type Asker,
  askName,
  askRelay,
  askRoom,
  assertReadable,
  readSecret,
} from "../../../src/cli/questions.ts";
import { flagAndEnv } from "../../../src/cli/command_table.ts";
import { DEFAULT_LINGER_MS } from "../../../src/cli/person.ts";
import { Failure, type FailureCode } from "../../../src/errors.ts";
import { describeFailure } from "../../../src/ui/messages/failures.ts";
import type { Note } from "../../../src/ui/messages/cli.ts";
import { FakeTerminal } from "../../support/terminal.ts";
import { assertWellSaid } from "./support.ts";

const SECRET = "hunter2";

/** A person at a terminal who types this, and what they see. */
function person(keys: string): { asker: Asker; terminal: FakeTerminal; notes: Note[] } {
  const notes: Note[] = [];
  const terminal = new FakeTerminal({ columns: 120 });
  const input = new TerminalInput(terminal);
  terminal.send(keys);
  terminal.end();
  const asker: Asker = {
    isInteractive: true,
    readLine: (options) => input.readLine(options),
    print: (text) => input.print(text),
    note: (note) => notes.push(note),
  };
  return { asker, terminal, notes };
}

const NO_PERSON: Asker = {
  isInteractive: false,
  readLine: () => Promise.reject(new Error("the person was asked")),
  print: () => {
    throw new Error("the person was told");
  },
  note: () => {},
};

/** Connection strings as the questions see them. */
const CHECKS = {
  expand: (text: string) => ({ uri: text, isLink: false }),
  inspect(uri: string) {
    if (!uri.startsWith("mongodb")) {
      throw new Failure("setting-not-uri");
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
    if (!/^\d+-/.test(text)) throw new Failure("code-as-command");
  },
  complete: () => [],
};

async function refused(action: Promise<unknown>, code: FailureCode, text: string): Promise<void> {
  const failure = await assertRejects(() => action, Failure);
  assertEquals(failure.code, code);
  if (code === "usage") assertWellSaid(failure);
  const { message, hint } = describeFailure(failure);
  const said = `${message} ${hint}`;
  assert(said.includes(text) && !said.includes(SECRET), said);
}

Deno.test("askName: takes a name that was given, suggested or typed", async () => {
  assertEquals(await askName("Alice", NO_PERSON, undefined), "Alice");
  assertEquals(await askName(undefined, person("\r").asker, " alice "), "alice");
  assertEquals(await askName(undefined, person("Bob\r").asker, "alice"), "Bob");
  await refused(askName(undefined, NO_PERSON, "alice"), "usage", "--name NAME or WHISPER_NAME");
  await refused(askName(undefined, person("\x04").asker, "alice"), "interrupted", "Interrupted");
});

Deno.test("askName: says what is wrong with an answer and asks again", async () => {
  const { asker, terminal } = person(`\r${"x".repeat(300)}\r\x1b[200~a\u202eb\x1b[201~\rBob\r`);
  assertEquals(await askName(undefined, asker, "\x1b[2J"), "Bob");
  assert(!terminal.screen.includes("["), terminal.screen);
  for (
    const sentence of ["Your name is empty. Use", "Your name is too long. Give", "cannot be shown"]
  ) {
    assert(terminal.screen.includes(sentence), terminal.screen);
  }
});

Deno.test("askRelay: takes the relay from the command line", async () => {
  const nothing = { relay: undefined, passwordFile: undefined, tlsCaFile: undefined };
  const local = {
    relay: { kind: "local" },
    passwordFile: undefined,
    tlsCaFile: undefined,
  } as const;
  assertEquals(await askRelay(local, NO_PERSON, CHECKS), { kind: "sqlite" });
  assertEquals(await askRelay(nothing, person("\r").asker, CHECKS), { kind: "sqlite" });
  await refused(askRelay(nothing, NO_PERSON, CHECKS), "usage", "--uri URI (or WHISPER_URI)");
  const open = {
    relay: { kind: "uri", uri: "mongodb://open" },
    passwordFile: undefined,
    tlsCaFile: "ca.pem",
  } as const;
  assertEquals(await askRelay(open, NO_PERSON, CHECKS), {
    kind: "mongodb",
    uri: "mongodb://open - -",
    tlsCaFile: "ca.pem",
  });
});

Deno.test("askRelay: asks for a connection string and hides its password", async () => {
  const { asker, terminal } = person(
    `nonsense\r\x1b[200~mongodb://alice@host\r\x1b[201~\r\r${SECRET}\r`,
  );
  const place = await askRelay(
    { relay: undefined, passwordFile: undefined, tlsCaFile: undefined },
    asker,
    CHECKS,
  );
  assertEquals(place, {
    kind: "mongodb",
    uri: `mongodb://alice@host - ${SECRET}`,
    tlsCaFile: undefined,
  });
  assert(
    terminal.screen.includes(
      "The value of uri is neither a connection string nor a relay link. It begins with",
    ),
  );
  assert(terminal.screen.includes('database user "alice" (not shown):'), terminal.screen);
  assert(terminal.screen.includes("The answer is empty. Type it"), terminal.screen);
  assert(!terminal.screen.includes(SECRET));
});

Deno.test("askRelay: asks for what a connection string lacks, or says how to pass it", async () => {
  const uri = {
    relay: { kind: "uri", uri: "mongodb://nouser" },
    passwordFile: undefined,
    tlsCaFile: undefined,
  } as const;
  assertEquals(await askRelay(uri, person(`ann\r${SECRET}\r`).asker, CHECKS), {
    kind: "mongodb",
    uri: `mongodb://nouser ann ${SECRET}`,
    tlsCaFile: undefined,
  });
  await refused(askRelay(uri, NO_PERSON, CHECKS), "usage", "mongodb+srv://NAME@host/");
  const user = {
    relay: { kind: "uri", uri: "mongodb://ann@h" },
    passwordFile: undefined,
    tlsCaFile: undefined,
  } as const;
  await refused(askRelay(user, NO_PERSON, CHECKS), "usage", "--password-file FILE");
  await refused(askRelay(user, person("\x03").asker, CHECKS), "interrupted", "Interrupted");
});

Deno.test("askRoom: takes a new room, a code, or a room that was agreed on", async () => {
  const ask = { mode: "ask", code: undefined, room: undefined, passphraseFile: undefined } as const;
  const join = { ...ask, mode: "join" } as const;
  const room = { ...ask, mode: "room", room: "garden" } as const;
  assertEquals(await askRoom({ ...ask, mode: "new" }, NO_PERSON, CODES), { mode: "new" });
  assertEquals(await askRoom(ask, person("\r").asker, CODES), { mode: "new" });
  assertEquals(await askRoom(ask, person("x\r4821-a\r").asker, CODES), {
    ...{ mode: "join", code: "4821-a" },
  });
  assertEquals(await askRoom(join, person("\r 4821-a \r").asker, CODES), {
    ...{ mode: "join", code: "4821-a" },
  });
  assertEquals(await askRoom({ ...join, code: "4821-b" }, NO_PERSON, CODES), {
    ...{ mode: "join", code: "4821-b" },
  });
  assertEquals(await askRoom(room, person(`\r ${SECRET} \r`).asker, CODES), {
    ...{ mode: "room", room: "garden", passphrase: ` ${SECRET} ` },
  });
  await refused(
    askRoom({ ...join, code: "x" }, NO_PERSON, CODES),
    "usage",
    "looks like an invite code",
  );
  await refused(askRoom(ask, NO_PERSON, CODES), "usage", "whisper join CODE");
  await refused(askRoom(join, NO_PERSON, CODES), "usage", "whisper join CODE");
  const transfer = { kind: "receive", into: undefined, yes: true, timeoutMs: undefined } as const;
  await refused(
    askRoom({ ...join, transfer }, NO_PERSON, CODES),
    ...["usage", "whisper receive CODE"] as const,
  );
  await refused(askRoom(room, NO_PERSON, CODES), "usage", "--passphrase-file FILE");
});

Deno.test("readSecret: takes the first line of a file", async () => {
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
      assertEquals(await readSecret(path, NO_PERSON), secret);
      const given = {
        relay: { kind: "uri", uri: "mongodb://a@h" },
        passwordFile: path,
        tlsCaFile: undefined,
      } as const;
      const place = await askRelay(given, NO_PERSON, CHECKS);
      assertEquals(place, {
        kind: "mongodb",
        uri: `mongodb://a@h - ${secret}`,
        tlsCaFile: undefined,
      });
    }
    const bad: [content: string | Uint8Array, why: string][] = [
      ["", "its first line is empty"],
      [`\n${SECRET}`, "its first line is empty"],
      [SECRET.repeat(600), "it is too large"],
      [Uint8Array.of(0xff, 0xc0, 0xc0), "it is not text"],
    ];
    for (const [content, why] of bad) {
      await Deno.writeFile(path, new TextEncoder().encode(""));
      await (typeof content === "string"
        ? Deno.writeTextFile(path, content)
        : Deno.writeFile(path, content));
      await refused(readSecret(path, NO_PERSON), "usage", why);
    }
    await refused(readSecret(`${folder}/none`, NO_PERSON), "usage", "there is no such file");
    await refused(readSecret(folder, NO_PERSON), "usage", "it is not a regular file");
    await refused(readSecret(`${folder}/a\x1b[2J\u202e`, NO_PERSON), "usage", "a?[2J?");
    await assertReadable(path);
    await refused(assertReadable(`${folder}/none`), "usage", "there is no such file");
    await refused(assertReadable(folder), "usage", "it is not a regular file");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test({
  name: "questions: refuses a device as a secret file",
  ignore: Deno.build.os === "windows",
  fn: () => refused(readSecret("/dev/zero", NO_PERSON), "usage", "it is too large"),
});

Deno.test("readSecret: wipes the bytes that it has read", async () => {
  const path = await Deno.makeTempFile();
  const { decode } = TextDecoder.prototype;
  const decoded: Uint8Array[] = [];
  TextDecoder.prototype.decode = function (input, options) {
    if (input instanceof Uint8Array) decoded.push(input);
    return decode.call(this, input, options);
  };
  try {
    await Deno.writeTextFile(path, `${SECRET}\n`, { mode: 0o600 });
    assertEquals(await readSecret(path, NO_PERSON), SECRET);
  } finally {
    TextDecoder.prototype.decode = decode;
    await Deno.remove(path);
  }
  assert(decoded.length > 0, "it was read into bytes");
  for (const bytes of decoded) assert(bytes.every((byte) => byte === 0));
});

Deno.test("readSecret: takes the UTF-16 that Windows PowerShell writes", async () => {
  const path = await Deno.makeTempFile();
  try {
    const units = [...`\ufeff${SECRET}\r\n`].map((character) => character.charCodeAt(0));
    await Deno.writeFile(path, new Uint8Array(Uint16Array.from(units).buffer), { mode: 0o600 });
    assertEquals(await readSecret(path, NO_PERSON), SECRET);
    const swapped = units.flatMap((unit) => [unit >> 8, unit & 0xff]);
    await Deno.writeFile(path, Uint8Array.from(swapped));
    assertEquals(await readSecret(path, NO_PERSON), SECRET);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test({
  name: "readSecret: notes a file that other users can read",
  ignore: Deno.build.os === "windows",
  async fn() {
    const path = await Deno.makeTempFile();
    try {
      await Deno.writeTextFile(path, SECRET);
      for (const [mode, count] of [[0o600, 0], [0o640, 1], [0o604, 1], [0o400, 0]] as const) {
        await Deno.chmod(path, mode);
        const { asker, notes } = person("");
        await readSecret(path, asker);
        assertEquals(notes.map(({ note }) => note), Array(count).fill("secret-file-readable"));
      }
    } finally {
      await Deno.remove(path);
    }
  },
});

Deno.test("askRoom: asks for the code of a room that is waiting before it opens another", async () => {
  const ask = { mode: "ask", code: undefined, room: undefined, passphraseFile: undefined } as const;
  const waiting = { ...CODES, isRoomWaiting: () => Promise.resolve(true) };
  const joined = person("\r4821-a\r");
  assertEquals(await askRoom(ask, joined.asker, waiting), { mode: "join", code: "4821-a" });
  assert(joined.terminal.screen.includes("Someone is waiting"), joined.terminal.screen);
  assertEquals(await askRoom(ask, person("\r\r").asker, waiting), { mode: "new" });
  const nothing = { ...CODES, isRoomWaiting: () => Promise.resolve(false) };
  assertEquals(await askRoom(ask, person("\r").asker, nothing), { mode: "new" });
});

Deno.test("describeFailure: says how long a room stays closed that both programs left by crashing", () => {
  const { hint } = describeFailure(new Failure("room-sealed", { by: "name" }));
  assertStringIncludes(hint, "/invite");
  assertStringIncludes(hint, `${DEFAULT_LINGER_MS / 60_000} minutes, unless --linger`);
});

Deno.test("describeFailure: names the flag and the variable of what a chat misses", () => {
  const cases: [failure: Failure, sentence: string, hints: readonly string[]][] = [
    [new Failure("missing-relay"), "No relay", [
      ...["--uri", "WHISPER_URI", "--local", "WHISPER_LOCAL"],
    ]],
    [new Failure("missing-name", { source: flagAndEnv("name") }), "No name", [
      ...["your name", "--name", "WHISPER_NAME"],
    ]],
    [new Failure("missing-code", { command: "join" }), "No invite code", ["whisper join CODE"]],
    [new Failure("missing-code", { command: "receive" }), "No invite code", [
      ...["whisper receive CODE"],
    ]],
    [new Failure("missing-mode"), "open a room or to join", ["whisper new", "whisper join CODE"]],
    [new Failure("missing-password", { source: flagAndEnv("password-file") }), "password", [
      ...["--password-file", "WHISPER_PASSWORD_FILE"],
    ]],
    [new Failure("missing-passphrase", { source: flagAndEnv("passphrase-file") }), "passphrase", [
      ...["--passphrase-file", "WHISPER_PASSPHRASE_FILE"],
    ]],
  ];
  for (const [failure, sentence, hints] of cases) {
    assertWellSaid(failure);
    const { message, hint } = describeFailure(failure);
    assert(message.includes(sentence), message);
    for (const part of hints) assert(hint.includes(part), hint);
  }
});

Deno.test("askRoom: notes a passphrase that is easy to guess", async () => {
  const room = { mode: "room", code: undefined, room: "r", passphraseFile: undefined } as const;
  for (const [passphrase, count] of [["garden", 1], ["river canyon ocean atlas", 0]] as const) {
    const { asker, notes } = person(`${passphrase}\r`);
    await askRoom(room, asker, CODES);
    assertEquals(notes.map(({ note }) => note), Array(count).fill("weak-passphrase"));
  }
});

Deno.test("askRelay: asks nothing more when the answer is a relay link, password file or not", async () => {
  const link = encodeRelayLink({ uri: "mongodb://chat:p%40ss@h/", code: "4821-river-cable-ocean" });
  const { asker, terminal } = person(`${link.slice(0, -1)}\r\x1b[200~"${link}"\n\x1b[201~\r`);
  const target = await askRelay(
    { relay: undefined, passwordFile: "/nonexistent", tlsCaFile: "/nonexistent" },
    asker,
    URI_CHECKS,
  );
  assertEquals(target, {
    kind: "mongodb",
    uri: "mongodb://chat:p%40ss@h/",
    code: "4821-river-cable-ocean",
    tlsCaFile: undefined,
  });
  assert(terminal.screen.includes("This relay link is damaged"), terminal.screen);
  assertEquals(terminal.screen.split("Relay: ").length, 3, "the relay was asked for twice");
});
