class WhisperChat < Formula
  desc "Two people chat in private from their terminals"
  homepage "@HOME@"
  version "@VERSION@"
  license "MIT"

  on_macos do
    on_arm do
      url "@DOWNLOADS@/whisper-aarch64-apple-darwin"
      sha256 "@SHA256:whisper-aarch64-apple-darwin@"
    end
    on_intel do
      url "@DOWNLOADS@/whisper-x86_64-apple-darwin"
      sha256 "@SHA256:whisper-x86_64-apple-darwin@"
    end
  end

  on_linux do
    on_arm do
      url "@DOWNLOADS@/whisper-aarch64-unknown-linux-gnu"
      sha256 "@SHA256:whisper-aarch64-unknown-linux-gnu@"
    end
    on_intel do
      url "@DOWNLOADS@/whisper-x86_64-unknown-linux-gnu"
      sha256 "@SHA256:whisper-x86_64-unknown-linux-gnu@"
    end
  end

  conflicts_with "openai-whisper", because: "both install a `whisper` executable"

  resource "manual" do
    url "@DOWNLOADS@/whisper.1"
    sha256 "@SHA256:whisper.1@"
  end

  def install
    bin.install Dir["whisper-*"].first => "whisper"
    chmod 0755, bin/"whisper"
    bin.install_symlink "whisper" => "whisper-chat"
    generate_completions_from_executable(bin/"whisper", "completions", shells: [:bash, :zsh, :fish])
    resource("manual").stage { man1.install "whisper.1" }
  end

  test do
    assert_match "whisper #{version}", shell_output("#{bin}/whisper --version")
  end
end
