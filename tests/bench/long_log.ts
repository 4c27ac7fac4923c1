/**
 * A long conversation in the full screen: what each text costs and how much memory it takes, compiled,
 * over the local relay. Linux.
 *
 * @module
 */
import { compilePrograms } from "./compiled.ts";
import { leaveTerminal, processIn, startInTerminal } from "./in_terminal.ts";
import { sayAll } from "./pairs.ts";
import { cpuOf, memoryOf, Program } from "./program.ts";
import { type Bench, type Row, runAlone } from "./table.ts";

const TEXTS = 50_000;
/** Of the first and of the last so many the cost is compared. */
const PART = 10_000;
/** Texts under way at once. */
const WINDOW = 80;
/** The screen shows as many: it confirms what was in its window. Each takes three rows. */
const ROWS = 3 * WINDOW + 24;
const MAX_MB = 130;
/** Noise of a processor that others share. */
const FLAT = 1.15;

/** The benchmark. */
export const bench: Bench = {
  name: "long_log",
  about: "50,000 texts in the full screen of the compiled program.",
  async run() {
    const programs = await compilePrograms();
    const folder = await Deno.makeTempDir();
    try {
      const env = { XDG_CONFIG_HOME: "/nonexistent", XDG_RUNTIME_DIR: folder, WHISPER_LOCAL: "1" };
      const args = ["new", "--json", "--name", "Alice"];
      const speaker = new Program(programs.whisper, { args, env });
      const { code } = JSON.parse((await speaker.next((line) => line.includes('"invite"'))).text);
      const ready = speaker.next((line) => line.includes('"ready"'));
      const screen = startInTerminal([programs.whisper, "join", code, "--name", "Bob"], {
        env,
        stdout: "piped",
        rows: ROWS,
      });
      const shown = screen.stdout.pipeTo(new WritableStream());
      await ready;
      const pid = await processIn(screen);
      const costs: number[] = [];
      for (let said = 0; said < TEXTS; said += PART) {
        const before = await cpuOf(pid);
        await sayAll(speaker, { count: PART, window: WINDOW });
        costs.push((await cpuOf(pid) - before) / PART);
      }
      const rows: Row[] = [
        {
          what: `processor time of a text, the last ${PART} of ${TEXTS}`,
          value: costs.at(-1)!,
          unit: "ms",
          reference: { what: `the first ${PART}`, value: costs[0]! },
          bound: { of: "ratio", atMost: FLAT },
        },
        {
          what: `peak after ${TEXTS} texts`,
          value: await memoryOf(pid, "VmHWM"),
          unit: "MB",
          bound: { of: "value", atMost: MAX_MB },
        },
      ];
      await leaveTerminal(screen);
      await shown.catch(() => {});
      await speaker.end();
      return rows;
    } finally {
      await programs.remove();
      await Deno.remove(folder, { recursive: true });
    }
  },
};

if (import.meta.main) await runAlone(bench);
