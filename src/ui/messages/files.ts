/**
 * What people read about files that are sent and received, and about what goes wrong with them.
 *
 * @module
 */
import type { FileEvent } from "../../chat/events.ts";
import type { FactsOf } from "../../failure_reasons.ts";
import { counted } from "./counted.ts";
import { FILE_PROBLEMS } from "./file_problems.ts";
import type { FailureTexts } from "./failure_text.ts";
import { commandLine } from "./invocation.ts";

/** A file within a sentence. A line break in the name of one's own file does not break the sentence. */
function called(name: string): string {
  return name === "" ? "the piped input" : name.replaceAll(/[\r\n\u0085\u2028\u2029]+/g, " ");
}

/** The same as the first word of a sentence. */
function first(name: string): string {
  return name === "" ? "The piped input" : called(name);
}

/** A size as people write it: `3.2 MB`, in thousands. */
export function sizeText(bytes: number): string {
  if (bytes < 1_000) return counted(bytes, "byte");
  let value = bytes;
  for (const unit of ["kB", "MB", "GB"]) {
    value /= 1_000;
    if (value < 999.5 || unit === "GB") return `${value.toFixed(value < 99.95 ? 1 : 0)} ${unit}`;
  }
  return `${bytes} bytes`;
}

/** Name and size, as far as they are known. */
export function fileText({ name, size, bytes, state }: Omit<FileEvent, "event" | "id">): string {
  const label = name === "" ? "piped data" : called(name);
  if (size !== null) return `${label} (${sizeText(size)})`;
  const isComplete = state === "received" || state === "delivered";
  return bytes > 0 || isComplete ? `${label} (${sizeText(bytes)})` : label;
}

/** How far a file has come: `40% of 3.2 MB`, or the bytes where the end is not known. */
export function progressText({ size, bytes }: Pick<FileEvent, "size" | "bytes">): string {
  return size === null ? sizeText(bytes) : `${percent(size, bytes)}% of ${sizeText(size)}`;
}

/** Whole percents, 100 only when everything is there. */
export function percent(size: number, bytes: number): number {
  return size === 0 ? 100 : Math.floor(100 * bytes / size);
}

/** The sentence about a file, in a chat; undefined: shown in another way. */
export function fileSentence(
  event: FileEvent,
  peer: string,
  { isFreeCluster = false, folder }: {
    isFreeCluster?: boolean | undefined;
    /** Where files are saved, as the person named it. */
    folder?: string | undefined;
  } = {},
): { readonly weight: "quiet" | "news"; readonly text: string } | undefined {
  const file = fileText(event);
  const isOwn = event.from === "you";
  const news = (...sentences: (string | undefined)[]) =>
    ({ weight: "news", text: sentences.filter(Boolean).join(" ") }) as const;
  switch (event.state) {
    case "offered":
      if (!isOwn) return news(`${peer} offers ${file}. /accept saves it, /refuse declines.`);
      return news(
        `Offered ${file} to ${peer}.`,
        "Nothing is sent before they accept; /cancel takes it back.",
        isFreeCluster ? largeFileNote(event) : undefined,
      );
    case "accepted":
      return {
        weight: "quiet",
        text: isOwn
          ? `${peer} accepted ${called(event.name)}. Sending…`
          : `Receiving ${event.name}… (/cancel stops)`,
      };
    case "received":
      return news(
        `Received ${file} from ${peer}, complete and unaltered.`,
        // Behind a path of dots, another one would name another folder.
        folder && `It is in ${folder === "." ? "this folder" : folder}`.replace(/[^.]$/, "$&."),
      );
    case "delivered":
      return news(`Delivered ${file} to ${peer}.`);
    case "refused":
      return news(refused(event, peer));
    case "canceled":
      return news(
        event.by === "peer"
          ? `${peer} canceled ${called(event.name)}. Nothing of it was saved.`
          : `Canceled ${called(event.name)}.`,
      );
    case "progress":
    case "failed":
      return undefined;
  }
}

function refused(event: FileEvent, peer: string): string {
  if (event.from === "peer") {
    return event.reason === "no-folder"
      ? `${peer} offered ${
        fileText(event)
      }, which was refused: this chat has no folder for files. Start with --files DIR to receive files.`
      : `Refused ${event.name}.`;
  }
  switch (event.reason) {
    case "no-folder":
      return `${peer}'s chat has no folder for files. Ask them to start with --files DIR.`;
    case "busy":
      return `${peer} has too many files waiting for an answer. Send ${
        called(event.name)
      } again later.`;
    default:
      return `${peer} refused ${called(event.name)}.`;
  }
}

/** What a large file of this side costs on a free cluster. Undefined for any other. */
export function largeFileNote({ from, size }: FileEvent): string | undefined {
  if (from !== "you" || size === null || size <= FREE_CLUSTER_NOTE_BYTES) return undefined;
  const relayBytes = size * RELAY_BYTES_PER_BYTE;
  const share = Math.max(1, Math.round(100 * relayBytes / FREE_CLUSTER_WEEK_BYTES));
  return `A free Atlas cluster moves 10 GB in 7 days, in each direction; this file takes about ${
    sizeText(relayBytes)
  } of that (${share}%).`;
}

/** From this size on the sender is told what a free cluster makes of it. */
const FREE_CLUSTER_NOTE_BYTES = 100_000_000;
/** Bytes on the relay for each byte of a file: a token of 60,152 characters, and its document, for 44,544. */
const RELAY_BYTES_PER_BYTE = 1.36;
/** https://www.mongodb.com/docs/atlas/reference/free-shared-limitations/ */
const FREE_CLUSTER_WEEK_BYTES = 10_000_000_000;

