/**
 * The MongoDB driver in the bundled program, made to load in a third of its time: what it loads at its
 * start and Whisper hardly ever needs is out of the way, and the rest is compiled once.
 *
 * @module
 */
import { withEagerModules } from "./eager_modules.ts";

/** A change of a bundle that has to fit in exactly one of its files, and there in one place. */
export interface Edit {
  /** What it looks for. */
  readonly what: string;
  /** The file as it shall be; undefined where it does not fit. */
  readonly apply: (text: string) => string | undefined;
}

/** The text with `by` in the only place that there is of `what`; undefined where there is none, or more. */
export function replacingOne(text: string, what: string | RegExp, by: string): string | undefined {
  const parts = text.split(what);
  return parts.length === 2 ? parts.join(by) : undefined;
}

/**
 * With this the driver takes connection strings apart. Deno's own `URL` follows the same standard
 * (https://url.spec.whatwg.org); this one brings tables of all letters along.
 */
export const OTHER_URL = "whatwg-url";

/** The edits. The bundler must leave {@link OTHER_URL} out. */
export const LEAN_DRIVER: readonly Edit[] = [
  { what: `the require of ${OTHER_URL}`, apply: withGlobalUrl },
  { what: "the use of saslprep", apply: withLateSaslprep },
  { what: "the modules of the driver", apply: withEagerModules },
];

/** The package exports `URL` and `URLSearchParams`, and so does what is global. */
function withGlobalUrl(text: string): string | undefined {
  return replacingOne(text, new RegExp(`[\\w$]+\\("${OTHER_URL}"\\)`), "globalThis");
}

/**
 * SASLprep (RFC 4013) leaves printable ASCII as it is, which most passwords are; its tables are unpacked
 * for the others only.
 */
function withLateSaslprep(text: string): string | undefined {
  const [use, name] = /\(0,([\w$]+)\.saslprep\)/.exec(text) ?? [];
  if (use === undefined) return undefined;
  const loading = new RegExp(`(?<![\\w$.])${name!.replaceAll("$", "\\$")}=([\\w$]+)\\(\\)`, "g");
  // Names come again in other functions: it is the last one before its use.
  const last = [...text.slice(0, text.indexOf(use)).matchAll(loading)].at(-1);
  if (!last) return undefined;
  const prepare = `p=>/^[ -~]*$/.test(p)?p:${last[1]}().saslprep(p)`;
  const end = last.index + last[0].length;
  return `${text.slice(0, last.index)}${name}={saslprep:${prepare}}${text.slice(end)}`;
}
