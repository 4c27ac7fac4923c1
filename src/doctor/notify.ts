/**
 * `whisper doctor --notify`: sends one notification and asks whether it was seen. No terminal tells.
 *
 * @module
 */
import type { Asker } from "../cli/questions.ts";
import { type Clock, sleep } from "../clock.ts";
import { EXIT, Failure } from "../errors.ts";
import { notification, type Notifier } from "../terminal/notification.ts";
import type { TerminalText } from "../terminal/terminal_text.ts";
import { NOTIFY } from "../ui/messages/doctor.ts";

/** What is needed for that. */
export interface NotifyDeps {
  readonly asker: Asker;
  readonly notifier: Notifier;
  readonly clock: Clock;
  readonly write: (text: string | TerminalText) => void;
  readonly signal: AbortSignal;
}

/** Time to look elsewhere, in milliseconds: many terminals show none while they are looked at. */
const AWAY_MS = 5_000;

/**
 * Sends it, asks, and says what to do.
 *
 * @returns the exit status: 0 whatever the person answers.
 * @throws {Failure} `notify-needs-terminal` where no person can be asked.
 */
export async function runNotify(
  { asker, notifier, clock, write, signal }: NotifyDeps,
): Promise<number> {
  if (!asker.isInteractive) throw new Failure("notify-needs-terminal");
  asker.print(NOTIFY.soon(AWAY_MS / 1_000));
  await sleep(clock, AWAY_MS, signal);
  write(notification(notifier, { text: NOTIFY.text, id: "whisper-doctor" }));
  const answer = await asker.readLine({ prompt: NOTIFY.question });
  const isSeen = /^\s*y/i.test(answer ?? "");
  asker.print(isSeen ? NOTIFY.seen(notifier.kind) : NOTIFY.unseen(notifier));
  return EXIT.ok;
}
