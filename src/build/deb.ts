/**
 * Debian packages of the Linux programs.
 *
 * @module
 */
import { gzipSync } from "node:zlib";
import { type Release, render } from "./packages.ts";
import { run } from "./process.ts";
import { fileName, type Target } from "./targets.ts";

/** Debian's name of each architecture. */
const ARCHITECTURES = {
  amd64: "x86_64-unknown-linux-gnu",
  arm64: "aarch64-unknown-linux-gnu",
} as const satisfies Record<string, Target>;

/** Files belong to root, no matter who packs them; xz would take minutes for a few megabytes less. */
const PACK = ["--root-owner-group", "-Zgzip", "--build"];

/**
 * Writes a package for each Linux program in `folder`, and returns their names. The same programs give
 * the same bytes.
 *
 * @throws {Deno.errors.NotFound} without dpkg-deb.
 */
export async function writeDebs(folder: string, release: Release): Promise<string[]> {
  const names: string[] = [];
  for (const [architecture, target] of Object.entries(ARCHITECTURES)) {
    if (release.sums[fileName(target)] === undefined) continue;
    const name = `whisper-chat_${release.version}_${architecture}.deb`;
    const root = await Deno.makeTempDir({ dir: folder, prefix: ".deb-" });
    try {
      await writeTree(root, { folder, release, architecture, target });
      const seconds = String(release.time.getTime() / 1000);
      const env = { SOURCE_DATE_EPOCH: seconds };
      await run("dpkg-deb", [...PACK, root, `${folder}/${name}`], { env });
    } finally {
      await Deno.remove(root, { recursive: true });
    }
    names.push(name);
  }
  return names;
}

/** The files as they are installed, and the control file. */
async function writeTree(
  root: string,
  { folder, release, architecture, target }: {
    folder: string;
    release: Release;
    architecture: string;
    target: Target;
  },
): Promise<void> {
  const doc = "usr/share/doc/whisper-chat";
  const man = "usr/share/man/man1";
  const overrides = "usr/share/lintian/overrides";
  await Deno.chmod(root, 0o755);
  for (const path of ["DEBIAN", "usr/bin", man, doc, overrides]) {
    const parts = path.split("/");
    for (let depth = 1; depth <= parts.length; depth++) {
      const folder = `${root}/${parts.slice(0, depth).join("/")}`;
      await Deno.mkdir(folder, { recursive: true });
      // A umask must not change the package.
      await Deno.chmod(folder, 0o755);
    }
  }
  await Deno.copyFile(`${folder}/${fileName(target)}`, `${root}/usr/bin/whisper`);
  await Deno.chmod(`${root}/usr/bin/whisper`, 0o755);
  await Deno.symlink("whisper", `${root}/usr/bin/whisper-chat`);
  const control = render("deb-control", release).replace("DEB_ARCHITECTURE", architecture);
  await Deno.symlink("whisper.1.gz", `${root}/${man}/whisper-chat.1.gz`);
  const files = {
    "DEBIAN/control": control,
    [`${man}/whisper.1.gz`]: compress(await Deno.readTextFile(`${folder}/whisper.1`)),
    [`${doc}/changelog.gz`]: compress(changelog(release)),
    [`${doc}/copyright`]: await Deno.readTextFile(new URL("../../LICENSE", import.meta.url)),
    // Deno's runtime brings it, inside the program.
    [`${overrides}/whisper-chat`]: "whisper-chat: embedded-library lcms2 [usr/bin/whisper]\n",
  };
  for (const [name, content] of Object.entries(files)) {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(`${root}/${name}`, bytes);
    await Deno.chmod(`${root}/${name}`, 0o644);
  }
}

/** Debian's changelog (Debian Policy, section 4.4): a line that leads to the notes of the release. */
function changelog({ version, home, time }: Release): string {
  const date = time.toUTCString().replace("GMT", "+0000");
  return [
    `whisper-chat (${version}) stable; urgency=medium`,
    "",
    `  * Release ${version}: ${home}/releases/tag/v${version}`,
    "",
    ` -- Whisper maintainers <maintainers@whisper.invalid>  ${date}`,
    "",
  ].join("\n");
}

/** Compressed as Debian asks for, without a time: the same text gives the same bytes. */
function compress(text: string): Uint8Array {
  return gzipSync(text, { level: 9 });
}
