// deno-lint-ignore-file no-control-regex -- control characters are what terminals send
import { assert, assertEquals, assertNotMatch } from "@std/assert";
import fc from "fast-check";
import { type Input, KeyDecoder, SEQUENCES } from "../../../src/terminal/keys.ts";

function take(...pieces: string[]): Input[] {
  const decoder = new KeyDecoder();
  const found: Input[] = [];
  for (const piece of pieces) {
    decoder.add(piece, { guessPastes: true });
    for (let input = decoder.next(); input; input = decoder.next()) found.push(input);
  }
  const last = decoder.settle();
  return last ? [...found, last] : found;
}

const text = (text: string): Input => ({ input: "text", text });

Deno.test("KeyDecoder: decodes each legacy sequence, whole or byte by byte", () => {
  for (const [action, sequences] of Object.entries(SEQUENCES)) {
    for (const sequence of sequences) {
      const expected = [{ input: "key", action }] as Input[];
      assertEquals(take(sequence), expected, JSON.stringify(sequence));
      assertEquals(take(...sequence), expected, `${JSON.stringify(sequence)} in pieces`);
    }
  }
});

Deno.test("KeyDecoder: decodes Escape and text when both come at once", () => {
  const dismiss: Input = { input: "key", action: "dismiss" };
  assertEquals(take("\x1b/verify"), [dismiss, text("/verify")]);
  assertEquals(take("\x1b", "ż"), [dismiss, text("ż")]);
  // Alt with a letter that has a meaning stays that key.
  assertEquals(take("\x1bb"), [{ input: "key", action: "word-left" }]);
});

Deno.test("SEQUENCES: has no sequence twice", () => {
  const all = Object.values(SEQUENCES).flat();
  assertEquals(all.length, new Set(all).size);
});

Deno.test("KeyDecoder: a paste is one input, in whatever pieces it comes", () => {
  const pasted = "one\rtwo\r\nthree\x1b[A 👩‍👩‍👧";
  const expected: Input[] = [{ input: "paste", text: "one\ntwo\nthree\x1b[A 👩‍👩‍👧" }, text("x")];
  const sent = `\x1b[200~${pasted}\x1b[201~x`;
  assertEquals(take(sent), expected);
  assertEquals(take(...sent.match(/[^]/gu)!), expected);
});

Deno.test("KeyDecoder: Ctrl+C ends a paste whose end was lost", () => {
  assertEquals(take("\x1b[200~abc", "def\x03"), [
    { input: "paste", text: "abcdef" },
    { input: "key", action: "leave" },
  ]);
});

Deno.test("KeyDecoder: takes many lines in one piece for a paste when pastes are guessed", () => {
  const lines = Array.from({ length: 100 }, (_, i) => `line ${i}`);
  assertEquals(take(lines.join("\r")), [{ input: "paste", text: lines.join("\n") }]);
  // What was typed during a network stall is not a paste.
  assertEquals(take("one\rtwo\rthree").length, 5);
  assertEquals(take("one\r"), [text("one"), { input: "key", action: "submit" }]);
  assertEquals(take("one\rtwo"), [
    text("one"),
    { input: "key", action: "submit" },
    text("two"),
  ]);
});

Deno.test("KeyDecoder: reports focus, background and attributes", () => {
  assertEquals(take("\x1b[Ia\x1b[O"), [
    { input: "focus", isFocused: true },
    text("a"),
    { input: "focus", isFocused: false },
  ]);
  assertEquals(take("\x1b]11;rgb:ffff/ffff/ffff\x1b\\"), [{
    input: "background",
    brightness: 1,
  }]);
  assertEquals(take("\x1b]11;rgb:00/00/00\x07"), [{ input: "background", brightness: 0 }]);
  assertEquals(take("\x1b[?62;22c"), [{ input: "attributes" }]);
  assertEquals(take("\x1b[?1u"), [{ input: "keyboard" }]);
});

