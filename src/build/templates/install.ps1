# Installs Whisper @VERSION@: one program in one folder, and nothing else.
#   .\install.ps1 [FOLDER]      default: %LOCALAPPDATA%\Programs\Whisper
# The program has to match the SHA-256 sums of the release. Where gh (signed in) or cosign is installed,
# it also has to have the release's attestation, which tells where it was built. To uninstall, delete that
# folder. WHISPER_DOWNLOAD: another address or folder with the files of the release.
# WHISPER_ATTESTATION=skip: install without checking the attestation.
param([string] $Folder = (Join-Path $env:LOCALAPPDATA 'Programs\Whisper'))
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

$version = '@VERSION@'
$arch = if ($env:PROCESSOR_ARCHITECTURE -eq 'ARM64') { 'aarch64' } else { 'x86_64' }
$name = "whisper-$arch-pc-windows-msvc.exe"
# OWNER/NAME.
$repository = '@HOME@' -replace '^https://[^/]*/', ''
$place = if ($env:WHISPER_DOWNLOAD) { $env:WHISPER_DOWNLOAD } else { "@HOME@/releases/download/v$version" }

function Get-ReleaseFile([string] $File, [string] $Target) {
  if ($place -match '^https?://') {
    # Older Windows offers old versions of TLS first, which hosts refuse.
    [Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]::Tls12
    Invoke-WebRequest -UseBasicParsing -Uri "$place/$File" -OutFile $Target
  } else {
    Copy-Item -LiteralPath (Join-Path $place $File) -Destination $Target
  }
}

# Whether the attestation was checked; throws if the check failed.
function Test-Attestation([string] $Program, [string] $Work) {
  $refusal = 'did not accept the attestation of the download. Nothing was installed. ' +
    'To install it unchecked, set WHISPER_ATTESTATION=skip.'
  if ($env:WHISPER_ATTESTATION -eq 'skip') { return $false }
  # A message on standard error is not an error of this script.
  $ErrorActionPreference = 'Continue'
  if (Get-Command gh -ErrorAction SilentlyContinue) {
    & gh auth status *> $null
    if ($LASTEXITCODE -eq 0) {
      & gh attestation verify $Program --repo $repository *> $null
      if ($LASTEXITCODE -ne 0) { throw "gh $refusal" }
      return $true
    }
  }
  if (Get-Command cosign -ErrorAction SilentlyContinue) {
    $bundle = Join-Path $Work 'bundle'
    try { Get-ReleaseFile 'whisper.sigstore.json' $bundle } catch { return $false }
    & cosign verify-blob-attestation --new-bundle-format --bundle $bundle --type slsaprovenance1 `
      --certificate-oidc-issuer https://token.actions.githubusercontent.com `
      --certificate-identity "@HOME@/.github/workflows/release.yml@refs/tags/v$version" `
      $Program *> $null
    if ($LASTEXITCODE -ne 0) { throw "cosign $refusal" }
    return $true
  }
  return $false
}

New-Item -ItemType Directory -Force -Path $Folder | Out-Null
# In the same folder, so that the last step is a rename: the program is replaced whole or not at all.
$work = Join-Path $Folder ('.whisper.' + [Guid]::NewGuid().ToString('N'))
New-Item -ItemType Directory -Path $work | Out-Null
try {
  Get-ReleaseFile 'SHA256SUMS' (Join-Path $work 'sums')
  $line = Get-Content -LiteralPath (Join-Path $work 'sums') |
    Where-Object { $_ -cmatch "^[0-9a-f]{64}  $([Regex]::Escape($name))$" } | Select-Object -First 1
  if (-not $line) { throw "The release has no checksum for $name. Nothing was installed." }
  $program = Join-Path $work 'whisper.exe'
  Get-ReleaseFile $name $program
  $found = (Get-FileHash -Algorithm SHA256 -LiteralPath $program).Hash
  if ($found -ne $line.Substring(0, 64)) {
    throw "The download doesn't match its checksum. Nothing was installed."
  }
  if (Test-Attestation $program $work) {
    $origin = "It was built by the release workflow of $repository."
  } else {
    $origin = "Its origin was not checked: that needs gh (signed in) or cosign. See @HOME@/blob/v$version/docs/VERIFY.md"
  }
  Move-Item -Force -LiteralPath $program -Destination (Join-Path $Folder 'whisper.exe')
} finally {
  Remove-Item -Recurse -Force -LiteralPath $work
}

Write-Output "Installed Whisper ${version}: $(Join-Path $Folder 'whisper.exe')"
Write-Output $origin
if (($env:PATH -split ';') -contains $Folder) {
  Write-Output 'Start it with: whisper'
} else {
  Write-Output "Start it with: & '$(Join-Path $Folder 'whisper.exe')' (this folder is not on your PATH)"
}
