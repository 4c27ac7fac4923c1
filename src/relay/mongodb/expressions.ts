/**
 * Aggregation expressions that read a field of any type without failing, and give back a value of
 * the type and the size that was asked for.
 *
 * @module
 */
import type { Document } from "mongodb";

/** A value that the server must not take for a field path or an operator. */
export function literal(value: string | number): Document {
  return { $literal: value };
}

/** The name of a value's BSON type; `"missing"` where there is none. */
export function type(path: string): Document {
  return { $type: path };
}

/** A string of at most `most` bytes; null for anything else. */
export function boundedString(path: string, most: number): Document {
  return { $cond: [hasBytes(path, most), path, null] };
}

/** True for a string of at most `most` bytes. */
export function hasBytes(path: string, most: number): Document {
  // By $cond, which evaluates one branch only: $strLenBytes fails on anything but a string.
  return whenType(path, ["string"], { $lte: [{ $strLenBytes: path }, most] });
}

/** True for binary data of at most `most` bytes. */
export function isBinary(path: string, most: number): Document {
  return whenType(path, ["binData"], { $lte: [{ $binarySize: path }, most] });
}

/** True for a whole number from `least` to `most`, as the driver writes them. */
export function isInt(path: string, range: { least: number; most: number }): Document {
  const inRange = { $and: [{ $gte: [path, range.least] }, { $lte: [path, range.most] }] };
  return whenType(path, ["int", "long"], inRange);
}

/** A whole number from `least` to `most`; `otherwise` for anything else. */
export function int(
  path: string,
  { least = -Infinity, most = Infinity, otherwise }: {
    least?: number;
    most?: number;
    otherwise: number;
  },
): Document {
  return { $cond: [isInt(path, { least, most }), path, otherwise] };
}

/** True for a date that lies between two distances from the server's clock. */
export function isDateWithin(
  path: string,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Document {
  const range = { $and: [{ $gte: [path, inMs(fromMs)] }, { $lte: [path, inMs(toMs)] }] };
  return whenType(path, ["date"], range);
}

/** A time by the server's clock. */
export function inMs(ms: number): Document {
  return { $add: ["$$NOW", ms] };
}

function whenType(path: string, types: readonly string[], condition: Document): Document {
  return { $cond: [{ $in: [type(path), types] }, condition, false] };
}
