/**
 * The manual page, from the table of commands: roff with the macros of man(7).
 *
 * @module
 */
import { EXIT } from "../errors.ts";
import { VERSION } from "../version.ts";
import { ALL_COMMANDS, ALL_FLAGS, type CommandSpec, DEFAULT_COMMAND, written } from "./commands.ts";

/** What each exit status means. */
const MEANINGS: Record<keyof typeof EXIT, string> = {
  ok: "left cleanly",
  bug: "a mistake in Whisper",
  usage: "the command line cannot be followed",
  relay: "the relay cannot be reached, or does not let us in",
  full: "the room is full or closed",
  wrongCode: "wrong code",
  usedCode: "the code is burnt, used or expired",
  evicted: "the seat was taken away",
  relayLost: "the relay was lost for good",
  protocol: "the other side or the relay broke the protocol",
  fernet: "invalid Fernet key or token",
  output: "the output cannot be written",
  interrupted: "interrupted before a chat began",
};

/** The page `whisper(1)`. */
export function manualPage(): string {
  const commands = [DEFAULT_COMMAND, ...ALL_COMMANDS.values()];
  const variables = [...ALL_FLAGS].flatMap(([name, { env }]) => env ? [[env, name] as const] : []);
  return [
    `.TH WHISPER 1 "" "whisper ${VERSION}" "User Commands"`,
    ".SH NAME",
    "whisper \\- two people talk in their terminals, end to end encrypted",
    ".SH SYNOPSIS",
    ...commands.flatMap(({ usage }) => [".br", `\\fBwhisper\\fR ${text(usage)}`]).slice(1),
    ".SH DESCRIPTION",
    "One person opens a room and tells the other one its code; the code lets one person in, once.",
    "They meet on this computer, or on a MongoDB that reads nothing of what is said.",
    "When both have left, nothing stays there.",
    ".SH COMMANDS",
    ...commands.flatMap(commandEntry),
    ".SH OPTIONS",
    ...[...ALL_FLAGS].flatMap(([name, { short, value, help }]) => [
      ".TP",
      `${short ? `\\fB\\-${short}\\fR, ` : ""}\\fB${text(written(name))}\\fR${
        value ? ` \\fI${value}\\fR` : ""
      }`,
      text(help),
    ]),
    ".SH ENVIRONMENT",
    "A setting comes from its flag, else from its variable, else from the configuration file.",
    ...variables.flatMap(([env, name]) => [".TP", `\\fB${env}\\fR`, `as ${text(written(name))}`]),
    ".SH FILES",
    ".TP",
    "\\fI$XDG_CONFIG_HOME/whisper/config.json\\fR, \\fI~/.config/whisper/config.json\\fR",
    "settings that are kept; never a password",
    ".SH EXIT STATUS",
    ...Object.entries(EXIT).flatMap(([name, status]) => [
      ".TP",
      `\\fB${status}\\fR`,
      MEANINGS[name as keyof typeof EXIT],
    ]),
    "",
  ].join("\n");
}

function commandEntry({ usage, help, example, tells, actions }: CommandSpec): string[] {
  return [
    ".TP",
    `\\fBwhisper\\fR ${text(usage)}`,
    text(help),
    ...Object.values(actions ?? {}).flatMap(({ usage, help }) => [
      ".br",
      `\\fB${text(usage)}\\fR: ${text(help)}`,
    ]),
    ".IP",
    `\\fB${text(example)}\\fR`,
    ".br",
    text(tells),
  ];
}

/** Text as roff prints it: no line of it is a request, no hyphen a dash. */
function text(plain: string): string {
  const escaped = plain.replaceAll("\\", "\\e").replaceAll("-", "\\-");
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}
