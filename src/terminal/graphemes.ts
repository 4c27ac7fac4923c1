/**
 * The one divider of texts into graphemes, made when it is first needed: it takes longer than all else
 * until the first question stands.
 *
 * @module
 */
let divider: Intl.Segmenter | undefined;

/** Divides texts into graphemes. */
export function graphemes(): Intl.Segmenter {
  return divider ??= new Intl.Segmenter(undefined, { granularity: "grapheme" });
}
