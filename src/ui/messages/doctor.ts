/**
 * What a person reads about the steps of `whisper doctor`.
 *
 * @module
 */
import type { Failure } from "../../errors.ts";
import type { CheckName, Finding, FindingName, Findings } from "../../relay/check.ts";
import { counted } from "./counted.ts";
import { describeFailure } from "./failures.ts";

/** What a step found, and what to do about it; null where there is nothing to do. */
export interface StepText {
  readonly says: string;
  readonly fix: string | null;
}

/** `whisper doctor --notify`. */
export const NOTIFY = {
  text: "Test notification",
  soon: (seconds: number) =>
    `A notification comes in ${seconds} seconds. Switch to another window until then.`,
  question: "Did you see it? [y/N]: ",
  seen: (kind: string) => `Good: Whisper notifies you through your terminal (${WAYS[kind]}).`,
  unseen: ({ kind, multiplexer }: { kind: string; multiplexer: string | undefined }) =>
    kind === "bell"
      ? "This terminal has a bell only. Turn it on in the terminal's settings."
      : multiplexer === "tmux"
      ? `tmux passes notifications on with: set -g allow-passthrough on. It was sent as ${
        WAYS[kind]
      }.`
      : `Allow notifications of your terminal in the settings of your desktop. It was sent as ${
        WAYS[kind]
      }; a terminal that does not know that rings its bell.`,
} as const;

/** What the ways to notify are called. */
const WAYS: Readonly<Record<string, string>> = {
  osc99: "OSC 99",
  osc9: "OSC 9",
  osc777: "OSC 777",
  bell: "the bell",
};

/** The words around the steps. The marks stay words when they are read aloud or pasted. */
export const DOCTOR = {
  titles: {
    terminal: "Terminal",
    configuration: "Settings",
    string: "Connection string",
    proxy: "Proxy",
    "proxy-login": "Proxy login",
    dns: "DNS",
    tcp: "Connection",
    tls: "TLS",
    access: "Access list",
    auth: "Authentication",
    version: "Server version",
    privileges: "Privileges",
    news: "Change streams",
    ttl: "Collections",
    clock: "Clock",
    latency: "Latency",
    operations: "Operations",
    folder: "Directory",
    room: "Room",
    left: "Leaving",
  } satisfies Readonly<Record<CheckName, string>>,
  marks: { ok: "ok", unknown: "-", warning: "note", failed: "FAILED", skipped: "-" },
  ready: "Ready to chat.",
  notReady: "Not ready. Do this first:",
} as const;

const SELF_HOSTING = "docs/SELF_HOSTING.md";

