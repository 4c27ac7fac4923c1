/**
 * The command that starts Whisper where the person is: `./setup.sh chat` in a clone, `whisper` for
 * an installed program. Sentences name commands through {@link commandLine}, so that they can be
 * copied as they stand.
 *
 * @module
 */
import { env } from "../../environment.ts";

/** How an installed program is called. */
const INSTALLED = "whisper";
/** What `setup.sh`, `setup.bat` and `deno task` set to the command that started them. */
const VARIABLE = "WHISPER_COMMAND";
/** The value is printed and copied: a plain path and words, with nothing that a shell acts on. */
const PLAIN = /^[\w.,:~@+\\/-][\w .,:~@+\\/-]{0,199}$/;

/**
 * The command line that runs Whisper with these arguments.
 *
 * @param args as typed after the program's name; empty for the program alone.
 * @example commandLine("join CODE") // "./setup.sh chat join CODE", or "whisper join CODE"
 */
export function commandLine(args = ""): string {
  return `${program()} ${args}`.trimEnd();
}

/**
 * The command line for the peer, who needs to reach the same relay.
 *
 * @param isLocal whether it is this computer: then nothing else has to be handed over.
 */
export function peerCommandLine(args: string, isLocal: boolean): string {
  return commandLine(isLocal ? `${args} --local` : args);
}

/** The name of the program where it is one word, for the completions of a shell. */
export function programName(): string {
  const name = program();
  return /^[\w.-]+$/.test(name) ? name : INSTALLED;
}

/** The program that may reach any host, where this one may not. */
export function commandForAnyHost(): string {
  const name = program();
  return name.endsWith(":atlas") ? name.replace(/:atlas$/, "") : INSTALLED;
}

/** The program as it was started; `whisper` where nothing usable says otherwise. */
function program(): string {
  const value = env(VARIABLE)?.trim();
  return value !== undefined && PLAIN.test(value) ? value : INSTALLED;
}
