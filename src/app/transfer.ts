/**
 * What `whisper send` and `whisper receive` are made of: the files, and the way of showing them.
 *
 * @module
 */
import type { ChatEvent } from "../chat/events.ts";
import type { StartChat, Transfer } from "../cli/command.ts";
import { systemClock, systemRandom } from "../clock.ts";
import { Failure } from "../errors.ts";
import type { FileStore } from "../files/store.ts";
import type { Sink } from "../files/streams.ts";
import type { Output } from "../terminal/output.ts";
import { isOutputDiscarded } from "../terminal/stdio.ts";
import type { Interface } from "../ui/interface.ts";
import { peerLabel } from "../ui/messages/events.ts";
import { fileText } from "../ui/messages/files.ts";
import { TRANSFER_TEXTS } from "../ui/messages/transfer.ts";
import { TransferInterface, type TransferTask, type TransferView } from "../ui/transfer.ts";
import type { InterfaceParts } from "./interface.ts";
import type { Surroundings } from "./surroundings.ts";

/** Where files are taken from and put, as the command line says; undefined: nowhere. */
export async function openFiles(
  { files, transfer, ui }: StartChat,
  { output }: { readonly output: Output },
): Promise<FileStore | undefined> {
  if (transfer?.kind === "send") return await openSource(transfer.paths);
  const isAsking = transfer?.into !== undefined && !transfer.yes;
  const hasPerson = Deno.stdin.isTerminal() && ui !== "json";
  if (isAsking && !hasPerson) throw new Failure("missing-yes");
  const folder = transfer ? transfer.into : files;
  if (folder !== undefined) {
    const { Folder } = await import("../files/folder.ts");
    const opened = await Folder.open(folder, systemRandom);
    // Before the code is used. A folder of a chat may be there to send from.
    if (transfer) await opened.assertWritable();
    return opened;
  }
  if (transfer === undefined) return undefined;
  if (ui === "json") throw new Failure("json-needs-into");
  const { SinkStore } = await import("../files/streams.ts");
  return new SinkStore(sinkOf(output, transfer));
}

/** Checks the files before anybody is invited. */
async function openSource(paths: readonly string[]): Promise<FileStore> {
  if (paths.length === 0) {
    if (Deno.stdin.isTerminal()) throw new Failure("nothing-to-send");
    const { StreamSource } = await import("../files/streams.ts");
    return new StreamSource(Deno.stdin.readable);
  }
  const { NamedFiles } = await import("../files/folder.ts");
  const store = new NamedFiles();
  for (const path of paths) await (await store.source(path)).close();
  return store;
}

const LINE_FEED = 0x0a;

/** The standard output: bytes as they are, and on a terminal only text. */
function sinkOf(output: Output, { yes }: Transfer & { kind: "receive" }): Sink {
  const isText = output.isTerminal && !yes ? isTextForTerminal() : () => true;
  let isInLine = false;
  return {
    async write(bytes) {
      if (!isText(bytes)) throw new Failure("output-not-text");
      isInLine = bytes.at(-1) !== LINE_FEED;
      output.writeBytes(bytes);
      await output.flush();
      if (output.loss !== undefined) throw new Failure("output-lost", { why: output.loss });
    },
    end() {
      // The sentence that follows on the terminal would take the place of an unfinished line.
      if (output.isTerminal && isInLine) output.writeBytes(new Uint8Array([LINE_FEED]));
      isInLine = false;
    },
  };
}

/** Control characters but tab and line breaks: a terminal acts on them. */
// deno-lint-ignore no-control-regex
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;

/** Judges one piece after the other; false from the first one on that is not plain text in UTF-8. */
function isTextForTerminal(): (bytes: Uint8Array) => boolean {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  return (bytes) => {
    try {
      return !CONTROL.test(decoder.decode(bytes, { stream: true }));
    } catch {
      return false;
    }
  };
}

/** The way of showing it. */
export async function openTransfer(
  command: StartChat & { readonly transfer: Transfer },
  { name, relay, isLocal, isFreeCluster, terminal, input, output, stop }:
    & Pick<InterfaceParts, "name" | "relay" | "isLocal" | "isFreeCluster" | "terminal" | "input">
    & Surroundings,
): Promise<Interface> {
  const { transfer, ui } = command;
  const isPiped = transfer.kind === "receive" && transfer.into === undefined;
  if (isPiped && await isOutputDiscarded()) input.print(TRANSFER_TEXTS.discarded);
  const view = ui === "json" ? await openJson() : await openScreen();
  const task: TransferTask = transfer.kind === "send"
    ? { kind: "send", paths: transfer.paths.length > 0 ? transfer.paths : [""] }
    : {
      kind: "receive",
      isStream: isPiped,
      async confirm(file, peer, taken) {
        if (transfer.yes || isPiped) return true;
        const signal = AbortSignal.any([stop, taken]);
        const prompt = TRANSFER_TEXTS.save(fileText(file), peerLabel(peer, name));
        while (true) {
          const answer = await input.readLine({ prompt, signal });
          if (answer === null || /^\s*n(?:o)?\s*$/i.test(answer)) return false;
          if (/^\s*(?:y|yes)?\s*$/i.test(answer)) return true;
        }
      },
    };
  return new TransferInterface({
    task,
    view,
    clock: systemClock,
    timeoutMs: transfer.timeoutMs,
    stop,
    outputFailure: () => output.loss && new Failure("output-lost", { why: output.loss }),
  });

  async function openJson(): Promise<TransferView> {
    const { eventAsJson } = await import("../ui/json.ts");
    const show = (event: ChatEvent) => output.writeJson(eventAsJson(event));
    return {
      show,
      failEarlier: (failure) => show({ event: "error", failure, fatal: false }),
      fail: (failure) => show({ event: "error", failure, fatal: true }),
    };
  }

  async function openScreen(): Promise<TransferView> {
    const { TransferScreen } = await import("../ui/transfer_screen.ts");
    return new TransferScreen({
      terminal,
      print: (text) => input.print(text),
      clock: systemClock,
      kind: transfer.kind,
      name,
      relay,
      isLocal,
      isFreeCluster,
      folder: transfer.kind === "receive" ? transfer.into : undefined,
      progress: isPiped && output.isTerminal
        ? "none"
        : terminal.isAnsi && ui !== "plain"
        ? "bar"
        : "lines",
    });
  }
}
