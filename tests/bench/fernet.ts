/**
 * Fernet tokens and ratchet messages a second.
 *
 * @module
 */
import { systemRandom } from "../../src/clock.ts";
import { decrypt, encrypt, importFernetKey } from "../../src/crypto/fernet.ts";
import {
  createRatchetSession,
  generateRatchetKeyPair,
  type RatchetSession,
} from "../../src/crypto/ratchet_session.ts";
import { encodePayload } from "../../src/protocol/payload.ts";
import { pathToPart } from "./program.ts";
import { output, python } from "./python.ts";
import { type Bench, median, type Row, runAlone } from "./table.ts";

const SIZES = [100, 4_096, 65_536];
/** Tokens under way at once. */
const FLIGHT = 64;
const SECONDS = 0.5;
const ROUNDS = 5;
/** Messages of one batch of the ratchet, and of one turn of the speaker. */
const BATCH = 100;

type Rates = Record<"encrypt" | "decrypt", number>;

/** Whether `atOnce` tokens are under way together. */
async function ours(size: number, atOnce: number): Promise<Rates> {
  const key = await importFernetKey(systemRandom(32));
  const plaintext = new Uint8Array(size);
  const made = { now: 1_700_000_000, random: systemRandom };
  const token = await encrypt(key, plaintext, made);
  return {
    encrypt: await rate(() => encrypt(key, plaintext, made), atOnce),
    decrypt: await rate(() => decrypt(key, token), atOnce),
  };
}

/** Actions a second. */
async function rate(action: () => Promise<unknown>, atOnce: number): Promise<number> {
  let count = 0;
  const began = performance.now();
  const until = began + SECONDS * 1_000;
  const one = async () => {
    for (; performance.now() < until; count++) await action();
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  return count / ((performance.now() - began) / 1_000);
}

async function theirs(path: string): Promise<Rates[]> {
  const args = [pathToPart("fernet.py"), String(SECONDS), ...SIZES.map(String)];
  return (await output(path, args)).trim().split("\n").map((line) => {
    const [encrypt, decrypt] = line.split(" ").map(Number) as [number, number];
    return { encrypt, decrypt };
  });
}

/** Messages a second, of which `turn` go one way before the other side speaks. */
async function ratchet(turn: number): Promise<Rates> {
  const keyPair = generateRatchetKeyPair();
  const shared = {
    sessionKey: systemRandom(64),
    transcript: systemRandom(32),
    random: systemRandom,
  };
  let [sender, reader]: [RatchetSession, RatchetSession] = [
    createRatchetSession({ ...shared, monotonic: () => 0, role: "host", keyPair }),
    createRatchetSession({
      ...shared,
      monotonic: () => 0,
      role: "guest",
      hostRatchetKey: keyPair.publicKey,
    }),
  ];
  const text = "x".repeat(100);
  const payload = encodePayload({
    kind: "text",
    text,
    at: 0,
    texts: 1,
    shown: 0,
    missing: [],
    kem: 0,
  });
  const spent = { encrypt: 0, decrypt: 0 };
  let count = 0;
  while (spent.encrypt + spent.decrypt < SECONDS * 1_000) {
    const began = performance.now();
    const sealed = await sender.seal(Array.from({ length: turn }, () => payload));
    const between = performance.now();
    const { opened } = await reader.openAll(sealed);
    if (opened.length !== turn) throw new Error("A message did not open");
    spent.encrypt += between - began;
    spent.decrypt += performance.now() - between;
    count += turn;
    [sender, reader] = [reader, sender];
  }
  return {
    encrypt: count / (spent.encrypt / 1_000),
    decrypt: count / (spent.decrypt / 1_000),
  };
}

/** The benchmark. */
export const bench: Bench = {
  name: "fernet",
  about: "Tokens a second, against Python's cryptography; messages a second of the ratchet.",
  async run() {
    const path = await python();
    const measured = {
      together: SIZES.map((): Rates[] => []),
      alone: SIZES.map((): Rates[] => []),
      python: SIZES.map((): Rates[] => []),
      batches: [] as Rates[],
      turns: [] as Rates[],
    };
    for (let round = 0; round < ROUNDS; round++) {
      for (const [i, size] of SIZES.entries()) {
        measured.together[i]!.push(await ours(size, FLIGHT));
        measured.alone[i]!.push(await ours(size, 1));
      }
      (await theirs(path)).forEach((rates, i) => measured.python[i]!.push(rates));
      measured.batches.push(await ratchet(BATCH));
      measured.turns.push(await ratchet(1));
    }
    const middle = (rates: readonly Rates[], kind: keyof Rates) =>
      median(rates.map((rate) => rate[kind]));
    const rows: Row[] = [];
    for (const kind of ["encrypt", "decrypt"] as const) {
      for (const [i, size] of SIZES.entries()) {
        const reference = { what: "Python", value: middle(measured.python[i]!, kind) };
        const row = { unit: "tokens/s", reference };
        rows.push({
          ...row,
          what: `${kind} ${size} B, ${FLIGHT} at once`,
          value: middle(measured.together[i]!, kind),
          bound: { of: "ratio", atLeast: 1 },
        }, {
          ...row,
          what: `${kind} ${size} B, one by one`,
          value: middle(measured.alone[i]!, kind),
        });
      }
    }
    for (const kind of ["encrypt", "decrypt"] as const) {
      rows.push({
        what: `ratchet: ${kind} 100 B, in batches`,
        value: middle(measured.batches, kind),
        unit: "messages/s",
        bound: { of: "value", atLeast: 5_000 },
      }, {
        what: `ratchet: ${kind} 100 B, a turn with each`,
        value: middle(measured.turns, kind),
        unit: "messages/s",
      });
    }
    return rows;
  },
};

if (import.meta.main) await runAlone(bench);
