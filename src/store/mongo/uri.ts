export function redact(text: string): string {
  return text.replace(/(mongodb(?:\+srv)?:\/\/)\S*@/gi, "$1...@");
}
export function databaseOf(uri: string): string {
  return /^[^?]*:\/\/[^/?]*\/([^?]+)/.exec(uri)?.[1] ?? "whisper";
}
