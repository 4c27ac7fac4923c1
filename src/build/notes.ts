/**
 * What a release says about itself: its part of CHANGELOG.md.
 *
 * @module
 */

/**
 * The part of a changelog (keepachangelog.com) that is about a version.
 *
 * @param tag the version, with or without a "v" before it.
 * @throws {Error} when there is none, or nothing in it: a release says what has changed.
 */
export function notesFor(tag: string, changelog: string): string {
  const version = tag.replace(/^v/, "");
  const parts = changelog.split(/^## (?=\[)/m);
  const part = parts.find((text) => text.startsWith(`[${version}]`));
  if (part === undefined) throw new Error(`CHANGELOG.md has no part for ${version}`);
  const notes = part.slice(part.indexOf("\n")).trim();
  if (notes === "") throw new Error(`CHANGELOG.md says nothing about ${version}`);
  return `${notes}\n`;
}
