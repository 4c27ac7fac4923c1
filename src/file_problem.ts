/**
 * What the system says of a file: in one word what is wrong with it, and whether there was one to remove.
 *
 * @module
 */
import type { FileProblem } from "./failure_reasons.ts";

/** What an error of reading or writing a file says about it. */
export function fileProblem(error: unknown): FileProblem {
  if (error instanceof Deno.errors.NotFound) return "missing";
  if (error instanceof Deno.errors.NotCapable) {
    return isGuarded(error) ? "guarded" : "not-permitted";
  }
  if (error instanceof Deno.errors.PermissionDenied) return "denied";
  if (error instanceof Deno.errors.NotADirectory) return "not-a-folder";
  if (error instanceof Deno.errors.IsADirectory) return "not-a-file";
  if (error instanceof Deno.errors.AlreadyExists) return "exists";
  if (error instanceof TypeError) return "not-text";
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOSPC" || code === "EDQUOT") return "no-space";
  if (code === "EISDIR") return "not-a-file";
  if (code === "EROFS") return "denied";
  return "other";
}

/** Whether Deno guards a path itself: devices, and files of the kernel, need every permission. */
export function isGuarded(error: Error): boolean {
  return error instanceof Deno.errors.NotCapable && error.message.startsWith("Requires all access");
}

/** Removes a file, and tells whether there was one. */
export function removeIfThere(path: string): boolean {
  try {
    Deno.removeSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
