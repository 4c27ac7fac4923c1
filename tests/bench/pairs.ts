/**
 * Two programs that talk to each other, alike to a benchmark whatever they are: Whisper in JSON mode,
 * or the bare driver.
 *
 * @module
 */
import { Program } from "./program.ts";

/** Two programs, each of which shows what the other is told to say. */
export interface Pair {
  readonly sides: readonly [Program, Program];
  /** Whether a sender is told what was shown. */
  readonly acknowledges: boolean;
  /** What to write to a side so that it says `text`; `id` comes back with its fate, if it has one. */
  say(text: string, id: string): string;
  /** The text that a line of a side shows; undefined where it shows none. */
  shown(line: string): string | undefined;
  /** The `id` of a text that a line of the sender calls shown to the peer. */
  acknowledged(line: string): string | undefined;
  end(): Promise<void>;
}

/** Where no configuration is: the settings of the person who runs the benchmark are not measured. */
const NOWHERE = "/nonexistent";

/** Where two meet, as the program's variables say it. */
export type Place = Readonly<Record<string, string>>;

/** How to start the program. */
export type Start = (args: readonly string[], env: Record<string, string>) => Program;

/** Two Whispers that know each other. */
export async function whisperPair(
  place: Place,
  { start = Program.whisper, flags = [] }: { start?: Start; flags?: readonly string[] } = {},
): Promise<Pair> {
  const env = { ...place, XDG_CONFIG_HOME: NOWHERE };
  const host = start(["new", "--json", "--name", "Alice", ...flags], env);
  const invitation = await host.next((line) => line.includes('"event":"invite"'));
  const { code } = JSON.parse(invitation.text);
  const hostReady = host.next(isReady);
  const guest = start(["join", code, "--json", "--name", "Bob", ...flags], env);
  await Promise.all([hostReady, guest.next(isReady)]);
  return whisperSides([host, guest]);
}

/** Two Whispers that are ready, in JSON mode: the host and the guest. */
export function whisperSides(sides: readonly [Program, Program]): Pair {
  const [host, guest] = sides;
  return {
    sides,
    acknowledges: true,
    say: (send, id) => JSON.stringify({ send, id }),
    shown: (line) => field(line, '{"event":"message"', "text"),
    acknowledged: (line) => field(line, '{"event":"delivered"', "id"),
    async end() {
      await guest.end();
      await host.end();
    },
  };
}

function isReady(line: string): boolean {
  return line.includes('"event":"ready"');
}

/** Parses no line but those it is asked about: the benchmark shares the machine with what it measures. */
function field(line: string, beginning: string, name: string): string | undefined {
  return line.startsWith(beginning) ? JSON.parse(line)[name] : undefined;
}

/** The two bare driver programs; see `bare_mongo.ts`. */
export function bareMongoPair(uri: string): Promise<Pair> {
  return barePair("tests/bench/bare_mongo.ts", uri);
}

/** The bare watch-and-read pair; see `bare_sqlite.ts`. */
export function bareSqlitePair(path: string): Promise<Pair> {
  return barePair("tests/bench/bare_sqlite.ts", path);
}

async function barePair(file: string, where: string): Promise<Pair> {
  const sides = [
    Program.deno(file, [where, "a", "b"]),
    Program.deno(file, [where, "b", "a"]),
  ] as const;
  await Promise.all(sides.map((side) => side.next((line) => line === "ready")));
  return {
    sides,
    acknowledges: false,
    say: (text) => text,
    shown: (line) => line,
    acknowledged: () => undefined,
    async end() {
      await Promise.all(sides.map((side) => side.end()));
    },
  };
}

/** Says `count` texts, the two in turns, each when the one before is shown; the milliseconds of each. */
export async function alternate(pair: Pair, count: number): Promise<number[]> {
  const samples: number[] = [];
  for (let i = 0; i < count; i++) {
    const [from, to] = i % 2 === 0 ? pair.sides : pair.sides.toReversed();
    const text = `${i}: ${"lorem ipsum dolor sit amet ".repeat(4)}`.slice(0, TEXT_CHARS);
    const came = to!.next((line) => pair.shown(line) === text);
    const began = performance.now();
    await from!.write(pair.say(text, String(i)));
    samples.push((await came).at - began);
  }
  return samples;
}

/** Characters of the texts. */
export const TEXT_CHARS = 100;

/**
 * Says texts in JSON, a window of them at a time, and resolves when the peer has displayed all of them.
 *
 * @param options.onDelivered called with each that was displayed, counted from 1.
 */
export async function sayAll(
  program: Program,
  { count, window, onDelivered }: {
    readonly count: number;
    readonly window: number;
    readonly onDelivered?: (delivered: number) => void;
  },
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let [sent, delivered] = [0, 0];
  const more = () => {
    const lines: string[] = [];
    for (; sent < count && sent - delivered < window; sent++) {
      const send = `text ${sent} `.padEnd(TEXT_CHARS, "x");
      lines.push(JSON.stringify({ send, id: String(sent) }));
    }
    if (lines.length > 0) void program.write(...lines);
  };
  const stop = program.onLine(({ text }) => {
    if (!text.startsWith('{"event":"delivered"')) return;
    delivered++;
    onDelivered?.(delivered);
    if (delivered === count) resolve();
    // A tenth of the window at a time: one write for each text would be measured, too.
    if (delivered % Math.ceil(window / 10) === 0) more();
  });
  more();
  await promise;
  stop();
}

/** Waits. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
