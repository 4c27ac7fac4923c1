/**
 * `whisper completions bash|zsh|fish|powershell`, from the table of commands. Each script is
 * complete in itself: it never starts Whisper to ask.
 *
 * @module
 */
import {
  ALL_COMMANDS,
  ALL_FLAGS,
  COMMANDS,
  type CommandSpec,
  DEFAULT_COMMAND,
  type Flag,
  type FlagName,
  SETTINGS,
  type SHELLS,
  written,
} from "./commands.ts";

/** The script for one shell. */
export function completionScript(shell: (typeof SHELLS)[number]): string {
  return { bash, zsh, fish, powershell }[shell]();
}

/** Commands with the flags of all their words; the empty name is `whisper` alone. */
function commands(): [name: string, spec: CommandSpec, flags: FlagName[]][] {
  return [["", DEFAULT_COMMAND] as const, ...ALL_COMMANDS].map(([name, spec]) => [
    name,
    spec,
    [
      ...new Set([
        ...Object.values(spec.actions ?? {}).flatMap(({ flags }) => flags),
        ...spec.flags,
      ]),
    ],
  ]);
}

/** What may follow a command's name. */
function words({ actions, choices }: CommandSpec): readonly string[] {
  return actions ? Object.keys(actions) : choices ?? [];
}

function valueFlags(isFile: boolean): string[] {
  return [...ALL_FLAGS].flatMap(([name, { value }]) =>
    value !== undefined && (value === "FILE") === isFile ? [`--${name}`] : []
  );
}

/** Flags whose next word is their value, as an alternative of a shell pattern. */
const VALUE_FLAGS = [...valueFlags(true), ...valueFlags(false)].join("|");
const NAMES = [...ALL_COMMANDS.keys()].join(" ");
const SETTING_NAMES = SETTINGS.join(" ");

function bash(): string {
  const cases = commands().map(([name, spec, flags]) =>
    `    ${name || '""'}) flags="${flags.map(written).join(" ")}"; words="${
      words(spec).join(" ")
    }" ;;`
  );
  return `# Whisper in bash. In ~/.bashrc: source <(whisper completions bash)
_whisper() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]}
  local command="" flags words i count=0
  COMPREPLY=()
  case $previous in
    ${valueFlags(true).join("|")}) COMPREPLY=($(compgen -f -- "$current")); return ;;
    ${valueFlags(false).join("|")}) return ;;
  esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      ${VALUE_FLAGS}) ((i++)) ;;
      -*) ;;
      *) ((count++)); [[ -n $command ]] || command=\${COMP_WORDS[i]} ;;
    esac
  done
  case $command in
${cases.join("\n")}
    *) return ;;
  esac
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$current"))
  elif [[ $count == 0 ]]; then
    COMPREPLY=($(compgen -W "${NAMES}" -- "$current"))
  elif [[ $count == 1 ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  elif [[ $command == config && $count == 2 && $previous == *set ]]; then
    COMPREPLY=($(compgen -W "${SETTING_NAMES}" -- "$current"))
  fi
}
complete -F _whisper whisper
`;
}

function zsh(): string {
  const described = [...ALL_COMMANDS].map(([name, { help }]) => `    ${quoted(`${name}:${help}`)}`);
  const cases = commands().map(([name, spec, flags]) => {
    const lines = flags.map((flag) => `        ${zshFlag(flag, ALL_FLAGS.get(flag)!)}`);
    return `    ${name || "''"})
      flags=(
${lines.join("\n")}
      )
      words_of=(${words(spec).join(" ")}) ;;`;
  });
  return `#compdef whisper
# Whisper in zsh. In ~/.zshrc, after compinit: source <(whisper completions zsh)
_whisper() {
  local -a commands flags words_of settings
  local command=\${words[2]}
  commands=(
${described.join("\n")}
  )
  settings=(${SETTING_NAMES})
  (( CURRENT > 2 )) && [[ $command != -* ]] || command=''
  case $command in
${cases.join("\n")}
    *) return 1 ;;
  esac
  if [[ -z $command ]]; then
    if [[ $PREFIX == -* || \${words[CURRENT-1]} == (${VALUE_FLAGS}) ]]; then
      _arguments "\${flags[@]}"
    else
      _describe command commands
    fi
    return
  fi
  shift words
  (( CURRENT-- ))
  _arguments "\${flags[@]}" "1:word:(\${words_of[*]})" "2:setting:(\${settings[*]})"
}
if [[ $funcstack[1] == _whisper ]]; then _whisper "$@"; else compdef _whisper whisper; fi
`;
}

