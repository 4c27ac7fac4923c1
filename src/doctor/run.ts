/**
 * `whisper doctor`, put together.
 *
 * @module
 */
import type { DoctorCommand } from "../cli/command.ts";
import { type Asker, askPlace, type MeetingPlace } from "../cli/questions.ts";
import type { Clock, Random } from "../clock.ts";
import { EXIT } from "../errors.ts";
import { examine } from "../store/examine.ts";
import { completeUri, inspectUri } from "../store/open.ts";
import { examineAll } from "./doctor.ts";
import { checkSettings, checkTerminal, type TerminalFacts } from "./here.ts";
import { jsonReport, plainReport } from "./report.ts";

/** What the doctor gets from outside. */
export interface DoctorDeps {
  readonly asker: Asker;
  readonly terminal: TerminalFacts;
  readonly write: (text: string) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
}

/** Looks at everything, and returns the exit status: 0 when a chat is possible, else 3. */
export async function runDoctor(command: DoctorCommand, deps: DoctorDeps): Promise<number> {
  const { asker, terminal, write, clock, random, signal } = deps;
  let place: MeetingPlace | undefined;
  const settings = checkSettings(async () => {
    place = await askPlace(command, asker, { inspect: inspectUri, complete: completeUri });
    return place.kind === "sqlite" ? "two terminals of this computer" : "a relay in MongoDB";
  });
  const { poll, tlsCaFile } = command;
  const isReady = await examineAll({
    here: [checkTerminal(terminal), settings],
    relay: () =>
      examine(place!.kind === "sqlite" ? place! : { ...place!, poll, tlsCaFile }, {
        clock,
        random,
        signal,
      }),
    clock,
    signal,
  }, command.ui === "json" ? jsonReport(write) : plainReport(write, terminal.color));
  return isReady ? EXIT.ok : EXIT.relay;
}
