/**
 * `whisper --help`, from the table of commands. Each page fits one screen of 80 columns.
 *
 * @module
 */
import { EXIT } from "../exit_status.ts";
import { EXIT_HELP, FLAG_HELP, HELP } from "../ui/messages/help.ts";
import { commandLine } from "../ui/messages/invocation.ts";
import {
  ALL_COMMANDS,
  ALL_FLAGS,
  type CommandName,
  COMMANDS,
  type CommandSpec,
  type FlagName,
  flagSyntax,
  type HELP_TOPICS,
  SETTINGS,
} from "./command_table.ts";
import { wrap } from "../terminal/text.ts";

/** Columns between the left edge and the explanations. */
const LEFT = 27;
/** Lines are at most this long, so that they fit every terminal. */
const WIDTH = 80;
/** The flags that a first chat needs; the others are in the help of `chat`. */
const MAIN_FLAGS: readonly FlagName[] = ["uri", "local", "plain", "help"];

/** The help: of everything, of one command, or of a topic. */
export function helpText(about?: CommandName | (typeof HELP_TOPICS)[number]): string {
  const lines = about === undefined
    ? everything()
    : about === "exit-codes"
    ? exitStatuses()
    : ofCommand(ALL_COMMANDS.get(about)!, about);
  return `${lines.join("\n")}\n`;
}

function everything(): string[] {
  return [
    HELP.about,
    "",
    `Usage: ${commandLine("[COMMAND] [FLAGS]")}`,
    "",
    ...[...ALL_COMMANDS].flatMap(([name, { usage, help, actions }]) =>
      // The subcommands are in the help of the command.
      entry(actions ? name : usage, help)
    ),
    "",
    ...flagEntries(MAIN_FLAGS, { withVariables: false }),
    "",
    exampleLine(COMMANDS.new),
    "",
    ...wrap(HELP.more(commandLine("COMMAND --help"), commandLine("help exit-codes")), WIDTH),
  ];
}

function ofCommand(spec: CommandSpec, name: string): string[] {
  const actions = Object.values(spec.actions ?? {});
  const flags = [...actions.flatMap(({ flags }) => flags), ...spec.flags];
  return [
    `Usage: ${commandLine(spec.usage)}`,
    ...wrap(`${capital(spec.help)}.`, WIDTH),
    "",
    ...(actions.length > 0
      ? [...actions.flatMap(({ usage, help }) => entry(usage, help)), ""]
      : []),
    ...(name === "config"
      ? [
        HELP.settings,
        ...SETTINGS.flatMap((one) => entry(one, HELP.sameAs(flagSyntax(one)))),
        "",
      ]
      : []),
    ...flagEntries(flags, { withVariables: true }),
    "",
    ...(name === "chat" ? [...wrap(HELP.precedence, WIDTH), ...wrap(HELP.sandbox, WIDTH), ""] : []),
    exampleLine(spec),
    ...wrap(spec.exampleHelp, WIDTH - 2).map((line) => `  ${line}`),
  ];
}

function exitStatuses(): string[] {
  return [
    HELP.exitStatuses,
    ...Object.entries(EXIT).flatMap(([name, status]) =>
      entry(String(status), EXIT_HELP[name as keyof typeof EXIT])
    ),
  ];
}

function exampleLine({ example }: Pick<CommandSpec, "example">): string {
  return `Example: ${commandLine(example)}`;
}

function flagEntries(
  names: readonly FlagName[],
  { withVariables }: { withVariables: boolean },
): string[] {
  return [...ALL_FLAGS].flatMap(([name, { short, value, env }]) => {
    if (!names.includes(name)) return [];
    const flag = `${short ? `-${short}, ` : ""}${flagSyntax(name)}${value ? ` ${value}` : ""}`;
    return entry(flag, withVariables && env ? `${FLAG_HELP[name]} [${env}]` : FLAG_HELP[name]);
  });
}

function entry(left: string, right: string): string[] {
  const head = `  ${left}`;
  const [first = "", ...others] = wrap(right, WIDTH - LEFT);
  const indented = others.map((line) => " ".repeat(LEFT) + line);
  // A long left side stands above its explanation.
  return head.length < LEFT
    ? [head.padEnd(LEFT) + first, ...indented]
    : [head, " ".repeat(LEFT) + first, ...indented];
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
