/**
 * The memory of the compiled program over a hundred thousand messages, one side in JSON, the other in
 * plain lines.
 *
 * @module
 */
import { startReplicaSet } from "../support/mongod.ts";
import { compilePrograms } from "./compiled.ts";
import { sayAll } from "./pairs.ts";
import { memoryOf, Program } from "./program.ts";
import { type Bench, type Row, runAlone } from "./table.ts";

const TEXTS = 100_000;
/** Texts under way at once: what a program may hold for want of an acknowledgement is not measured. */
const WINDOW = 500;
/** The first reading: by then everything is loaded, and the heap has its usual size. */
const EARLY = 20_000;
const FLAT = 1.15;
const MAX_MB = 120;

/** The benchmark. */
export const bench: Bench = {
  name: "memory",
  about: "The compiled program over 100,000 messages.",
  async run() {
    const programs = await compilePrograms();
    const server = await startReplicaSet({ count: 3 });
    try {
      const env = { XDG_CONFIG_HOME: "/nonexistent", WHISPER_URI: server.uri };
      const start = (...args: string[]) => new Program(programs.whisper, { args, env });
      const json = start("new", "--json", "--name", "Alice");
      const { code } = JSON.parse((await json.next((line) => line.includes('"invite"'))).text);
      const ready = json.next((line) => line.includes('"ready"'));
      const plain = start("join", code, "--plain", "--name", "Bob");
      await ready;
      const early = Promise.withResolvers<[number, number]>();
      const read = () =>
        Promise.all([memoryOf(json.pid, "VmRSS"), memoryOf(plain.pid, "VmRSS")]) as Promise<
          [number, number]
        >;
      const began = performance.now();
      await sayAll(json, {
        count: TEXTS,
        window: WINDOW,
        onDelivered: (count) => {
          if (count === EARLY) read().then(early.resolve, early.reject);
        },
      });
      const seconds = (performance.now() - began) / 1_000;
      const before = await early.promise;
      const after = await read();
      const rows: Row[] = [];
      for (const [i, mode] of (["JSON", "plain"] as const).entries()) {
        const { pid } = i === 0 ? json : plain;
        rows.push({
          what: `${mode}: peak`,
          value: await memoryOf(pid, "VmHWM"),
          unit: "MB",
          bound: { of: "value", atMost: MAX_MB },
        }, {
          what: `${mode}: after 100,000 messages`,
          value: after[i]!,
          unit: "MB",
          reference: { what: "after 20,000", value: before[i]! },
          bound: { of: "ratio", atMost: FLAT },
        });
      }
      rows.push({ what: "pace of this run", value: TEXTS / seconds, unit: "messages/s" });
      await json.end();
      await plain.end();
      return rows;
    } finally {
      await server.stop();
      await programs.remove();
    }
  },
};

if (import.meta.main) await runAlone(bench);