function zshFlag(name: FlagName, { value, help }: Flag): string {
  const kind = value === undefined ? "" : `:${value}:${value === "FILE" ? "_files" : " "}`;
  return quoted(`${written(name)}[${help.replaceAll(/[[\]:]/g, (found) => `\\${found}`)}]${kind}`);
}

function fish(): string {
  const lines = [
    "# Whisper in fish: whisper completions fish > ~/.config/fish/completions/whisper.fish",
    "",
    "# The words before the cursor that are neither flags nor their values.",
    "function __whisper_words",
    "  set -l is_value 0",
    "  for word in (commandline -opc)[2..]",
    "    if test $is_value = 1",
    "      set is_value 0",
    "      continue",
    "    end",
    "    switch $word",
    `      case ${VALUE_FLAGS.replaceAll("|", " ")}`,
    "        set is_value 1",
    "      case '-*'",
    "      case '*'",
    "        echo $word",
    "    end",
    "  end",
    "end",
    "# Whether so many words are there, the first of them one of the others given.",
    "function __whisper_at",
    "  set -l words (__whisper_words)",
    "  test (count $words) -eq $argv[1]; and __whisper_in $argv[2..]",
    "end",
    "# Whether the command is one of those given; '' is whisper alone.",
    "function __whisper_in",
    "  set -l words (__whisper_words)",
    "  test (count $words) -gt 0; or set words ''",
    "  contains -- $words[1] $argv",
    "end",
    "complete -c whisper -f",
  ];
  for (const [name, { help }] of ALL_COMMANDS) {
    lines.push(`complete -c whisper -n "__whisper_at 0 ''" -a ${name} -d ${quoted(help)}`);
  }
  for (const [name, { actions, choices }] of ALL_COMMANDS) {
    const all = Object.entries<{ help?: string }>(
      actions ?? Object.fromEntries((choices ?? []).map((choice) => [choice, {}])),
    );
    for (const [word, { help }] of all) {
      const tells = help ? ` -d ${quoted(help)}` : "";
      lines.push(`complete -c whisper -n "__whisper_at 1 ${name}" -a ${word}${tells}`);
    }
  }
  lines.push(
    `complete -c whisper -n "__whisper_at 2 config; and contains -- (__whisper_words)[2] set unset" -a ${
      quoted(SETTING_NAMES)
    }`,
  );
  for (const [name, flag] of ALL_FLAGS) {
    const owners = commands().filter(([, , flags]) => flags.includes(name));
    const named = owners.map(([owner]) => owner || "''").join(" ");
    const value = flag.value === undefined ? "" : flag.value === "FILE" ? " -r -F" : " -x";
    const short = flag.short ? ` -s ${flag.short}` : "";
    lines.push(
      `complete -c whisper -n "__whisper_in ${named}"${short} -l ${
        written(name).slice(2)
      }${value} -d ${quoted(flag.help)}`,
    );
  }
  return `${lines.join("\n")}\n`;
}

function powershell(): string {
  const cases = commands().map(([name, spec, flags]) =>
    `    '${name}' { $flags = ${list(flags.map(written))}; $words = ${list(words(spec))} }`
  );
  return `# Whisper in PowerShell. In $PROFILE: whisper completions powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName whisper -ScriptBlock {
  param($current, $ast, $position)
  $before = @($ast.CommandElements | Select-Object -Skip 1 | Where-Object { $_.Extent.EndOffset -lt $position } | ForEach-Object { "$_" })
  $plain = @($before | Where-Object { $_ -notlike '-*' })
  $command = if ($plain.Count -gt 0) { $plain[0] } else { '' }
  $flags = @(); $words = @()
  switch ($command) {
${cases.join("\n")}
  }
  $found = if ($current -like '-*') { $flags }
    elseif ($plain.Count -eq 0) { ${list(Object.keys(COMMANDS))} }
    elseif ($plain.Count -eq 1) { $words }
    elseif ($command -eq 'config' -and $plain.Count -eq 2) { ${list(SETTINGS)} }
    else { @() }
  $found | Where-Object { $_ -like "$current*" } | ForEach-Object {
    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
  }
}
`;
}

function list(items: readonly string[]): string {
  return `@(${items.map((item) => `'${item}'`).join(", ")})`;
}

/** Between single quotes, for zsh and fish alike: the help has neither backslashes nor quotes. */
function quoted(text: string): string {
  return `'${text}'`;
}