/** By reason. */
export const FILE_FAILURES = {
  "no-files-folder": () => ({
    message: "This chat has no folder for files.",
    hint: "Files are taken from and saved in one folder, which you name at the start: " +
      `${commandLine("new --files DIR")}.`,
  }),
  "files-folder": ({ path, problem }) => ({
    message: `Can't use the folder for files, ${path}: ${
      FOLDER_PROBLEMS[problem] ?? FILE_PROBLEMS[problem]
    }.`,
    hint: "Name a folder that exists and that you may write to.",
  }),
  "file-outside": ({ name, folder }) => ({
    message: `${name} is not in the folder for files, ${folder}.`,
    hint: "Copy it there, or start Whisper with --files and another folder.",
  }),
  "file-unreadable": ({ name, problem }) => ({
    message: `Can't read ${called(name)}: ${FILE_PROBLEMS[problem]}.`,
    hint: name === ""
      ? "Check the command before the pipe, and send it again."
      : problem === "not-a-file" || problem === "no-size" || problem === "guarded"
      ? `Pipe it in instead: cat FILE | ${commandLine("send")}.`
      : "Check the path, and send it again.",
  }),
  "file-unwritable": ({ name, problem }) => ({
    message: `Can't save ${called(name)}: ${FILE_PROBLEMS[problem]}.`,
    hint: "Nothing of it was saved. Make room, or use another folder, and ask for it again.",
  }),
  "file-too-large": ({ name, maxBytes }) => ({
    message: `${first(name)} is too large: ${sizeText(maxBytes)} is the most.`,
    hint: "Compress it, or send it in parts.",
  }),
  "file-changed": ({ name }) => ({
    message: `${first(name)} changed while it was being sent, so nothing of it was delivered.`,
    hint: "Send it again once it is complete.",
  }),
  "file-mismatch": ({ name }) => ({
    message: `${first(name)} is not what was offered, so it was discarded.`,
    hint: "Ask for it again. If it happens again, your peer's program is faulty or hostile.",
  }),
  "file-peer-failed": ({ name, reason, from }) => ({
    message: `${first(name)} was not ${from === "you" ? "delivered" : "received"}: ${
      PEER_FAILURES[reason]
    }.`,
    hint: "Nothing of it was saved. Send it again.",
  }),
  "file-peer-left": ({ name }) => ({
    message: `Your peer left before ${name === "" ? "the transfer" : called(name)} was complete.`,
    hint: "What is incomplete was not saved. Try again when you are both back.",
  }),
  "file-refused": ({ name, reason, by }) => ({
    message: reason === "no-folder"
      ? "Your peer's program has no folder for files."
      : `${by === "you" ? "You" : "Your peer"} refused ${called(name)}.`,
    hint: reason === "no-folder"
      ? `Send it again, and ask them to run: ${commandLine("receive")}.`
      : "Nothing of it was sent.",
  }),
  "file-canceled": ({ name, by }) => ({
    message: `${first(name)} was canceled${by === "peer" ? " by your peer" : ""}.`,
    hint: "Nothing of it was saved.",
  }),
  "transfer-timeout": ({ kind }) => ({
    message: kind === "send" ? "Nothing was delivered in time." : "Nothing complete came in time.",
    hint: "Try again, or give it more time with --timeout.",
  }),
  "transfer-code-burnt": () => ({
    message: "Your code is no longer valid: 3 failed attempts. Nothing was sent.",
    hint: "Send it again for a new code.",
  }),
  "nothing-received": () => ({
    message: "The sender left without sending anything.",
    hint: "Ask them to send it again.",
  }),
  "nothing-to-send": () => ({
    message: "There is nothing to send.",
    hint: `Name files, or pipe something in: ${commandLine("send report.pdf")}.`,
  }),
  "file-is-folder": ({ name }) => ({
    message: `${first(name)} is a folder.`,
    hint: `Send it as one stream: tar -c FOLDER | ${commandLine("send")}.`,
  }),
  "missing-yes": () => ({
    message: "Nobody can be asked whether to save what comes.",
    hint: "Pass --yes to save it without a question.",
  }),
  "output-not-text": () => ({
    message: "What came is not text, so it was not written to your terminal.",
    hint: "Write it to a file (> FILE), save it with --into DIR, or pass --yes.",
  }),
  "json-needs-into": () => ({
    message: "With --json the output has the events, so what comes needs a folder.",
    hint: "Pass --into DIR --yes.",
  }),
  "invalid-timeout": () => ({
    message: "Invalid duration of --timeout.",
    hint: "Write it like 30s, 10m or 2h.",
  }),
  "no-such-file": () => ({
    message: "There is no such file waiting or on its way.",
    hint: "Without a name, the command is about the first one.",
  }),
  "no-peer-for-file": () => ({
    message: "No peer connected.",
    hint: "Send the file once your peer has joined.",
  }),
  "too-many-files": () => ({
    message: "Too many files are waiting to be sent.",
    hint: "Wait until some were delivered.",
  }),
} satisfies Partial<FailureTexts>;

const FOLDER_PROBLEMS: Partial<Record<FactsOf<"files-folder">["problem"], string>> = {
  "missing": "there is no such folder",
  "not-a-folder": "it is not a folder",
};

const PEER_FAILURES: Record<FactsOf<"file-peer-failed">["reason"], string> = {
  "source": "your peer's program could not read it, or it changed meanwhile",
  "storage": "your peer's program could not save it, for example because the disk is full",
  "damaged": "your peer's program got something else than what was sent",
  "canceled": "it was canceled",
};
