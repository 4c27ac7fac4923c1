/**
 * Completions. `whisper completions SHELL` prints a short script, which calls the hidden
 * `whisper __complete WORDS` for the candidates; so every shell offers the same, from the one table.
 *
 * @module
 */
import { FLAG_HELP } from "../ui/messages/help.ts";
import {
  ALL_COMMANDS,
  ALL_FLAGS,
  type CommandSpec,
  DEFAULT_COMMAND,
  type FlagName,
  flagSyntax,
  HELP_TOPICS,
  SETTINGS,
  type SHELLS,
} from "./command_table.ts";

/** A word to offer, with what it means. */
export interface Candidate {
  readonly word: string;
  readonly help: string;
}

/** What may be typed: candidates, or the name of a file. */
export type Completion = readonly Candidate[] | "files";

/**
 * What fits at the end of a command line.
 *
 * @param words the words after the program's name; the last one is being completed, empty where a new
 * word begins.
 */
export function complete(words: readonly string[]): Completion {
  // Windows PowerShell drops an empty argument, so its script writes one as two quotes.
  const current = words.at(-1)?.replace(/^""$/, "") ?? "";
  const { typed, awaits } = read(words.slice(0, -1));
  if (awaits !== undefined) return awaits === "FILE" || awaits === "DIR" ? "files" : [];
  const [command, ...rest] = typed;
  const spec = command === undefined ? DEFAULT_COMMAND : ALL_COMMANDS.get(command);
  if (spec?.takesFiles && !current.startsWith("-")) return "files";
  const all = current.startsWith("-")
    ? spec ? flagsOf(spec) : []
    : command === undefined
    ? [...ALL_COMMANDS].map(([word, { help }]) => ({ word, help }))
    : wordsAfter(command, rest);
  return all.filter(({ word }) => word.startsWith(current));
}

/** Words that are neither flags nor values, and what the value of a last flag is called. */
function read(words: readonly string[]): { typed: string[]; awaits: string | undefined } {
  const typed: string[] = [];
  let awaits: string | undefined;
  for (const word of words) {
    if (awaits !== undefined) awaits = undefined;
    else if (word.startsWith("-")) awaits = ALL_FLAGS.get(word.slice(2) as FlagName)?.value;
    else typed.push(word);
  }
  return { typed, awaits };
}

/** What may follow a command and the words after it. */
function wordsAfter(command: string, rest: readonly string[]): Candidate[] {
  const [action] = rest;
  const { actions = {}, choices = [] } = ALL_COMMANDS.get(command) ?? {};
  if (action === undefined) {
    if (command === "help") return plain([...ALL_COMMANDS.keys(), ...HELP_TOPICS]);
    return [
      ...Object.entries(actions).map(([word, { help }]) => ({ word, help })),
      ...plain(choices),
    ];
  }
  const takesSetting = command === "config" && (action === "set" || action === "unset");
  if (!takesSetting || rest.length > 1) return [];
  return SETTINGS.map((word) => ({ word, help: FLAG_HELP[word] }));
}

function plain(words: readonly string[]): Candidate[] {
  return words.map((word) => ({ word, help: "" }));
}

function flagsOf({ flags, actions = {} }: CommandSpec): Candidate[] {
  const names = new Set([...Object.values(actions).flatMap(({ flags }) => flags), ...flags]);
  return [...names].map((name) => ({ word: flagSyntax(name), help: FLAG_HELP[name] }));
}

/** What `whisper __complete` prints: a candidate and its help on each line, or `:files`. */
export function completionText(words: readonly string[]): string {
  const completion = complete(words);
  if (completion === "files") return ":files\n";
  return completion.map(({ word, help }) => `${word}\t${help}\n`).join("");
}

/**
 * The script for one shell. It calls the program by the name that is being completed.
 *
 * @param name the name of the command; another program may be called `whisper`.
 */
export function completionScript(shell: (typeof SHELLS)[number], name: string): string {
  return SCRIPTS[shell].replaceAll("NAME", name);
}

const SCRIPTS: Record<(typeof SHELLS)[number], string> = {
  bash: `# Whisper in bash. In ~/.bashrc: source <(NAME completions bash)
_whisper() {
  local IFS=$'\\n' found
  found=$("\${COMP_WORDS[0]}" __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  if [[ $found == :files ]]; then
    # Readline quotes spaces; bash 3.2 has no compopt.
    compopt -o default 2>/dev/null || COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
  else COMPREPLY=($(cut -f 1 <<< "$found")); fi
}
complete -F _whisper NAME
`,
  zsh: `#compdef NAME
# Whisper in zsh. In ~/.zshrc, after compinit: source <(NAME completions zsh)
_whisper() {
  local -a found
  found=("\${(@f)$("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ $found[1] == :files ]]; then _files; return; fi
  compadd -- "\${(@)found%%$'\\t'*}"
}
if [[ $funcstack[1] == _whisper ]]; then _whisper "$@"; else compdef _whisper NAME; fi
`,
  fish: `# Whisper in fish: NAME completions fish > ~/.config/fish/completions/NAME.fish
function __whisper
  set -l current (commandline -ct)
  set -l words (commandline -opc) "$current"
  set -l found ($words[1] __complete $words[2..] 2>/dev/null)
  if test "$found" = :files
    __fish_complete_path (commandline -ct)
  else
    printf '%s\\n' $found
  end
end
complete -c NAME -f -a '(__whisper)'
`,
  powershell:
    `# Whisper in PowerShell. In $PROFILE: NAME completions powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName NAME -ScriptBlock {
  param($current, $ast, $position)
  $words = @($ast.CommandElements | Where-Object { $_.Extent.EndOffset -lt $position } | ForEach-Object { "$_" })
  $rest = @($words | Select-Object -Skip 1) + $(if ($current) { $current } else { '""' })
  & $words[0] __complete @rest 2>$null | Where-Object { $_ -ne ':files' } | ForEach-Object {
    $word, $help = $_ -split "\`t", 2
    if (-not $help) { $help = $word }
    [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $help)
  }
}
`,
};
