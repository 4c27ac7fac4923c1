/**
 * The manual page, from the table of commands: roff with the macros of man(7).
 *
 * @module
 */
import { EXIT } from "../exit_status.ts";
import { EXIT_HELP, FLAG_HELP, HELP } from "../ui/messages/help.ts";
import { VERSION } from "../version.ts";
import {
  ALL_COMMANDS,
  ALL_FLAGS,
  type CommandSpec,
  DEFAULT_COMMAND,
  flagSyntax,
} from "./command_table.ts";

/** The page `whisper(1)`. */
export function manualPage(): string {
  const commands = [DEFAULT_COMMAND, ...ALL_COMMANDS.values()];
  const variables = [...ALL_FLAGS].flatMap(([name, { env }]) => env ? [[env, name] as const] : []);
  return [
    `.TH WHISPER 1 "" "whisper ${VERSION}" "User Commands"`,
    ".SH NAME",
    `whisper \\- ${HELP.manualName}`,
    ".SH SYNOPSIS",
    ...commands.flatMap(({ usage }) => [".br", `\\fBwhisper\\fR ${text(usage)}`]).slice(1),
    ".SH DESCRIPTION",
    ...HELP.description,
    ".SH COMMANDS",
    ...commands.flatMap(commandEntry),
    ".SH OPTIONS",
    ...[...ALL_FLAGS].flatMap(([name, { short, value }]) => [
      ".TP",
      `${short ? `\\fB\\-${short}\\fR, ` : ""}\\fB${text(flagSyntax(name))}\\fR${
        value ? ` \\fI${value}\\fR` : ""
      }`,
      text(FLAG_HELP[name]),
    ]),
    ".SH ENVIRONMENT",
    HELP.precedence,
    ...variables.flatMap((
      [env, name],
    ) => [".TP", `\\fB${env}\\fR`, text(HELP.sameAs(flagSyntax(name)))]),
    ".SH FILES",
    ".TP",
    "\\fI$XDG_CONFIG_HOME/whisper/config.json\\fR, \\fI~/.config/whisper/config.json\\fR",
    HELP.configFiles,
    ".SH EXIT STATUS",
    ...Object.entries(EXIT).flatMap(([name, status]) => [
      ".TP",
      `\\fB${status}\\fR`,
      EXIT_HELP[name as keyof typeof EXIT],
    ]),
    "",
  ].join("\n");
}

function commandEntry({ usage, help, example, exampleHelp, actions }: CommandSpec): string[] {
  return [
    ".TP",
    `\\fBwhisper\\fR ${text(usage)}`,
    text(help),
    ...Object.values(actions ?? {}).flatMap(({ usage, help }) => [
      ".br",
      `\\fB${text(usage)}\\fR: ${text(help)}`,
    ]),
    ".IP",
    `\\fBwhisper ${text(example)}\\fR`,
    ".br",
    text(exampleHelp),
  ];
}

/** Escapes text for roff: no line is taken for a request, no hyphen for a dash. */
function text(plain: string): string {
  const escaped = plain.replaceAll("\\", "\\e").replaceAll("-", "\\-");
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}
