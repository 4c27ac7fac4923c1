/**
 * The commands that are no chat. Each is loaded only when it is asked for.
 *
 * @module
 */
import type { ChatCommand, Command, DoctorCommand } from "../cli/command.ts";
import { configPath } from "../cli/config_file.ts";
import { systemClock, systemRandom } from "../clock.ts";
import { EXIT } from "../errors.ts";
import { goOffline } from "../permissions/confine.ts";
import { asking, env, isAnsi, say, type Surroundings } from "./surroundings.ts";

/** Runs one, and returns the exit status. */
export async function runOther(
  command: Exclude<Command, ChatCommand>,
  { stop, output }: Surroundings,
): Promise<number> {
  switch (command.command) {
    case "help":
      output.write((await import("../cli/help.ts")).helpText(command.about));
      return EXIT.ok;
    case "version":
      output.write((await import("../cli/version.ts")).versionText());
      return EXIT.ok;
    case "completions":
      output.write((await import("../cli/completions.ts")).completionScript(command.shell));
      return EXIT.ok;
    case "config":
      output.write((await import("../cli/config.ts")).runConfig(command, configPath(env)));
      return EXIT.ok;
    case "fernet":
      await (await import("../cli/fernet.ts")).runFernet(command, {
        stdin: Deno.stdin.readable,
        write: (bytes) => output.write(bytes),
        readFile: (path) => Deno.readFile(path),
        clock: systemClock,
        random: systemRandom,
      });
      return EXIT.ok;
    case "doctor":
      return await doctor(command, { stop, output });
  }
}

/** A look at everything that a chat needs. */
async function doctor(command: DoctorCommand, { stop, output }: Surroundings): Promise<number> {
  const { runDoctor } = await import("../doctor/run.ts");
  const { input, asker } = await asking(command, { stop, output });
  for (const warning of command.warnings) say(`Note: ${warning}`);
  const isTerminal = Deno.stdout.isTerminal();
  return await runDoctor(command, {
    asker,
    terminal: {
      input: input.isTerminal,
      output: isTerminal,
      kind: env("TERM"),
      size: isTerminal ? Deno.consoleSize() : undefined,
      multiplexer: env("TMUX") ? "tmux" : env("STY") ? "screen" : undefined,
      color: command.color && isAnsi(),
    },
    write: (text) => output.write(text),
    goOffline,
    clock: systemClock,
    random: systemRandom,
    signal: stop,
  });
}