Deno.test("KeyDecoder: reports modes, the theme, the keyboard, notifications and the wheel", () => {
  assertEquals(take("\x1b[?2004;1$y", "\x1b[?7;2$y", "\x1b[?2031;0$y"), [
    { input: "mode", mode: 2004, isSet: true },
    { input: "mode", mode: 7, isSet: false },
  ]);
  assertEquals(take("\x1b[?997;1n", "\x1b[?997;2n"), [
    { input: "scheme", isLight: false },
    { input: "scheme", isLight: true },
  ]);
  assertEquals(take("\x1b[>4;2m"), [{ input: "keyboard", otherKeys: 2 }]);
  assertEquals(take("\x1b]99;i=a:p=?;a=focus:o=always\x1b\\"), [{ input: "notifications" }]);
  assertEquals(take("\x1b[<64;10;5M", "\x1b[<65;10;5M", "\x1b[<0;10;5M"), [
    { input: "wheel", rows: -3 },
    { input: "wheel", rows: 3 },
  ]);
});

Deno.test("KeyDecoder: several arrow keys at once are the wheel where it is looked for", () => {
  const decoder = new KeyDecoder();
  const add = (piece: string) => {
    decoder.add(piece, { detectWheel: true });
    return decoder.next();
  };
  assertEquals(add("\x1b[A\x1b[A\x1b[A"), { input: "wheel", rows: -3 });
  // It coasts.
  assertEquals(add("\x1b[A"), { input: "wheel", rows: -1 });
  assertEquals(decoder.waitMs, 200);
  assertEquals(decoder.settle(), undefined);
  assertEquals(decoder.waitMs, undefined);
  // One alone is a key, when nothing follows.
  assertEquals(add("\x1bOB"), undefined);
  assertEquals(decoder.waitMs, 15);
  assertEquals(decoder.settle(), { input: "key", action: "down" });
  // A second may come in pieces.
  assertEquals(add("\x1bOB\x1b"), undefined);
  assertEquals(add("OB"), { input: "wheel", rows: 2 });
  decoder.settle();
  assertEquals(add("\x1b[Ax"), { input: "key", action: "up" });
  assertEquals(decoder.next(), text("x"));
  assertEquals(take("\x1b[A\x1b[A").map(({ input }) => input), ["key", "key"]);
});

Deno.test("KeyDecoder: skips unknown sequences and nothing else", () => {
  assertEquals(take("a\x1b[99~b\x1b[?1;2nc\x1bOZd\x00e"), ["a", "b", "c", "d", "e"].map(text));
});

Deno.test("KeyDecoder: decodes the same from pieces of any size", () => {
  const part = fc.constantFrom("a", "é", "日", "👩‍👩‍👧", "\x1b[A", "\x1b[1;5C", "\r", "\x7f", "\x1bb");
  fc.assert(fc.property(
    fc.array(part, { maxLength: 12 }),
    fc.array(fc.nat(40), { maxLength: 6 }),
    (parts, cuts) => {
      // Several lines in one piece would be a paste.
      const sent = parts.join("").replaceAll("\r", "\x1b\r");
      const places = [0, ...cuts.map((cut) => Math.min(cut, sent.length)), sent.length]
        .sort((a, b) => a - b);
      const pieces = places.slice(1).map((place, i) => sent.slice(places[i], place));
      assertEquals(joined(take(...pieces)), joined(take(sent)));
    },
  ));
});

/** Adjacent texts as one. */
function joined(inputs: readonly Input[]): Input[] {
  const all: Input[] = [];
  for (const input of inputs) {
    const last = all.at(-1);
    if (input.input === "text" && last?.input === "text") {
      all[all.length - 1] = text(last.text + input.text);
    } else all.push(input);
  }
  return all;
}

/** A key as the two newer encodings name it: a code, or the letter of a function key. */
interface CodedKey {
  /** Of a key with a code; undefined for a function key, which xterm sends as ever. */
  readonly code?: number;
  /** `A` of `CSI A`, `3~` of `CSI 3 ~`. */
  readonly functionKey?: string;
  /** Shift 1, Alt 2, Ctrl 4. */
  readonly modifiers: number;
}

