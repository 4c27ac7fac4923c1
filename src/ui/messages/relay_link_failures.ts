/**
 * What a person reads about relay links that cannot be used.
 *
 * @module
 */
import type { FailureTexts } from "./failure_text.ts";

/** Failures of relay links. */
export const RELAY_LINK_FAILURES = {
  "relay-link-damaged": () => ({
    message: "This relay link is damaged: part of it is missing or was changed.",
    hint: "Copy the whole line again, from `whisper:` to its end.",
  }),
  "relay-link-version": () => ({
    message: "This relay link was made by a newer version of Whisper.",
    hint: "Update Whisper, or ask for the connection string instead.",
  }),
} satisfies Partial<FailureTexts>;
