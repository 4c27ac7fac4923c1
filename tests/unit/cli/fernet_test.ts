import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import type { FernetCommand } from "../../../src/cli/command.ts";
import { runFernet } from "../../../src/cli/fernet.ts";
import { systemRandom } from "../../../src/clock.ts";
import { Failure } from "../../../src/errors.ts";
import { describeFailure } from "../../../src/ui/messages/failures.ts";
import { FakeClock } from "../../support/clock.ts";
import { pythonWithPackages, runPython } from "../../support/python.ts";
import { seededRandom } from "../../support/random.ts";
import { assertWellSaid, parseAs } from "./support.ts";

const KEY = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
const MIB = 1_048_576;

interface Given {
  readonly input?: Uint8Array<ArrayBuffer> | string;
  readonly key?: string | Uint8Array<ArrayBuffer> | Error;
  readonly clock?: FakeClock;
}

function bytesOf(given: string | Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return typeof given === "string" ? new TextEncoder().encode(given) : given;
}

/** Runs the command; returns the bytes on standard output. */
async function fernet(args: string[], { input = "", key = KEY, clock }: Given = {}) {
  const command: FernetCommand = parseAs("fernet", ["fernet", ...args]);
  let output = new Uint8Array();
  await runFernet(command, {
    stdin: new Blob([bytesOf(input)]).stream(),
    write(bytes) {
      output = new Uint8Array([...output, ...bytes]);
    },
    readFile: (path) => {
      assertEquals(path, "key.txt");
      return key instanceof Error ? Promise.reject(key) : Promise.resolve(bytesOf(key));
    },
    clock: clock ?? new FakeClock(),
    random: systemRandom,
  });
  return output;
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const ENCRYPT = ["encrypt", "--key-file", "key.txt"];
const DECRYPT = ["decrypt", "--key-file", "key.txt"];

async function refused(action: Promise<unknown>, code: string, sentence: string): Promise<void> {
  const failure = await assertRejects(() => action, Failure);
  assertEquals(failure.code, code);
  assertWellSaid(failure, code === "fernet" ? 10 : 2);
  const { message, hint } = describeFailure(failure);
  assert(message.includes(sentence), message);
  assert(!`${message}${hint}${failure.message}`.includes("cw_0"), "no key in a sentence");
}

Deno.test("runFernet: decrypts what it encrypted with a key it made", async () => {
  const key = text(await fernet(["keygen"]));
  assertMatch(key, /^[A-Za-z0-9_-]{43}=\n$/);
  assert(key !== text(await fernet(["keygen"])));
  for (const input of ["", "hello\n", "\ufeffzwei\r\n", seededRandom(1)(MIB)]) {
    const token = await fernet(ENCRYPT, { key, input });
    assertMatch(text(token), /^gAAAA[A-Za-z0-9_-]+={0,2}\n$/);
    assertEquals(await fernet(DECRYPT, { key, input: token }), bytesOf(input));
  }
});

Deno.test("runFernet: ignores white space around a key or a token", async () => {
  const token = text(await fernet(ENCRYPT, { input: "x" })).trim();
  for (const around of [`${token}`, `${token}\r\n`, `\n  ${token} \n\n`, `\ufeff${token}`]) {
    assertEquals(text(await fernet(DECRYPT, { input: around })), "x");
  }
  for (const key of [`${KEY}\r\n`, ` ${KEY}`, `\ufeff${KEY}\n`]) {
    assertEquals(text(await fernet(DECRYPT, { key, input: token })), "x");
  }
});

Deno.test("runFernet: accepts a token until --ttl, to the second", async () => {
  const clock = new FakeClock();
  const input = await fernet(ENCRYPT, { input: "x", clock });
  await clock.advance(60_000);
  assertEquals(text(await fernet([...DECRYPT, "--ttl=60"], { input, clock })), "x");
  await clock.advance(1_000);
  await refused(
    fernet([...DECRYPT, "--ttl=60"], { input, clock }),
    "fernet",
    "Cannot open the token",
  );
  await refused(
    fernet([...DECRYPT, "--ttl=0"], { input, clock }),
    "fernet",
    "Cannot open the token",
  );
  assertEquals(text(await fernet(DECRYPT, { input, clock })), "x");
});

Deno.test("runFernet: fails with one sentence and status 10 when a token does not open", async () => {
  const token = text(await fernet(ENCRYPT, { input: "x" })).trim();
  const other = text(await fernet(["keygen"]));
  for (const input of ["", "\n", " \r\n"]) {
    await refused(fernet(DECRYPT, { input }), "fernet", "the input is empty");
  }
  const tokens = [
    "x",
    token.slice(1),
    `${token}=`,
    `${token.slice(0, 20)}\n${token.slice(20)}`,
  ];
  for (const input of [...tokens, new Uint8Array([0xff, 0x80, 0]), "A".repeat(MIB)]) {
    await refused(fernet(DECRYPT, { input }), "fernet", "Cannot open the token");
  }
  await refused(fernet(DECRYPT, { input: token, key: other }), "fernet", "Cannot open the token");
});

Deno.test("runFernet: fails when the key file has no key or cannot be read", async () => {
  const keys = [
    "",
    "\n",
    KEY.slice(1),
    `${KEY}${KEY}`,
    KEY.replace("_", "/"),
    `${KEY}\n#`,
    "x".repeat(MIB),
  ];
  for (const key of [...keys, new Uint8Array(32), new Uint8Array([0xff, 0xfe])]) {
    for (const args of [ENCRYPT, DECRYPT]) {
      await refused(fernet(args, { key }), "fernet", "a Fernet key is 44 characters");
    }
  }
  const missing = new Deno.errors.NotFound("key.txt");
  await refused(fernet(ENCRYPT, { key: missing }), "usage", "there is no such file");
  const denied = new Deno.errors.PermissionDenied("key.txt");
  await refused(fernet(DECRYPT, { key: denied }), "usage", "the system does not allow it");
});

const python = await pythonWithPackages();
const skip = python.ok ? "" : ` (skipped: ${python.why})`;
const SIZES = [0, 1, 15, 16, 17, 1_000, MIB - 1, MIB];

Deno.test({
  name: `runFernet: makes tokens up to 1 MiB that Python opens${skip}`,
  ignore: !python.ok,
  async fn() {
    assert(python.ok);
    const key = text(await fernet(["keygen"])).trim();
    const made = SIZES.map((size) => seededRandom(size)(size));
    const clock = new FakeClock({ start: Date.now() });
    const tokens = await Promise.all(made.map((input) => fernet(ENCRYPT, { key, input, clock })));
    const program = [
      "import sys, hashlib; from cryptography.fernet import Fernet",
      "key, *tokens = sys.stdin.read().split()",
      "for t in tokens: print(hashlib.sha256(Fernet(key).decrypt(t.encode(), ttl=3600)).hexdigest())",
    ].join("\n");
    const printed = await runPython(python.path, program, [key, ...tokens.map(text)].join("\n"));
    assertEquals(printed.trim().split(/\s+/), await Promise.all(made.map(sha256)));
  },
});

Deno.test({
  name: `runFernet: opens tokens up to 1 MiB that Python made${skip}`,
  ignore: !python.ok,
  async fn() {
    assert(python.ok);
    const program = [
      "import sys, os, hashlib; from cryptography.fernet import Fernet",
      "key = Fernet.generate_key(); print(key.decode())",
      "for n in sys.stdin.read().split():",
      "  d = os.urandom(int(n)); print(hashlib.sha256(d).hexdigest(), Fernet(key).encrypt(d).decode())",
    ].join("\n");
    const printed = await runPython(python.path, program, SIZES.join("\n"));
    const [key = "", ...lines] = printed.trim().split(/\r?\n/);
    assertEquals(lines.length, SIZES.length);
    const clock = new FakeClock({ start: Date.now() });
    for (const [index, line] of lines.entries()) {
      const [hash, input] = line.split(" ");
      const plain = await fernet([...DECRYPT, "--ttl=3600"], { key, input: input!, clock });
      assertEquals([plain.length, await sha256(plain)], [SIZES[index], hash]);
    }
  },
});

Deno.test({
  name: `runFernet: the Python of these tests is removed${skip}`,
  ignore: !python.ok,
  fn: () => python.ok && python.close() || undefined,
});

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

Deno.test("runFernet: takes the UTF-16 that Windows PowerShell writes", async () => {
  const utf16 = (text: string) =>
    new Uint8Array(Uint16Array.from([...`\ufeff${text}`].map((c) => c.charCodeAt(0))).buffer);
  const input = await fernet(ENCRYPT, { key: utf16(`${KEY}\r\n`), input: "x" });
  const key = utf16(KEY);
  assertEquals(text(await fernet(DECRYPT, { key, input: utf16(`${text(input)}\r\n`) })), "x");
});
