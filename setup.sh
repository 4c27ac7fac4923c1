#!/bin/sh
# Starts a task of deno.json on a machine that may have nothing on it:
#   ./setup.sh chat [ARGUMENTS]   chats; everything behind "chat" goes to Whisper as it is
#   ./setup.sh test               all checks and tests
#   ./setup.sh                    lists the tasks
# Step 1 finds Deno, or puts it into .deno/ of this folder. Step 2 fetches what deno.lock names. Step 3
# starts the task. Without administrator rights; offline after the first time. What is said here goes
# to standard error: standard input and output belong to the task.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
home=$here/.deno
# The version that the tests run on; what is fetched, and what "test" insists on.
read -r pinned < "$here/.dvmrc"
# The oldest Deno that Whisper runs on, where there is one already.
oldest=2.4.2

say() { printf '%s\n' "$*" >&2; }

fail() {
  say "$@"
  exit 1
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

# From Deno's own host, checked against the sum that it publishes.
from_deno() {
  command -v curl >/dev/null && name=$(target) || return 1
  url=https://dl.deno.land/release/v$pinned/deno-$name.zip
  say "Fetching Deno $pinned from dl.deno.land ..."
  curl -fsSL --connect-timeout 5 -o "$work/deno.zip" "$url" 2>/dev/null || return 1
  curl -fsSL --connect-timeout 5 -o "$work/sum" "$url.sha256sum" 2>/dev/null || return 1
  grep -qi "$(sha256_of "$work/deno.zip")" "$work/sum" || fail "The Deno that came is not the one that was published. Nothing was kept."
  unpack "$work/deno.zip" "$work" 2>/dev/null || return 1
  chmod 755 "$work/deno"
}

# From npm, which checks sums of its own, with a cache that goes with the rest. The package brings the
# program itself in one of its parts, whether or not npm lets it run its install script.
from_npm() {
  command -v npm >/dev/null || return 1
  say "Fetching Deno $pinned through npm ..."
  npm install --prefix "$work/npm" --cache "$work/npm/cache" --no-save --no-audit --no-fund --loglevel=error "deno@$pinned" >"$work/npm.log" 2>&1 || {
    cat "$work/npm.log" >&2
    return 1
  }
  for found in "$work"/npm/node_modules/@deno/*/deno; do
    [ "$(version_of "$found")" = "$pinned" ] || continue
    mv "$found" "$work/deno"
    return 0
  done
  return 1
}

fetch_deno() {
  command -v curl >/dev/null || command -v npm >/dev/null || fail "Whisper runs on Deno $oldest or newer, and this computer has neither Deno, nor curl or npm to fetch it with.
Install one of the three (Deno: https://docs.deno.com/runtime), and start again."
  mkdir -p "$home/bin"
  work=$(mktemp -d "$home/fetch.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM HUP
  from_deno || from_npm || fail "Cannot fetch Deno $pinned: neither Deno's own host (with curl) nor npm could give it.
Check the connection, or install Deno as https://docs.deno.com/runtime says, and start again."
  [ "$(version_of "$work/deno")" = "$pinned" ] || fail "The Deno that was fetched does not run on this computer.
Install Deno as https://docs.deno.com/runtime says, and start again."
  # Two first starts at once each put a whole program in place.
  mv "$work/deno" "$home/bin/deno"
  rm -rf "$work"
  trap - EXIT INT TERM HUP
}

# 1. Deno.
if [ "${1:-}" = test ]; then oldest=$pinned newest=$pinned; else newest=; fi
deno=$(command -v deno || :)
found=$([ -z "$deno" ] || version_of "$deno")
if ! is_from "$found" "$oldest" || [ "${newest:-$found}" != "$found" ]; then
  deno=$home/bin/deno
  found=$(version_of "$deno" || :)
  [ "$found" = "$pinned" ] || fetch_deno
  PATH=$home/bin:$PATH
  export PATH
fi

# 2. The packages, once for each deno.lock.
state=$(cksum < "$here/deno.lock")
if [ "$(cat "$home/installed" 2>/dev/null)" != "$state" ]; then
  say "Fetching what Whisper is made of ..."
  (cd "$here" && "$deno" install --quiet --frozen >&2) ||
    fail "Cannot fetch the packages that deno.lock names. Check the connection, and start again."
  mkdir -p "$home"
  printf '%s\n' "$state" > "$home/installed"
fi

# 3. The task. "test" is everything that has to be right.
[ "${1:-}" != test ] || { shift; set -- ok "$@"; }
exec "$deno" task --quiet --config "$here/deno.json" "$@"
