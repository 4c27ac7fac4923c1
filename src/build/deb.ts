/**
 * Debian packages of the Linux programs.
 *
 * @module
 */
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
  for (const name of ["", "DEBIAN", "usr/bin", "usr/share/man/man1", doc]) {
    await Deno.mkdir(`${root}/${name}`, { recursive: true, mode: 0o755 });
  }
  // A umask must not change the package.
  for (const name of ["", "DEBIAN", "usr", "usr/bin", "usr/share", "usr/share/man"]) {
    await Deno.chmod(`${root}/${name}`, 0o755);
  }
  await Deno.copyFile(`${folder}/${fileName(target)}`, `${root}/usr/bin/whisper`);
  await Deno.chmod(`${root}/usr/bin/whisper`, 0o755);
  await Deno.symlink("whisper", `${root}/usr/bin/whisper-chat`);
  const control = render("deb-control", release).replace("DEB_ARCHITECTURE", architecture);
  const files = {
    "DEBIAN/control": control,
    "usr/share/man/man1/whisper.1": await Deno.readTextFile(`${folder}/whisper.1`),
    [`${doc}/copyright`]: await Deno.readTextFile(new URL("../../LICENSE", import.meta.url)),
  };
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(`${root}/${name}`, text);
    await Deno.chmod(`${root}/${name}`, 0o644);
  }
}
