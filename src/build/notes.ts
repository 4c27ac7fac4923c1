/**
 * The notes of a release: the section of CHANGELOG.md for its version.
 *
 * @module
 */

/**
 * The section of a changelog (https://keepachangelog.com) for a version.
 *
 * @param tag the version, with or without a "v" before it.
 * @throws {Error} when the section is missing or empty.
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
