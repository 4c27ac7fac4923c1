# Installs Whisper @VERSION@: one program into one folder, and nothing else.
#   .\install.ps1 [FOLDER]      default: %LOCALAPPDATA%\Programs\Whisper
# The program is checked against the SHA-256 sums of the release before it is put in place. To remove
# Whisper, remove that folder. WHISPER_DOWNLOAD: another place that has the files of the release, an
# address or a folder.
param([string] $Folder = (Join-Path $env:LOCALAPPDATA 'Programs\Whisper'))
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

$version = '@VERSION@'
$name = 'whisper-x86_64-pc-windows-msvc.exe'
$place = if ($env:WHISPER_DOWNLOAD) { $env:WHISPER_DOWNLOAD } else { "@HOME@/releases/download/v$version" }

function Get-ReleaseFile([string] $File, [string] $Target) {
  if ($place -match '^https?://') {
    # Older Windows offers old versions of TLS first, which no host takes any more.
    [Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]::Tls12
    Invoke-WebRequest -UseBasicParsing -Uri "$place/$File" -OutFile $Target
  } else {
    Copy-Item -LiteralPath (Join-Path $place $File) -Destination $Target
  }
}

New-Item -ItemType Directory -Force -Path $Folder | Out-Null
# Beside its place, so that it comes there whole or not at all.
$work = Join-Path $Folder ('.whisper.' + [Guid]::NewGuid().ToString('N'))
New-Item -ItemType Directory -Path $work | Out-Null
try {
  Get-ReleaseFile 'SHA256SUMS' (Join-Path $work 'sums')
  $line = Get-Content -LiteralPath (Join-Path $work 'sums') |
    Where-Object { $_ -cmatch "^[0-9a-f]{64}  $([Regex]::Escape($name))$" } | Select-Object -First 1
  if (-not $line) { throw "The release has no sum for $name. Nothing was installed." }
  $program = Join-Path $work 'whisper.exe'
  Get-ReleaseFile $name $program
  $found = (Get-FileHash -Algorithm SHA256 -LiteralPath $program).Hash
  if ($found -ne $line.Substring(0, 64)) {
    throw 'The program that came is not the one that was released. Nothing was installed.'
  }
  Move-Item -Force -LiteralPath $program -Destination (Join-Path $Folder 'whisper.exe')
} finally {
  Remove-Item -Recurse -Force -LiteralPath $work
}

Write-Output "Whisper $version is in $(Join-Path $Folder 'whisper.exe')."
if (($env:PATH -split ';') -contains $Folder) {
  Write-Output 'Start it with: whisper'
} else {
  Write-Output "Start it with: & '$(Join-Path $Folder 'whisper.exe')' (that folder is not on your PATH)"
}
