/**
 * The sentences of failures of the command line, of settings and of files that a person names.
 *
 * @module
 */
import { MAX_NAME_BYTES, MAX_NAME_GRAPHEMES } from "../../limits.ts";
import { FILE_PROBLEMS } from "./file_problems.ts";
import type { FailureTexts } from "./failure_text.ts";
import { commandLine } from "./invocation.ts";

const seeHelp = () => `See: ${commandLine("--help")}.`;
const didYouMean = (suggestion: string | undefined) =>
  suggestion === undefined ? seeHelp() : `Did you mean ${suggestion}?`;
const asSecretFile = (source: string) =>
  `Put it on the first line of a file and pass the file with ${source}.`;

const CONFIG_PROBLEMS = {
  "not-settings": "it is not a settings file",
  "not-json": "it is not valid JSON",
  "not-object": "it is not a JSON object",
} as const;

const PROXY_PROBLEMS = {
  "format": "it is not the address of a proxy",
  "kind": "only socks5:// and http:// proxies work",
  "port": "it has no port, or one that does not exist",
  "too-long": "its user name or password is longer than 255 bytes",
} as const;

const NAME_PROBLEMS = {
  "empty": ["is empty", "Use at least one letter or digit."],
  "too-long": [
    "is too long",
    `Give one of at most ${MAX_NAME_GRAPHEMES} characters and ${MAX_NAME_BYTES} bytes.`,
  ],
  "unprintable": ["contains a character that cannot be shown", "Type it again by hand."],
  "invisible": ["contains nothing visible", "Use at least one letter or digit."],
} as const;

