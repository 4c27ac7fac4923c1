#!/bin/sh
# Starts Whisper from this clone. Run it without arguments to see what it can do.
#
# It finds Deno, or downloads it into .deno/ of this folder. The packages go there too. Nothing else on
# the computer changes (except by "install"), administrator rights are not needed, and everything works
# offline after the first start. Messages of this script go to standard error; standard output belongs
# to the program that it starts.
set -eu

# This script may be reached through symbolic links.
script=$0
while [ -L "$script" ]; do
  link=$(readlink "$script")
  case $link in
    /*) script=$link ;;
    *) script=$(dirname -- "$script")/$link ;;
  esac
done
here=$(CDPATH='' cd -- "$(dirname -- "$script")" && pwd -P)
home=$here/.deno
# Deno's cache is in the clone too, so that neither another user nor an emptied cache needs the network.
DENO_DIR=$home/cache
# Deno asks its own host for newer versions otherwise.
DENO_NO_UPDATE_CHECK=1
export DENO_DIR DENO_NO_UPDATE_CHECK
# The version that is downloaded, and that "test", "compile" and "release" require.
read -r pinned < "$here/.dvmrc"
# The oldest Deno that can run Whisper.
oldest=2.6.10

say() { printf '%s\n' "$*" >&2; }

fail() {
  say "$@"
  exit 1
}

help() {
  cat <<END
Whisper: two people chat in private from their terminals.

  $0 chat              Start a chat. Whisper asks for what it needs.
  $0 chat join CODE    Join a chat with an invite code.
  $0 chat --help       Show all commands and options.
  $0 doctor            Find out why a connection fails.
  $0 install           Add a "whisper" command that works in any folder.
  $0 uninstall         Remove that command.
  $0 test              Run all checks and tests.
END
}

version_of() { "$1" --version 2>/dev/null | sed -n '1s/^deno \([0-9.]*\).*/\1/p'; }

# Whether version $1 is $2 or newer.
is_from() {
  [ -n "$1" ] && [ "$(printf '%s\n%s\n' "$2" "$1" | sort -t . -k 1,1n -k 2,2n -k 3,3n | head -n 1)" = "$2" ]
}

# The name of this system in Deno's releases.
target() {
  case $(uname -s)-$(uname -m) in
    Linux-x86_64) echo x86_64-unknown-linux-gnu ;;
    Linux-aarch64 | Linux-arm64) echo aarch64-unknown-linux-gnu ;;
    Darwin-x86_64) echo x86_64-apple-darwin ;;
    Darwin-arm64) echo aarch64-apple-darwin ;;
    *) return 1 ;;
  esac
}

sha256_of() {
  if command -v sha256sum >/dev/null; then sha256sum < "$1"; else shasum -a 256 < "$1"; fi | cut -d ' ' -f 1
}

unpack() {
  if command -v unzip >/dev/null; then unzip -q "$1" -d "$2"; else python3 -m zipfile -e "$1" "$2"; fi
}

# Downloads Deno from its own host into $work.
from_deno() {
  command -v curl >/dev/null || return 1
  say "Downloading Deno $pinned from dl.deno.land..."
  curl -fsSL --connect-timeout 5 -o "$work/deno.zip" "https://dl.deno.land/release/v$pinned/deno-$name.zip" 2>/dev/null || return 1
  unpack "$work/deno.zip" "$work" 2>/dev/null || return 1
  chmod 755 "$work/deno"
}

