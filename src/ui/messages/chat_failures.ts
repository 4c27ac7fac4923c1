/**
 * What a person reads about the failures of a chat and of its connection to the relay.
 *
 * @module
 */

/** To be spread into the table of all failures. */
export const CHAT_FAILURES = {
  "relay-timeout": ({ seconds }: { seconds: number }) => ({
    message: `The relay has not answered for ${seconds} seconds.`,
    hint: "Check the network; some block port 27017.",
  }),
  "relay-reconnected": () => ({
    message: "Nothing got through to the relay, so Whisper opened a new connection.",
    hint: "It tries again by itself.",
  }),
};
