/**
 * What the system said of a file, as the end of a sentence.
 *
 * @module
 */

/** By problem. */
export const FILE_PROBLEMS = {
  "missing": "there is no such file",
  "denied": "the system does not allow it",
  "not-a-file": "it is not a regular file",
  "no-size": "the system does not say how large it is",
  "not-text": "it is not text",
  "not-permitted": "Whisper may only read files named when it starts",
  "guarded": "Deno lets Whisper use nothing in /dev, /proc and /sys",
  "empty": "its first line is empty",
  "too-large": "it is too large",
  "exists": "something else is in its place",
  "not-a-folder": "part of its path is not a folder",
  "no-space": "the disk is full",
  "other": "the system reports an error",
} as const;