# Downloads Deno through npm into $work. The executable is in one of the package's optional parts.
from_npm() {
  command -v npm >/dev/null || return 1
  say "Downloading Deno $pinned through npm..."
  npm install --prefix "$work/npm" --cache "$work/npm/cache" --ignore-scripts --no-save --no-audit --no-fund \
    --no-update-notifier --loglevel=error "deno@$pinned" >"$work/npm.log" 2>&1 || {
    cat "$work/npm.log" >&2
    return 1
  }
  for found in "$work"/npm/node_modules/@deno/*/deno; do
    [ -f "$found" ] || continue
    mv "$found" "$work/deno"
    return 0
  done
  return 1
}

fetch_deno() {
  command -v curl >/dev/null || command -v npm >/dev/null || fail "Whisper needs Deno $oldest or newer, or curl or npm to download it.
Install one of them (Deno: https://docs.deno.com/runtime) and try again."
  name=$(target) || fail "Deno is not available for $(uname -s) on $(uname -m). On Windows, use setup.bat."
  wanted=$(sed -n "s/^\([0-9a-f]\{64\}\)  $name\$/\1/p" "$here/src/build/deno.sha256")
  mkdir -p "$home/bin"
  work=$(mktemp -d "$home/fetch.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM HUP
  from_deno || from_npm || fail "Can't download Deno $pinned, neither from dl.deno.land (with curl) nor through npm.
Check your connection, or install Deno (https://docs.deno.com/runtime), and try again."
  # The sum is of the executable, which is the same in Deno's archive and in npm's package.
  [ "$(sha256_of "$work/deno")" = "${wanted:-none}" ] ||
    fail "The downloaded Deno doesn't match its SHA-256 in src/build/deno.sha256. It was not installed."
  [ "$(version_of "$work/deno")" = "$pinned" ] || fail "The downloaded Deno doesn't run on this computer.
Install Deno (https://docs.deno.com/runtime) and try again."
  # A rename, so that two first starts at once both end with a whole executable.
  mv "$work/deno" "$home/bin/deno"
  rm -rf "$work"
  trap - EXIT INT TERM HUP
}

# Sets deno to one of version $1 or newer, or of the pinned version alone without $1.
find_deno() {
  deno=$home/bin/deno
  if [ "$(version_of "$deno" || :)" != "$pinned" ]; then
    deno=$(command -v deno || :)
    found=$([ -z "$deno" ] || version_of "$deno")
    [ "$found" != "$pinned" ] || return 0
    [ $# = 0 ] || ! is_from "$found" "$1" || return 0
    fetch_deno
    deno=$home/bin/deno
  fi
  PATH=$home/bin:$PATH
  export PATH
}

# Downloads the packages when deno.lock has changed or the cache is gone.
fetch_packages() {
  state=$(cksum < "$here/deno.lock")
  [ "$(cat "$home/installed" 2>/dev/null)" != "$state" ] || [ ! -d "$DENO_DIR/npm" ] || return 0
  say "Downloading packages..."
  (cd "$here" && "$deno" install --quiet --frozen >&2) ||
    fail "Can't download the packages in deno.lock. Check your connection and try again."
  mkdir -p "$home"
  printf '%s\n' "$state" > "$home/installed"
}

# Runs Whisper in place of this shell, so that signals and Ctrl+Z reach it directly and once.
run_whisper() {
  set -- "$here/main.ts" "$@"
  for file in flags flags.any; do
    while read -r flag; do set -- "$flag" "$@"; done < "$here/src/permissions/$file"
  done
  set -- "$deno" run "$@"
  # From 2.9.2 on Deno opens a debugger at SIGUSR1, whatever else listens to that signal.
  ! env --block-signal=USR1 true 2>/dev/null || set -- env --block-signal=USR1 "$@"
  exec "$@"
}

# The folders where a "whisper" command may be, the preferred one first.
command_folders() {
  [ -z "${HOME:-}" ] || printf '%s\n' "$HOME/.local/bin" "$HOME/bin"
  echo /usr/local/bin
}

is_on_path() { case :$PATH: in *:"$1":*) ;; *) return 1 ;; esac; }

# The first line but one of a command that was installed from this clone.
mark() { printf '# Starts Whisper in %s\n' "$here"; }

# Prints the path of each command that was installed from this clone.
installed_commands() {
  command_folders | while read -r folder; do
    for path in "$folder/whisper" "$folder/whisper-chat"; do
      if [ -f "$path" ] && [ "$(sed -n 2p "$path")" = "$(mark)" ]; then printf '%s\n' "$path"; fi
    done
  done
}

install_command() {
  [ -z "$(installed_commands)" ] || {
    say "Already installed: $(installed_commands)"
    return 0
  }
  folder=
  folder=$(command_folders | while read -r candidate; do
    if is_on_path "$candidate" && { [ -w "$candidate" ] || mkdir -p "$candidate" 2>/dev/null && [ -w "$candidate" ]; }; then
      printf '%s\n' "$candidate"
      break
    fi
  done)
  [ -n "$folder" ] || folder=${HOME:?}/.local/bin
  mkdir -p "$folder"
  # openai-whisper and others install a "whisper" too.
  name=whisper
  if command -v whisper >/dev/null || [ -e "$folder/whisper" ]; then name=whisper-chat; fi
  [ ! -e "$folder/$name" ] || fail "$folder/$name exists already and is not from this clone. Nothing was installed."
  quoted=$(printf '%s\n' "$here/setup.sh" | sed "s/'/'\\\\''/g")
  {
    printf '#!/bin/sh\n'
    mark
    printf 'export WHISPER_COMMAND=%s\n' "$name"
    printf "exec '%s' chat \"\$@\"\n" "$quoted"
  } > "$folder/.whisper.$$"
  chmod 755 "$folder/.whisper.$$"
  mv "$folder/.whisper.$$" "$folder/$name"
  say "Installed $folder/$name. To remove it: $0 uninstall"
  if is_on_path "$folder"; then
    say "Start Whisper in any folder with: $name"
  else
    say "That folder is not on your PATH. Add this line to your shell's profile and open a new terminal:
  export PATH=\"$folder:\$PATH\""
  fi
}

uninstall_command() {
  paths=$(installed_commands)
  [ -n "$paths" ] || {
    say "No command is installed from this clone."
    return 0
  }
  printf '%s\n' "$paths" | while read -r path; do rm -f -- "$path" && say "Removed $path."; done
}

# Asks once, at the first chat that a person starts without arguments.
offer_command() {
  [ -t 0 ] && [ -t 2 ] && [ -n "${HOME:-}" ] && [ -z "${WHISPER_COMMAND:-}" ] && [ ! -e "$home/offered" ] || return 0
  : 2>/dev/null > "$home/offered" || return 0
  [ -z "$(installed_commands)" ] || return 0
  printf 'Add a "whisper" command that works in any folder? [y/N] ' >&2
  read -r answer || answer=
  case $answer in [yY]*) install_command ;; *) say "You can add it later with: $0 install" ;; esac
}

case ${1:-} in
  '' | -h | --help)
    help
    exit 0
    ;;
  uninstall)
    uninstall_command
    exit 0
    ;;
  # Tests, and programs that have the same bytes wherever they are compiled.
  test | compile | release) find_deno ;;
  *) find_deno "$oldest" ;;
esac
mkdir -p "$home"
fetch_packages
case $1 in
  # chat:any is what earlier versions called it for a server of one's own.
  chat | chat:any)
    [ $# -gt 1 ] || offer_command
    export WHISPER_COMMAND="${WHISPER_COMMAND:-$0 chat}"
    shift
    run_whisper "$@"
    ;;
  install) install_command ;;
  test)
    shift
    exec "$deno" task --quiet --config "$here/deno.json" ok "$@"
    ;;
  *)
    # Tasks of deno.json, for developers; every other word is a command of Whisper.
    if sed -n 's/^    "\(.*\)": {$/\1/p' "$here/deno.json" | grep -qxF -- "$1"; then
      exec "$deno" task --quiet --config "$here/deno.json" "$@"
    fi
    export WHISPER_COMMAND="${WHISPER_COMMAND:-$0 chat}"
    run_whisper "$@"
    ;;
esac
