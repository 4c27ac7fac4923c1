/**
 * Names of files that came from the peer: the one function that every such name passes through before
 * it reaches a disk or a screen.
 *
 * @module
 */
import { bytesOf, MAX_FILE_NAME_BYTES } from "../limits.ts";

/** What a file without a usable name is called. */
const NO_NAME = "file";
/** Bytes left for the counter that {@link numbered} adds. */
const COUNTER_BYTES = 8;
/** A longer ending is not an extension that a program knows. */
const MAX_EXTENSION_BYTES = 24;

/**
 * Control characters, half surrogates, line breaks, and what is invisible or changes the direction of a
 * line. The joiners of Persian, of the scripts of India, and of emoji stay.
 */
const INVISIBLE =
  /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Co}\u115f\u1160\u2800\u3164\uffa0]/gu;
/** What Windows does not allow in a name, a colon that begins a stream there, and variables of shells. */
const SPECIAL = /[<>:"|?*$`]/g;
/** Devices of Windows, whatever their extension. */
const DEVICE = /^(?:con|prn|aux|nul|conin\$?|conout\$?|com[0-9¹²³]|lpt[0-9¹²³])(?:\s*\.|\s*$)/iu;

/**
 * A name that is safe on every system: the last part of a path, visible, not a device, not hidden, not
 * taken for an option by a command, and short enough.
 *
 * @example
 * ```ts
 * safeFileName("../../.bashrc"); // "_.bashrc"
 * ```
 */
export function safeFileName(name: string): string {
  const base = name.normalize("NFC").split(/[/\\]/).findLast((part) => part.trim() !== "") ?? "";
  const visible = base.replaceAll(INVISIBLE, "").replaceAll(SPECIAL, "_").replaceAll(/\s+/gu, " ");
  const trimmed = trimEnd(visible.trimStart());
  if (trimmed === "") return NO_NAME;
  // Hidden files are read by programs at their start; a hyphen begins an option.
  const plain = /^[.\-~]/.test(trimmed) || DEVICE.test(trimmed) ? `_${trimmed}` : trimmed;
  return shortened(plain);
}

/** The name with a number before its extension, for one that is taken. */
export function numbered(name: string, number: number): string {
  const { stem, extension } = parts(name);
  return `${stem} (${number})${extension}`;
}

/** Windows drops dots and blanks at the end, so that another name would be written. */
function trimEnd(name: string): string {
  return name.replace(/[.\s]+$/u, "");
}

function shortened(name: string): string {
  const most = MAX_FILE_NAME_BYTES - COUNTER_BYTES;
  if (bytesOf(name) <= most) return name;
  const { stem, extension } = parts(name);
  let short = "";
  let left = most - bytesOf(extension);
  for (const character of stem) {
    left -= bytesOf(character);
    if (left < 0) break;
    short += character;
  }
  return trimEnd(short) + extension;
}

function parts(name: string): { stem: string; extension: string } {
  const dot = name.lastIndexOf(".");
  const extension = dot > 0 ? name.slice(dot) : "";
  return bytesOf(extension) <= MAX_EXTENSION_BYTES
    ? { stem: name.slice(0, name.length - extension.length), extension }
    : { stem: name, extension: "" };
}
