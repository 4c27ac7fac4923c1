/**
 * Phrases and spellings that Whisper no longer uses, and where they still are:
 * `deno run --allow-read tests/support/phrases.ts PATH...`
 *
 * @module
 */

/** What separates two words: spaces, or a line break with the prefix of a comment. */
const SPACE = String.raw`\s+(?:(?:\*|//|#|>)\s+)?`;

/** Phrases, as regular expressions in which a space also stands for a wrapped line. */
const RETIRED = [
  "the other one",
  "whoever",
  "nobody's",
  "somebody",
  "once more",
  "anew",
  "in vain",
  "it is not said",
  "kept",
  // For "is not a"; "is no longer" and "there is no" are plain English.
  "(?<!\\bthere )is no (?!longer\\b)",
];

/** British spellings of words that occur here, as stems. */
const BRITISH = [
  "colour",
  "behaviour",
  "favour",
  "honour",
  "neighbour",
  "centre",
  "grey",
  "defence",
  "licence",
  "learnt",
  "spelt",
  "burnt",
  "cancell(?:ed|ing)",
  "travell",
  "labell",
  "signall",
  "modell",
  "artefact",
  "whilst",
  "analys(?:e|ing)",
  "towards",
  "(?:normal|serial|initial|final|special|general|neutral|local|visual|canonical|organ|recogn|synchron|author|minim|optim|summar|capital|sanit|token|random|real|util|character|priorit|parametr|stabil|custom|zero)is(?:e|ing|ation)",
];

/** What may stay, and why. It is blanked out before the search. */
const EXCEPTIONS: [pattern: RegExp, reason: string][] = [
  [/["'`.]burnt\b|\bburnt["'`]|\bburnt\??:|\bburnt,? \}|code-burnt/g, "JSON and wire contracts"],
  [/\{ burnt\b/g, "a field of the room document, destructured"],
  [/\bburnt(?: INTEGER| = [01](?:,| AND)|, revision)/g, "a column of the local relay"],
  [/\bburnt +\S+ \(\d+ bytes?\)/g, "a stored field, as /relay shows it"],
];

const PHRASES = [...RETIRED, ...BRITISH].map((phrase) =>
  new RegExp(`\\b${phrase.replaceAll(" ", SPACE)}`, "gi")
);

/** Every retired phrase of a text, with its line. */
export function retiredPhrases(text: string): string[] {
  const read = EXCEPTIONS.reduce(
    (rest, [pattern]) => rest.replace(pattern, (match) => "_".repeat(match.length)),
    text,
  );
  return PHRASES.flatMap((phrase) =>
    [...read.matchAll(phrase)].map(({ 0: match, index }) =>
      `${read.slice(0, index).split("\n").length}: ${match.replaceAll(/\s+/g, " ")}`
    )
  );
}

if (import.meta.main) {
  for (const file of Deno.args) {
    for (const found of retiredPhrases(await Deno.readTextFile(file))) {
      console.log(`${file}:${found}`);
    }
  }
}
