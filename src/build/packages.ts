/**
 * What package managers go by: where the programs of a release are, and their sums.
 *
 * @module
 */
import { fileName, type Target } from "./targets.ts";

/** SHA-256 by the name of the file. */
export type Sums = Readonly<Record<string, string>>;

/** A release. */
export interface Release {
  readonly version: string;
  /** The address of the repository: https://HOST/OWNER/NAME. */
  readonly home: string;
  readonly sums: Sums;
}

const SUMMARY = "Two people talk in their terminals, end to end encrypted";
const LICENSE = "MIT";

/** Where a file of a release is. */
export function addressOf({ home, version }: Pick<Release, "home" | "version">, name: string) {
  return `${home}/releases/download/v${version}/${name}`;
}

/** A formula for a tap of Homebrew's. */
export function homebrewFormula(release: Release): string {
  const program = (target: Target) =>
    `url "${addressOf(release, fileName(target))}"
      sha256 "${sumOf(release, fileName(target))}"`;
  const manual = "whisper.1";
  return `class Whisper < Formula
  desc "${SUMMARY}"
  homepage "${release.home}"
  version "${release.version}"
  license "${LICENSE}"

  on_macos do
    on_arm do
      ${program("aarch64-apple-darwin")}
    end
    on_intel do
      ${program("x86_64-apple-darwin")}
    end
  end

  on_linux do
    on_arm do
      ${program("aarch64-unknown-linux-gnu")}
    end
    on_intel do
      ${program("x86_64-unknown-linux-gnu")}
    end
  end

  resource "manual" do
    url "${addressOf(release, manual)}"
    sha256 "${sumOf(release, manual)}"
  end

  def install
    bin.install Dir["whisper-*"].first => "whisper"
    chmod 0755, bin/"whisper"
    generate_completions_from_executable(bin/"whisper", "completions", shells: [:bash, :zsh, :fish])
    resource("manual").stage { man1.install "${manual}" }
  end

  test do
    assert_match "whisper #{version}", shell_output("#{bin}/whisper --version")
  end
end
`;
}

/** A manifest for a bucket of Scoop's. */
export function scoopManifest(release: Release): string {
  const name = fileName("x86_64-pc-windows-msvc");
  const manifest = {
    version: release.version,
    description: `${SUMMARY}.`,
    homepage: release.home,
    license: LICENSE,
    architecture: {
      "64bit": {
        // Scoop saves what is behind "#/" under that name.
        url: `${addressOf(release, name)}#/whisper.exe`,
        hash: sumOf(release, name),
      },
    },
    bin: "whisper.exe",
    checkver: { github: release.home },
    autoupdate: {
      architecture: {
        "64bit": { url: `${addressOf({ ...release, version: "$version" }, name)}#/whisper.exe` },
      },
      hash: { url: "$baseurl/SHA256SUMS" },
    },
  };
  return `${JSON.stringify(manifest, null, 4)}\n`;
}

/** A PKGBUILD for the Arch User Repository, for a package of ready programs. */
export function aurPackage(release: Release): string {
  const source = (target: Target) => {
    const name = fileName(target);
    return `("whisper-$pkgver-${target.split("-")[0]}::${
      addressOf({ ...release, version: "$pkgver" }, name)
    }")`;
  };
  return `pkgname=whisper-chat-bin
pkgver=${release.version}
pkgrel=1
pkgdesc="${SUMMARY}"
arch=(x86_64 aarch64)
url="${release.home}"
license=(${LICENSE})
depends=(gcc-libs glibc)
provides=(whisper-chat)
conflicts=(whisper-chat)
# The program carries its own end; strip would take that off.
options=(!strip !debug)
source=("whisper-$pkgver.1::${addressOf({ ...release, version: "$pkgver" }, "whisper.1")}")
source_x86_64=${source("x86_64-unknown-linux-gnu")}
source_aarch64=${source("aarch64-unknown-linux-gnu")}
sha256sums=(${sumOf(release, "whisper.1")})
sha256sums_x86_64=(${sumOf(release, fileName("x86_64-unknown-linux-gnu"))})
sha256sums_aarch64=(${sumOf(release, fileName("aarch64-unknown-linux-gnu"))})

package() {
  install -Dm755 "whisper-$pkgver-$CARCH" "$pkgdir/usr/bin/whisper"
  install -Dm644 "whisper-$pkgver.1" "$pkgdir/usr/share/man/man1/whisper.1"
  local whisper="$pkgdir/usr/bin/whisper"
  install -d "$pkgdir/usr/share/bash-completion/completions" \\
    "$pkgdir/usr/share/zsh/site-functions" "$pkgdir/usr/share/fish/vendor_completions.d"
  "$whisper" completions bash > "$pkgdir/usr/share/bash-completion/completions/whisper"
  "$whisper" completions zsh > "$pkgdir/usr/share/zsh/site-functions/_whisper"
  "$whisper" completions fish > "$pkgdir/usr/share/fish/vendor_completions.d/whisper.fish"
}
`;
}

function sumOf({ sums }: Release, name: string): string {
  const sum = sums[name];
  if (sum === undefined) throw new Error(`The release has no sum for ${name}`);
  return sum;
}
