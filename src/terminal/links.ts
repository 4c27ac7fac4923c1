/**
 * Links in text that people wrote: `http` and `https` alone, and only where the text is the target. A
 * terminal that knows links (OSC 8) opens what it shows, and nothing else.
 *
 * @module
 */
import { styled, type TerminalText, tty } from "./terminal_text.ts";

/** One link in a text. */
export interface Link {
  /** Where it stands in the text, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  /** What a terminal opens: the same, with everything beyond ASCII encoded. */
  readonly target: string;
  /** Ties the rows of one link together; the same for no other link on the screen. */
  readonly id: string;
}

/** A text with the names of hosts added, and its links. */
export interface LinkedText {
  readonly text: string;
  readonly links: readonly Link[];
}

/** Terminals take no longer one (VTE: 2083 bytes), and nobody reads one to its end. */
const MAX_TARGET_CHARS = 2_000;
/** No quotes or brackets, which stand around links in texts, and nothing that was made visible. */
const CANDIDATE = /\bhttps?:\/\/[^\s<>"'`{}|\\^‹›“”‘’«»\u2400-\u2421\ufffd]+/giu;
/** Ends the sentence, not the link. */
const TRAILING = /[.,;:!?…)\]*_~]$/u;
const ASCII = /^[\x21-\x7e]+$/;

/**
 * Finds the links of a text. Behind one whose host is not in ASCII, the host as the network knows it
 * is added: `https://аpple.com‹xn--pple-43d.com›`.
 *
 * @param text made safe before.
 * @param name of the entry, for the ids.
 */
export function linked(text: string, name: string): LinkedText {
  if (!/https?:\/\//i.test(text)) return { text, links: [] };
  const links: Link[] = [];
  let shown = "";
  let from = 0;
  for (const match of text.matchAll(CANDIDATE)) {
    const written = withoutTrailing(match[0]);
    const parsed = targetOf(written);
    if (parsed === undefined) continue;
    const end = match.index + written.length;
    shown += text.slice(from, end);
    links.push({
      start: shown.length - written.length,
      end: shown.length,
      target: parsed.target,
      id: `${name}-${links.length}`,
    });
    if (parsed.host !== undefined) shown += `‹${parsed.host}›`;
    from = end;
  }
  return { text: shown + text.slice(from), links };
}

/** A piece of a row, and the link that it is a part of. */
export interface LinkPart {
  readonly text: string;
  readonly link?: Link;
}

/**
 * One row of a linked text, in pieces.
 *
 * @param start where the row begins in the text.
 */
export function linkParts(
  row: string,
  start: number,
  links: readonly Link[],
): LinkPart[] {
  const parts: LinkPart[] = [];
  let at = 0;
  for (const link of links) {
    const [from, to] = [link.start - start, link.end - start].map((place) =>
      Math.min(row.length, Math.max(0, place))
    ) as [number, number];
    if (from >= to) continue;
    if (from > at) parts.push({ text: row.slice(at, from) });
    parts.push({ text: row.slice(from, to), link });
    at = to;
  }
  if (at < row.length || parts.length === 0) parts.push({ text: row.slice(at) });
  return parts;
}

/** Text in a style, which a terminal opens where it is a link. */
export function hyperlink(
  style: string,
  { text, link }: { readonly text: string; readonly link?: Link | undefined },
): TerminalText {
  if (link === undefined || text === "") return styled(style, text);
  const { id, target } = link;
  // Checked here, too: what is written between the literals is never text of others as it came.
  if (!/^[\w-]+$/.test(id) || !/^https?:/i.test(target) || !ASCII.test(target)) {
    return styled(style, text);
  }
  return tty`\x1b]8;id=${id};${target}\x07${styled(style, text)}\x1b]8;;\x07`;
}

/** A row with its links, all in one style. */
export function withLinks(style: string, parts: readonly LinkPart[]): TerminalText {
  return tty`${parts.map((part) => hyperlink(style, part))}`;
}

/** A bracket at the end belongs to the link where it was opened in it. */
function withoutTrailing(candidate: string): string {
  let link = candidate;
  while (TRAILING.test(link)) {
    const isOpened = link.endsWith(")") &&
      link.split("(").length === link.split(")").length;
    if (isOpened) break;
    link = link.slice(0, -1);
  }
  return link;
}

/** What is opened for a text, and the host where the text shows another; undefined: nothing is. */
function targetOf(written: string): { target: string; host: string | undefined } | undefined {
  if (!URL.canParse(written)) return undefined;
  const url = new URL(written);
  if (url.protocol !== "http:" && url.protocol !== "https:") return undefined;
  // What stands before an @ reads like a host and is none.
  if (url.username !== "" || url.password !== "" || /^[^/?#]*\/\/[^/?#]*@/.test(written)) {
    return undefined;
  }
  if (url.href.length > MAX_TARGET_CHARS || !ASCII.test(url.href)) return undefined;
  const [, host = ""] = /^https?:\/\/([^/?#:]*|\[[^\]]*\])(?=[/?#:]|$)/i.exec(written) ?? [];
  if (host === "" || host.startsWith("[")) return undefined;
  if (!ASCII.test(host)) return { target: url.href, host: url.hostname };
  // Numbers in disguise (0x7f.1) are another host than the text says.
  if (host.toLowerCase() !== url.hostname) return undefined;
  return { target: ASCII.test(written) ? written : url.href, host: undefined };
}
