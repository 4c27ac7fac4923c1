/**
 * What a person reads about relay links that cannot be used.
 *
 * @module
 */
import type { FailureTexts } from "./failure_text.ts";
import { commandLine } from "./invocation.ts";

/** Failures of relay links. */
export const RELAY_LINK_FAILURES = {
  "relay-link-damaged": () => ({
    message: "This relay link is damaged: part of it is missing or was changed.",
    hint: "Copy the whole line again, from whisper: to its end.",
  }),
  "relay-link-version": () => ({
    message: "This relay link was made by a newer version of Whisper.",
    hint: "Update Whisper, or ask for the connection string instead.",
  }),
  "relay-link-local": () => ({
    message: "There is no link to the relay on this computer: no one else can reach it.",
    hint: `Name another relay: ${commandLine("relay link --uri URI")}.`,
  }),
  "relay-link-file": ({ option }) => ({
    message: `A relay link can't carry the file given for ${option}.`,
    hint: "Send the connection string and that file instead.",
  }),
  "relay-link-expected": () => ({
    message: "This is not a relay link.",
    hint: `A relay link begins with whisper:. To make one: ${commandLine("relay link")}.`,
  }),
  "relay-link-exposed": ({ path }) => ({
    message: `Can't use ${path}: other users can read or change it, and it holds a password.`,
    hint: `Take that right from them: chmod 600 ${path}.`,
  }),
  "relay-link-not-saved": () => ({
    message: "The relay link was not saved.",
    hint: "To use it for one chat, paste it when Whisper asks for the relay.",
  }),
} satisfies Partial<FailureTexts>;