/** The key that sends a legacy sequence; undefined for those of rxvt, which has no other encoding. */
function keyBehind(sequence: string): CodedKey | undefined {
  const [, modifiers, final] = /^\x1b\[1;(\d)([A-Z])$/.exec(sequence) ?? [];
  if (final) return { functionKey: final, modifiers: Number(modifiers) - 1 };
  const [, number, shift] = /^\x1b\[(\d)(?:;(\d))?~$/.exec(sequence) ?? [];
  if (number) return { functionKey: `${number}~`, modifiers: Number(shift ?? 1) - 1 };
  const [, letter] = /^\x1b[[O]([A-H])$/.exec(sequence) ?? [];
  if (letter && sequence !== "\x1b[5D" && sequence !== "\x1b[5C") {
    return { functionKey: letter, modifiers: 0 };
  }
  const alt = sequence.length === 2 && sequence.startsWith("\x1b") ? 2 : 0;
  const character = alt ? sequence[1]! : sequence;
  if (character.length !== 1) return undefined;
  const code = character.charCodeAt(0);
  if ([13, 9, 27, 127].includes(code)) return { code, modifiers: alt };
  if (code === 0x1f) return { code: 95, modifiers: alt + 4 };
  if (code < 0x20) return { code: code + 0x60, modifiers: alt + 4 };
  return { code, modifiers: alt };
}

/** What a terminal sends for a key in each of the two newer encodings, with lock keys and events. */
function newerEncodings({ code, functionKey, modifiers }: CodedKey, locks: number): string[] {
  const field = 1 + modifiers + locks;
  if (functionKey !== undefined) {
    const [, number = "1", final] = /^(\d)?(.)$/.exec(functionKey)!;
    return [`\x1b[${number};${field}${final}`, `\x1b[${number};${field}:1${final}`];
  }
  return [
    `\x1b[${code};${field}u`,
    `\x1b[${code};${field}:1u`,
    `\x1b[${code}:65;${field}:2u`,
    `\x1b[${code};${field};${code}u`,
    `\x1b[27;${field};${code}~`,
    ...field === 1 ? [`\x1b[${code}u`] : [],
  ];
}

Deno.test("KeyDecoder: decodes every key alike in all three encodings", () => {
  const keys = Object.entries(SEQUENCES).flatMap(([action, sequences]) =>
    sequences.map((sequence) => ({ action, sequence, coded: keyBehind(sequence) }))
  );
  for (const action of Object.keys(SEQUENCES)) {
    assert(keys.some((key) => key.action === action && key.coded), `${action} has a key`);
  }
  const locks = fc.constantFrom(0, 64, 128, 192);
  fc.assert(
    fc.property(fc.constantFrom(...keys), locks, fc.nat(12), (key, locks, cut) => {
      const { action, sequence, coded } = key;
      const expected = [{ input: "key", action }] as Input[];
      for (const sent of [sequence, ...coded ? newerEncodings(coded, locks) : []]) {
        assertEquals(take(sent), expected, JSON.stringify(sent));
        const pieces = [sent.slice(0, cut), sent.slice(cut)].filter((piece) => piece !== "");
        assertEquals(take(...pieces), expected, JSON.stringify(pieces));
      }
      if (coded?.code === undefined) return;
      const released = `\x1b[${coded.code};${1 + coded.modifiers + locks}:3u`;
      assertEquals(take(released), [], "a key that is released does nothing");
    }),
    { numRuns: 2_000 },
  );
});

/** Each key that both newer encodings have: its code, its modifiers, and what it does. */
const MODIFIED: readonly (readonly [code: number, modifiers: number, expected: Input])[] = [
  ...Array.from({ length: 26 }, (_, i): [number, number, Input] | undefined => {
    const [legacy] = take(String.fromCharCode(i + 1));
    return legacy && [97 + i, 5, legacy];
  }).filter((entry) => entry !== undefined)
    // Enter, Tab, Backspace and Escape have keys of their own.
    .filter(([code]) => ![104, 105, 106, 109, 91].includes(code)),
  [13, 1, { input: "key", action: "submit" }],
  [13, 2, { input: "key", action: "newline" }],
  [13, 3, { input: "key", action: "newline" }],
  [13, 5, { input: "key", action: "newline" }],
  [9, 1, { input: "key", action: "complete" }],
  [27, 1, { input: "key", action: "dismiss" }],
  [127, 1, { input: "key", action: "backspace" }],
  [127, 2, { input: "key", action: "backspace" }],
  [127, 3, { input: "key", action: "delete-word" }],
  [127, 5, { input: "key", action: "delete-word" }],
  [98, 3, { input: "key", action: "word-left" }],
  [102, 3, { input: "key", action: "word-right" }],
  [95, 5, { input: "key", action: "undo" }],
  [47, 5, { input: "key", action: "undo" }],
  [65, 2, text("A")],
  [233, 1, text("é")],
];

Deno.test("KeyDecoder: decodes every key alike in the kitty and modifyOtherKeys encodings", () => {
  for (const [code, modifiers, expected] of MODIFIED) {
    for (const locks of [0, 64, 128, 192]) {
      const field = modifiers + locks;
      const encodings = [
        `\x1b[${code};${field}u`,
        `\x1b[${code};${field}:1u`,
        `\x1b[${code}:65;${field}:2u`,
        `\x1b[27;${field};${code}~`,
        ...modifiers === 1 && locks === 0 ? [`\x1b[${code}u`] : [],
      ];
      for (const sequence of encodings) {
        assertEquals(take(sequence), [expected], JSON.stringify(sequence));
        assertEquals(take(...sequence), [expected], JSON.stringify(sequence));
      }
      assertEquals(take(`\x1b[${code};${field}:3u`), [], "a key that is released does nothing");
    }
  }
});

Deno.test("KeyDecoder: decodes cursor keys with lock keys as without", () => {
  for (
    const [legacy, locked] of [["\x1b[A", "\x1b[1;65A"], ["\x1b[3~", "\x1b[3;129~"], [
      "\x1b[1;5C",
      "\x1b[1;133C",
    ], ["\x1b[1;5C", "\x1b[1;5:1C"]] as const
  ) {
    assertEquals(take(locked), take(legacy), JSON.stringify(locked));
  }
  assertEquals(take("\x1b[1;1:3A"), []);
});

Deno.test("KeyDecoder: the kitty keypad does what its keys do elsewhere", () => {
  assertEquals(take("\x1b[57399u", "\x1b[57408u", "\x1b[57411u"), ["0", "9", "*"].map(text));
  assertEquals(take("\x1b[57414u", "\x1b[57419u"), [
    { input: "key", action: "submit" },
    { input: "key", action: "up" },
  ]);
});

Deno.test("KeyDecoder: a modified key is never text that acts on a terminal", () => {
  fc.assert(fc.property(fc.nat(0x11_0000), fc.integer({ min: 1, max: 300 }), (code, modifiers) => {
    for (const input of take(`\x1b[${code};${modifiers}u`, `\x1b[27;${modifiers};${code}~`)) {
      if (input.input === "text") assertNotMatch(input.text, /[\x00-\x1f\x7f-\x9f]/);
    }
  }));
});

Deno.test("KeyDecoder: a late answer of the terminal is not text, even in slow pieces", () => {
  const decoder = new KeyDecoder();
  decoder.add("\x1b]11;rgb:ff");
  assertEquals(decoder.next(), undefined);
  assert(decoder.waitMs! > 1_000);
  decoder.add("ff/ffff/ffff");
  assertEquals(decoder.next(), undefined);
  decoder.add("\x1b\\x");
  assertEquals(decoder.next(), { input: "background", brightness: 1 });
  assertEquals(decoder.next(), text("x"));
});
