/**
 * The documents of the repository, for the tests that read them.
 *
 * @module
 */

/** The root of the repository. */
export const ROOT = new URL("../../", import.meta.url);

/** The text of a file, by its path from the root. */
export function read(path: string): string {
  return Deno.readTextFileSync(new URL(path, ROOT));
}

/** Every Markdown file that people read, by its path from the root. */
export function documents(): string[] {
  return [
    "README.md",
    "CHANGELOG.md",
    ...["docs/", ".github/"].flatMap(filesBelow).filter((file) => file.endsWith(".md")),
  ];
}

/** Every file in a folder, by its path from the root. */
export function filesBelow(folder: string): string[] {
  return [...Deno.readDirSync(new URL(folder, ROOT))].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesBelow(`${folder}${name}/`) : [folder + name]
  );
}