const FINDINGS: { readonly [F in FindingName]: (facts: Findings[F]) => string | [string, string] } =
  {
    "terminal": ({ columns, rows, color }) =>
      `${size(columns, rows)}, ${color ? "colors" : "no colors"}`,
    "no-terminal": () => "none: plain lines in and out",
    "dumb-terminal": () => "TERM=dumb: chats use --plain",
    "small-terminal": ({ columns, rows, minColumns, minRows }) => [
      size(columns, rows),
      `Make the window at least ${minColumns} by ${minRows}, or use --plain.`,
    ],
    "multiplexer": ({ name, columns, rows }) => [
      `${size(columns, rows)}, inside ${name}`,
      `${name} has a scrollback of its own: clear it after a chat, or chat outside of it.`,
    ],
    "settings": ({ kind }) => kind === "mongodb" ? "MongoDB" : "this computer only",

    "string": ({ srv, hosts, database }) =>
      `${srv ? "mongodb+srv" : `mongodb, ${counted(hosts, "host")}`}, database "${database}"`,
    "proxy": ({ kind }) => `reached, ${kind === "socks5" ? "SOCKS5" : "HTTP"}`,
    "proxy-login": () => "accepted",
    "dns": ({ hosts }) => counted(hosts, "host"),
    "dns-by-proxy": () => "names are looked up by the proxy",
    "hosts-answer": ({ answering, hosts }) => {
      const says = `${answering} of ${counted(hosts, "host")} ${
        answering === 1 ? "answers" : "answer"
      }`;
      if (answering === hosts) return says;
      return [says, "Check the other hosts: if one more fails, the cluster may lose its primary."];
    },
    "tls-on": () => "the server's certificate is trusted",
    "tls-ended": () => "the server ended the handshake",
    "tls-not-needed": () => "not needed on this computer",
    "tls-by-onion": () => "not needed: the connection to an onion service is encrypted",
    "tls-off": () => [
      "off: the network can see the login, and who chats when",
      `Let the server offer TLS (${SELF_HOSTING}), and add ?tls=true.`,
    ],
    "let-in": () => "this computer may connect",
    "signed-in": () => "accepted",
    "auth-not-needed": () => "not required on this computer",
    "auth-off": () => [
      "off: anyone who can reach the server can read and delete everything on it",
      `Start the server with --auth and create a user (${SELF_HOSTING}).`,
    ],
    "version": ({ version }) => `MongoDB ${version}`,
    "rights-all": () => "everything",
    "rights-untold": () => "reading and writing work",
    "rights-exact": ({ database }) => `readWrite on "${database}", and nothing else`,
    "rights-missing": ({ database, actions }) => [
      `this user may not ${actions.join(", ")}`,
      `Give the database user the role readWrite on "${database}".`,
    ],
    "rights-beyond": ({ database }) => [
      "this user may do more than a chat needs, and so may anyone who learns the password",
      `Create a user with readWrite on "${database}" and nothing else (${SELF_HOSTING}).`,
    ],
    "stream": () => "a change stream: messages arrive at once",
    "poll-wanted": () => "polling, because of --poll",
    "poll-only": ({ ms }) => [
      `polling: messages take up to ${ms} ms longer`,
      `A replica set, even with one node, has change streams (${SELF_HOSTING}).`,
    ],
    "expiry-ready": () => "both are ready, and the server removes what has expired",
    "expiry-later": () => "they are created with the first room",
    "clock": ({ seconds }) => `within ${seconds} s of the server's`,
    "clock-off": ({ seconds, isAhead }) => [
      `${seconds} s ${isAhead ? "ahead of" : "behind"} the server's`,
      "Set the date and time of this computer, or turn on automatic time.",
    ],
    "latency": latency,
    "latency-high": (facts) => [
      latency(facts),
      "Choose a cluster in a region closer to both of you, or another network.",
    ],
    "operations": ({ count, pollsPerSecond, streamSeconds, freePerSecond }) => {
      const pace = pollsPerSecond === undefined
        ? `each person's stream asks every ${streamSeconds} s, and at each message`
        : `each person polls up to ${pollsPerSecond} times a second`;
      const free = freePerSecond === undefined
        ? ""
        : `; a free cluster allows ${freePerSecond} a second for all of its users`;
      return `the doctor used ${count}; in a chat ${pace}${free}`;
    },

    "folder": ({ path }) => `${path}, private`,
    "room": () => "created and joined",
    "late-notice": () => [
      "the second terminal wasn't notified within 5 s",
      "Chats work, but more slowly. Set XDG_RUNTIME_DIR to a directory on a local disk.",
    ],
    "left": () => "0 documents remain",
    "left-over": ({ documents }) => [
      `${counted(documents, "document")} remain`,
      "They expire within a minute. If it happens again, please report it.",
    ],
  };

/** The text of what a step found. */
export function describeResult(
  result: Finding | { readonly state: "failed"; readonly failure: Failure } | {
    readonly state: "skipped";
  },
): StepText {
  if (result.state === "skipped") return { says: "not reached", fix: null };
  if ("failure" in result) {
    const { message, hint } = describeFailure(result.failure);
    return { says: asPart(message), fix: hint };
  }
  const text = FINDINGS[result.name] as (facts: object) => string | [string, string];
  const described = text(result.facts);
  return typeof described === "string"
    ? { says: described, fix: null }
    : { says: described[0], fix: described[1] };
}

function latency(
  { p50Ms, leastMs, mostMs, rounds }: Findings["latency"],
): string {
  return `p50 ${ms(p50Ms)} ms of ${rounds} round trips (${ms(leastMs)} to ${ms(mostMs)})`;
}

function ms(value: number): string {
  return value < 10 ? value.toFixed(1) : String(Math.round(value));
}

function size(columns: number | undefined, rows: number | undefined): string {
  return columns === undefined ? "unknown size" : `${columns} by ${rows}`;
}

/** A sentence as part of a line. */
function asPart(sentence: string): string {
  const isName = /^[A-Z]{2}|^(MongoDB|Whisper)\b/.test(sentence);
  const first = sentence.charAt(0);
  return (isName ? first : first.toLowerCase()) + sentence.slice(1).replace(/\.$/, "");
}
