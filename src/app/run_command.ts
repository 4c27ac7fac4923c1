/**
 * The commands other than a chat. Each is loaded only when it is asked for.
 *
 * @module
 */
import type { Command, DoctorCommand, StartChat } from "../cli/command.ts";
import { systemClock, systemRandom } from "../clock.ts";
import { EXIT } from "../errors.ts";
import { notifierFor } from "../terminal/notification.ts";
import { goOffline } from "../permissions/confine.ts";
import { env } from "../environment.ts";
import { programName } from "../ui/messages/invocation.ts";
import {
  type CommandSurroundings,
  isAnsi,
  note,
  openTerminal,
  type Surroundings,
} from "./surroundings.ts";

/** Runs one, and returns the exit status. */
export async function runCommand(
  command: Exclude<Command, StartChat>,
  surroundings: CommandSurroundings,
): Promise<number> {
  const { output, config, linkPath } = surroundings;
  switch (command.command) {
    case "help":
      output.write((await import("../cli/help.ts")).helpText(command.about));
      return EXIT.ok;
    case "version":
      output.write((await import("../cli/version.ts")).versionText());
      return EXIT.ok;
    case "completions":
      output.writeData(
        (await import("../cli/completions.ts")).completionScript(command.shell, programName()),
      );
      return EXIT.ok;
    case "complete":
      output.writeData((await import("../cli/completions.ts")).completionText(command.words));
      return EXIT.ok;
    case "config":
      output.write(
        (await import("../cli/config.ts")).runConfig(
          command,
          { ...config, linkPath },
          (await import("./relay_links.ts")).LINK_CHECKS,
        ),
      );
      return EXIT.ok;
    case "relay":
      await (await import("./relay_links.ts")).runRelay(command, surroundings);
      return EXIT.ok;
    case "fernet":
      await (await import("../cli/fernet.ts")).runFernet(command, {
        stdin: Deno.stdin.readable,
        write: (bytes) => output.writeData(bytes),
        readFile: (path) => Deno.readFile(path),
        clock: systemClock,
        random: systemRandom,
      });
      return EXIT.ok;
    case "doctor":
      return await doctor(command, surroundings);
  }
}

/** Checks everything that a chat needs. */
async function doctor(command: DoctorCommand, { stop, output }: Surroundings): Promise<number> {
  const { runDoctor } = await import("../doctor/run.ts");
  const { input, asker } = await openTerminal(command, { stop, output });
  command.notes.forEach(note);
  const notifier = notifierFor(env);
  if (command.notify) {
    const { runNotify } = await import("../doctor/notify.ts");
    return await runNotify({
      asker,
      notifier,
      clock: systemClock,
      write: (text) => output.write(text),
      signal: stop,
    });
  }
  const isTerminal = Deno.stdout.isTerminal();
  return await runDoctor(command, {
    asker,
    terminal: {
      input: input.isTerminal,
      output: isTerminal,
      kind: env("TERM"),
      size: isTerminal ? Deno.consoleSize() : undefined,
      multiplexer: notifier.multiplexer,
      color: command.color && isAnsi(),
    },
    write: (text) => output.write(text),
    writeJson: (value) => output.writeJson(value),
    goOffline,
    clock: systemClock,
    random: systemRandom,
    signal: stop,
  });
}
