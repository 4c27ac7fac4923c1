/**
 * Words of `whisper send` and `whisper receive`.
 *
 * @module
 */
import { peerCommandLine } from "./invocation.ts";

/** Sentences. */
export const TRANSFER_TEXTS = {
  invite: (code: string, isLocal: boolean) =>
    `Your code, for one person and one use: ${code}\nThey run: ${
      peerCommandLine(`receive ${code}`, isLocal)
    }`,
  discarded: "What you receive is discarded: the output is closed, or /dev/null.",
  ready: (peer: string) => `${peer} joined. Everything is end-to-end encrypted.`,
  away: (peer: string) => `${peer} is away. The transfer continues when they're back.`,
  offered: (peer: string) => `Waiting for ${peer} to accept. Nothing is sent before.`,
  sending: "Sending… (Ctrl+C cancels)",
  receiving: "Receiving… (Ctrl+C cancels)",
  save: (file: string, peer: string) => `${file} from ${peer}. Save? [Y/n] `,
} as const;
