/**
 * The files that package managers and people install from, made from `templates/`.
 *
 * @module
 */

/** SHA-256 in lowercase hexadecimal, by the name of the file. */
export type Sums = Readonly<Record<string, string>>;

/** A release. */
export interface Release {
  readonly version: string;
  /** The address of the repository: https://HOST/OWNER/NAME. */
  readonly home: string;
  /** When its commit was made. */
  readonly time: Date;
  readonly sums: Sums;
}

/** Each template, and the name of its file in a release. */
export const TEMPLATES = {
  "install.sh": "install.sh",
  "install.ps1": "install.ps1",
  "homebrew.rb": "whisper-chat.rb",
  "scoop.json": "whisper-chat.json",
  "winget/version.yaml": "Whisper.Whisper.yaml",
  "winget/installer.yaml": "Whisper.Whisper.installer.yaml",
  "winget/locale.yaml": "Whisper.Whisper.locale.en-US.yaml",
  "aur": "PKGBUILD",
  "nix": "flake.nix",
  "container": "Containerfile",
  "deb-control": undefined,
} as const satisfies Record<string, string | undefined>;

const FOLDER = new URL("./templates/", import.meta.url);

/**
 * Renders a template. `@VERSION@`, `@HOME@` (the repository), `@DOWNLOADS@` (the folder with the files of
 * the release), `@DATE@`, and `@SHA256:FILE@` stand for what the release has in their place.
 *
 * @throws {Error} when the release has no file of that name.
 */
export function render(template: keyof typeof TEMPLATES, release: Release): string {
  const { version, home, time, sums } = release;
  const values: Record<string, string> = {
    VERSION: version,
    HOME: home,
    DOWNLOADS: `${home}/releases/download/v${version}`,
    DATE: time.toISOString().slice(0, 10),
  };
  return Deno.readTextFileSync(new URL(template, FOLDER)).replaceAll(
    /@(?:SHA256:([\w.-]+)|([A-Z]+))@/g,
    (written, file?: string, name?: string) => {
      const value = file === undefined ? values[name!] : sums[file];
      if (value === undefined) throw new Error(`${template}: the release has no ${written}`);
      return value;
    },
  );
}

/** As `sha256sum` writes it and `sha256sum --check` reads it. */
export function sumsText(sums: Sums): string {
  return Object.entries(sums).map(([name, sum]) => `${sum}  ${name}\n`).join("");
}
