/**
 * How long a keystroke takes to be on the screen, in conversations short and long.
 *
 * From the moment the terminal has read the key to the moment the frame with it is written; what a
 * terminal itself takes is not in it.
 *
 * @module
 */
import { systemClock } from "../../src/clock.ts";
import { TerminalInput } from "../../src/terminal/prompt.ts";
import type { Terminal } from "../../src/terminal/terminal.ts";
import { rawOf, type TerminalText } from "../../src/terminal/terminal_text.ts";
import { RecordedControls } from "../support/controls.ts";
import { SCREEN_PARTS } from "../support/screen.ts";
import { type Bench, percentile, type Row, runAlone } from "./table.ts";

/** Texts in the conversation. */
const LENGTHS = [10, 1_000, 10_000];
const KEYS = 300;
const WARM_UP = 50;
/** Between two keys; faster than anybody types. */
const PAUSE_MS = 20;
/** What is asked of a key: a frame at sixty a second. */
const FRAME_MS = 16;

/** A terminal that tells how long each key took. */
class Stopwatch implements Terminal {
  readonly isTerminal = true;
  readonly isAnsi = true;
  readonly samples: number[] = [];
  #reader: PromiseWithResolvers<Uint8Array | null> | undefined;
  #since: number | undefined;

  size() {
    return { columns: 120, rows: 40 };
  }

  setRaw(): void {}

  read(): Promise<Uint8Array | null> {
    this.#reader = Promise.withResolvers();
    return this.#reader.promise;
  }

  write(input: string | TerminalText): void {
    const text = rawOf(input);
    if (this.#since === undefined || !text.includes("H")) return;
    this.samples.push(performance.now() - this.#since);
    this.#since = undefined;
  }

  writeNow(): void {}

  flush(): Promise<void> {
    return Promise.resolve();
  }

  press(key: string): void {
    this.#since = performance.now();
    this.#reader?.resolve(new TextEncoder().encode(key));
  }
}

async function pause(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}

/** Milliseconds of each key in the full screen with so many texts, and with so many coming a second. */
async function measureOurs(texts: number, coming = 0): Promise<number[]> {
  const { FullScreen } = await import("../../src/ui/tui/screen.ts");
  const terminal = new Stopwatch();
  const ui = new FullScreen({
    ...SCREEN_PARTS,
    terminal,
    input: new TerminalInput(terminal),
    clock: systemClock,
  });
  const over = new AbortController();
  const conversing = ui.converse(new RecordedControls(), over.signal);
  ui.hear({ event: "ready", peer: "Bob", verify: [] });
  const at = new Date().toISOString();
  const say = (seq: number) => {
    const text = `Text ${seq}, which is about as long as what people say to each other.`;
    ui.hear({ event: "message", from: "Bob", text, seq, at });
  };
  for (let seq = 1; seq <= texts; seq++) say(seq);
  await pause();
  let seq = texts;
  const flow = coming > 0 ? setInterval(() => say(++seq), 1_000 / coming) : undefined;
  for (let i = 0; i < KEYS + WARM_UP; i++) {
    terminal.press(i % 60 === 59 ? "\x15" : "a");
    await pause();
  }
  clearInterval(flow);
  over.abort();
  await conversing;
  await ui.close();
  return terminal.samples.slice(WARM_UP);
}

/** The benchmark. */
export const bench: Bench = {
  name: "keystroke",
  about: "A key, from the terminal to the frame that shows it.",
  async run() {
    const rows: Row[] = [];
    const cases = [
      ...LENGTHS.map((length) => [`${length.toLocaleString("en-US")} texts`, length, 0] as const),
      ["200 texts a second", 1_000, 200] as const,
    ];
    for (const [what, length, coming] of cases) {
      const samples = await measureOurs(length, coming);
      for (const share of [0.5, 0.99]) {
        rows.push({
          what: `${what}, p${share * 100}`,
          value: percentile(samples, share),
          unit: "ms",
          bound: { of: "value", atMost: FRAME_MS },
        });
      }
    }
    return rows;
  },
};

if (import.meta.main) await runAlone(bench);
