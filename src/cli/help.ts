/**
 * `whisper --help`, from the table of commands.
 *
 * @module
 */
import {
  ALL_COMMANDS,
  ALL_FLAGS,
  type CommandName,
  type CommandSpec,
  DEFAULT_COMMAND,
  type FlagName,
  written,
} from "./commands.ts";

/** Columns between the left edge and the explanations. */
const LEFT = 27;
/** Lines are no longer than this, so that they fit every terminal. */
const WIDTH = 80;

const ORDER = "Every setting comes from its flag, else from its variable, else from the " +
  "configuration file; what is still missing is asked. A password is never a flag.";

/** What the program lets itself do; docs/ARCHITECTURE.md says why, and why not less. */
const CONFINED =
  "At its start Whisper gives up every file but its settings, its meeting place and " +
  "the files you name, and on this computer (--local) the network too. It starts no program.";

/** The help: of everything, or of one command. */
export function helpText(about?: CommandName): string {
  return about === undefined ? everything() : ofCommand(ALL_COMMANDS.get(about)!);
}

function everything(): string {
  const commands = [DEFAULT_COMMAND, ...ALL_COMMANDS.values()];
  return [
    "Whisper: two people talk by terminal, end-to-end encrypted, and nothing stays.",
    "",
    "Commands:",
    ...commands.flatMap(({ usage, help }) => entry(`whisper ${usage}`, help)),
    "",
    "Flags of a chat:",
    ...flagEntries(DEFAULT_COMMAND.flags),
    "",
    ...wrap(ORDER, WIDTH),
    "",
    ...wrap(CONFINED, WIDTH),
    "",
    "Examples:",
    ...commands.flatMap(exampleOf),
    "",
    "Inside a chat: /help. More about a command: whisper COMMAND --help.",
    "",
  ].join("\n");
}

function ofCommand(spec: CommandSpec): string {
  const actions = Object.values(spec.actions ?? {});
  const flags = [...actions.flatMap(({ flags }) => flags), ...spec.flags];
  return [
    `whisper ${spec.usage}`,
    ...wrap(`${capital(spec.help)}.`, WIDTH),
    "",
    ...(actions.length > 0
      ? ["Words:", ...actions.flatMap(({ usage, help }) => entry(usage, help)), ""]
      : []),
    "Flags:",
    ...flagEntries(flags),
    "",
    "Example:",
    ...exampleOf(spec),
    "",
  ].join("\n");
}

function exampleOf({ example, tells }: CommandSpec): string[] {
  return [`  ${example}`, ...wrap(tells, WIDTH - 6).map((line) => `      ${line}`)];
}

function flagEntries(names: readonly FlagName[]): string[] {
  return [...ALL_FLAGS].flatMap(([name, { short, value, env, help }]) => {
    if (!names.includes(name)) return [];
    const flag = `${short ? `-${short}, ` : ""}${written(name)}${value ? ` ${value}` : ""}`;
    return entry(flag, env ? `${help} [${env}]` : help);
  });
}

function entry(left: string, right: string): string[] {
  const head = `  ${left}`;
  const [first = "", ...others] = wrap(right, WIDTH - LEFT);
  const indented = others.map((line) => " ".repeat(LEFT) + line);
  // What does not fit beside its explanation stands above it.
  return head.length < LEFT
    ? [head.padEnd(LEFT) + first, ...indented]
    : [head, " ".repeat(LEFT) + first, ...indented];
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