/** By reason. */
export const CLI_FAILURES = {
  // Arguments.
  "argument-too-long": () => ({ message: "An argument is far too long.", hint: seeHelp() }),
  "argument-not-utf8": () => ({
    message: "An argument is not valid UTF-8.",
    hint: "Check the language settings of your terminal (LANG, LC_ALL), and type it again.",
  }),
  "flag-takes-no-value": ({ flag }) => ({
    message: `The flag ${flag} takes no value.`,
    hint: `Write ${flag} alone, or leave it out.`,
  }),
  "flag-needs-value": ({ flag, value }) => ({
    message: `The flag ${flag} needs a value.`,
    hint: `Write it as ${flag}=${value}.`,
  }),
  "flag-given-twice": ({ flag }) => ({
    message: `The flag ${flag} is given twice.`,
    hint: "Give it once.",
  }),
  "secret-in-arguments": ({ source }) => ({
    message: "A password or passphrase cannot be an argument: other programs can read it.",
    hint: `Leave it out and Whisper asks for it, or put it into a file and pass ${source}.`,
  }),
  "unknown-flag": ({ flag, suggestion, mayBeFile }) => ({
    message: flag === undefined ? "Unknown flag." : `Unknown flag: ${flag}.`,
    hint: didYouMean(suggestion) + (mayBeFile ? " If it is a file, write ./ before its name." : ""),
  }),
  "unknown-command": ({ suggestion }) => ({
    message: "Unknown command.",
    hint: didYouMean(suggestion === undefined ? undefined : `"${suggestion}"`),
  }),
  "code-as-command": () => ({
    message: "This looks like an invite code, not a command.",
    hint: `Did you mean: ${commandLine("join CODE")}?`,
  }),
  "link-as-command": () => ({
    message: "This looks like a relay link, not a command.",
    hint: `Did you mean: ${commandLine("join LINK")}?`,
  }),
  "unexpected-argument": () => ({
    message: "Unexpected argument.",
    hint: `Put a value of several words between quotes. ${seeHelp()}`,
  }),
  "missing-subcommand": ({ usage }) => ({
    message: "Missing subcommand.",
    hint: `Use: ${commandLine(usage)}.`,
  }),
  "unknown-subcommand": ({ command, usage, suggestion }) => ({
    message: `Unknown subcommand of "${command}".`,
    hint: suggestion === undefined
      ? `Use: ${commandLine(usage)}.`
      : `Did you mean "${suggestion}"?`,
  }),
  "flag-of-other-command": ({ flag, owners }) => ({
    message: `The flag ${flag} does not belong to this command.`,
    hint: `It belongs to: ${owners.join(", ")}. ${seeHelp()}`,
  }),
  "flags-conflict": ({ first, second }) => ({
    message: `Cannot use ${first} and ${second} together.`,
    hint: "Give one of them.",
  }),
  "room-with-command": ({ command }) => ({
    message: `The flag --room does not go with "${command}".`,
    hint: `Use: ${commandLine("chat --room NAME")}.`,
  }),
  "invalid-switch": ({ source }) => ({
    message: `Cannot read ${source}: it is neither yes nor no.`,
    hint: "Give true or false.",
  }),
  "unknown-shell": ({ isMissing, shells }) => ({
    message: isMissing ? "No shell specified." : "There are no completions for this shell.",
    hint: `Use: ${commandLine("completions SHELL")}, where SHELL is one of ${shells.join(", ")}.`,
  }),
  "missing-key-file": () => ({
    message: "No key specified.",
    hint: "Name the file that contains it with --key-file FILE.",
  }),
  "invalid-ttl": () => ({
    message: "The value of --ttl is not a number of seconds.",
    hint: "Give a whole number, for example --ttl 60.",
  }),

  "invalid-proxy": ({ source, why }) => ({
    message: `Cannot use the proxy in ${source}: ${PROXY_PROBLEMS[why]}.`,
    hint: "Write it as socks5://HOST:PORT or http://HOST:PORT; for Tor: socks5://127.0.0.1:9050.",
  }),
  "proxy-has-secret": () => ({
    message: "The proxy's address contains a password, which is never saved in the configuration.",
    hint: "Pass it in WHISPER_PROXY when you start Whisper.",
  }),

  // What a chat needs, without a person to ask.
  "missing-name": ({ source }) => ({
    message: "No name specified.",
    hint: `Pass your name with ${source}.`,
  }),
  "input-unreadable": ({ problem }) => ({
    message: `Cannot read the standard input: ${FILE_PROBLEMS[problem]}.`,
    hint: "Run the command in a terminal, or connect a pipe or a file.",
  }),
  "missing-relay": () => ({
    message: "No relay specified.",
    hint: "Pass --uri URI (or WHISPER_URI), or --local (or WHISPER_LOCAL=1).",
  }),
  "missing-code": ({ command }) => ({
    message: "No invite code specified.",
    hint: `Pass it after the command: ${commandLine(`${command} CODE`)}.`,
  }),
  "missing-mode": () => ({
    message: "Not clear whether to open a room or to join one.",
    hint: `Use: ${commandLine("new")}, or ${commandLine("join CODE")}.`,
  }),
  "missing-password": ({ source }) => ({
    message: "No database password specified.",
    hint: asSecretFile(source),
  }),
  "missing-passphrase": ({ source }) => ({
    message: "No passphrase specified for the room.",
    hint: asSecretFile(source),
  }),
  "missing-user": () => ({
    message: "The connection string has no user name.",
    hint: "Write it before the host: mongodb+srv://NAME@host/.",
  }),

  // Values.
  "empty-answer": () => ({
    message: "The answer is empty.",
    hint: "Type it, or press Ctrl+C to stop.",
  }),
  "invalid-name": ({ source, why }) => {
    const [problem, hint] = NAME_PROBLEMS[why];
    return { message: `${source.charAt(0).toUpperCase()}${source.slice(1)} ${problem}.`, hint };
  },
  "notify-needs-terminal": () => ({
    message: "--notify asks you a question, and there is no terminal to ask in.",
    hint: "Run it in a terminal, without --json.",
  }),
  "invalid-theme": ({ source }) => ({
    message: `The theme in ${source} is unknown.`,
    hint: "Give auto, dark, light or mono.",
  }),
  "invalid-linger": ({ source, why }) => ({
    message: why === "range"
      ? `The time in ${source} is out of range.`
      : `The time in ${source} is not a duration.`,
    hint: "Give 1m to 24h, for example 90s, 10m or 2h.",
  }),

  // Configuration.
  "no-config-folder": () => ({
    message: "Cannot find a configuration folder.",
    hint: "Set HOME (APPDATA on Windows), or use flags and environment variables instead.",
  }),
  "config-writable-by-others": ({ path }) => ({
    message: `Cannot use ${path}: others may change it.`,
    hint: `Take that right from them: chmod 600 ${path}.`,
  }),
  "config-unreadable": ({ path, problem }) => ({
    message: `Cannot read ${path}: ${FILE_PROBLEMS[problem]}.`,
    hint: "Make it readable for yourself alone, or delete it.",
  }),
  "config-unwritable": ({ path, problem }) => ({
    message: `Cannot write ${path}: ${FILE_PROBLEMS[problem]}.`,
    hint: problem === "no-space"
      ? "Make room on the disk, or use flags and environment variables instead."
      : "Make the folder writable, or use flags and environment variables instead.",
  }),
  "config-invalid": ({ path, problem }) => ({
    message: `Cannot use ${path}: ${CONFIG_PROBLEMS[problem]}.`,
    hint: `Fix it, or delete it and save settings with: ${commandLine("config set NAME VALUE")}.`,
  }),
  "config-unknown-setting": ({ path, name, suggestion }) => ({
    message: `Cannot use ${path}: ${
      name === undefined ? "it contains an unknown setting" : `"${name}" is not a setting`
    }.`,
    hint: suggestion === undefined ? "Remove it from the file." : `Did you mean "${suggestion}"?`,
  }),
  "config-wrong-type": ({ path, name, isText }) => ({
    message: `Cannot use ${path}: "${name}" must be ${
      isText ? "text in quotes" : "true or false"
    }.`,
    hint: "Fix it, or remove it from the file.",
  }),
  "missing-setting-name": ({ action, settings }) => ({
    message: `Missing setting name for "config ${action}".`,
    hint: `The settings are: ${settings.join(", ")}.`,
  }),
  "unknown-setting": ({ suggestion, settings }) => ({
    message: "Unknown setting.",
    hint: suggestion === undefined
      ? `The settings are: ${settings.join(", ")}.`
      : `Did you mean "${suggestion}"?`,
  }),
  "missing-setting-value": ({ setting }) => ({
    message: `Missing value for ${setting}.`,
    hint: `Use: ${commandLine(`config set ${setting} VALUE`)}.`,
  }),
  "password-as-setting": () => ({
    message: "A password is never saved in the configuration.",
    hint: "Whisper asks for it. To read it from a file instead: " +
      `${commandLine("config set password-file FILE")}.`,
  }),
  "setting-empty": ({ setting }) => ({
    message: `The value of ${setting} is empty.`,
    hint: "Give a value.",
  }),
  "setting-not-absolute": ({ setting }) => ({
    message: `The value of ${setting} is not an absolute path.`,
    hint: "Give the whole path: Whisper is started in other folders too.",
  }),
  "setting-not-uri": () => ({
    message: "The value of uri is neither a connection string nor a relay link.",
    hint: "It begins with mongodb+srv://, mongodb:// or whisper:; in Atlas: Connect > Drivers.",
  }),
  "setting-has-secret": () => ({
    message: "The connection string contains a password or another secret, which is never saved.",
    hint: "Take it out, or put <db_password> in its place; Whisper asks for it.",
  }),

  // Files.
  "secret-file": ({ path, problem }) => ({
    message: `Cannot read "${path}": ${FILE_PROBLEMS[problem]}.`,
    hint: "Put the secret on the first line of a file that only you can read, and name that file.",
  }),
  "certificate-file": ({ path, problem }) => ({
    message: `Cannot read "${path}": ${FILE_PROBLEMS[problem]}.`,
    hint: problem === "not-permitted"
      ? "Start Whisper again and pass the connection string with --uri or WHISPER_URI."
      : "Check its name, and that it is a file you can read.",
  }),

  // Fernet.
  "fernet-key-file": ({ problem }) => ({
    message: `Cannot read the key file: ${FILE_PROBLEMS[problem]}.`,
    hint: `Make one with: ${commandLine("fernet keygen > FILE")}.`,
  }),
  "fernet-key": () => ({
    message: "Cannot use the key file: a Fernet key is 44 characters of base64url.",
    hint: `Make one with: ${commandLine("fernet keygen > FILE")}.`,
  }),
  "fernet-no-token": () => ({
    message: "There is no token to open: the input is empty.",
    hint: `Pass one, for example: ${commandLine("fernet decrypt --key-file FILE < TOKEN")}.`,
  }),
  "fernet-token": () => ({
    message: "Cannot open the token: it is damaged, too old, or was made with another key.",
    hint: "Check that the whole token arrived, and that the key file is the right one.",
  }),
} satisfies Partial<FailureTexts>;
