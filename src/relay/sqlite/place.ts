/**
 * Where the local relay lies.
 *
 * @module
 */
/** Reads one variable of the environment. */
export type Env = (name: string) => string | undefined;

/**
 * The file that all local chats of one user share: in the runtime directory, which is a RAM disk on
 * Linux and emptied at logout, else in a directory of the user's own among the temporary files.
 */
export function defaultDatabasePath(env: Env): string {
  const runtime = env("XDG_RUNTIME_DIR");
  if (runtime) return `${trimmed(runtime)}/whisper/chat.db`;
  const temporary = env("TMPDIR") || env("TEMP") || env("TMP") || "/tmp";
  const user = env("USER") || env("LOGNAME") || env("USERNAME") || "user";
  return `${trimmed(temporary)}/whisper-${user.replaceAll(/[^\w.-]/g, "_")}/chat.db`;
}

/** The directory of a file's path, whichever way its slashes lean. */
export function directoryOf(path: string): string {
  const end = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"));
  return end < 0 ? "." : path.slice(0, end) || "/";
}

function trimmed(directory: string): string {
  return directory.replace(/[/\\]+$/, "");
}
