/**
 * The least that an ink program can be: a line that is typed, on a screen of its own.
 *
 * @module
 */
import { Box, render, Text, useInput } from "ink";
import process from "node:process";
import { useState } from "react";

function Line() {
  const [text, setText] = useState("");
  useInput((input) => setText((text) => text + input));
  return (
    <Box flexDirection="column">
      <Text>ready</Text>
      <Text>{text}</Text>
    </Box>
  );
}

/** Where it runs; by default the terminal that it was started in. */
export interface Streams {
  readonly stdin: NodeJS.ReadableStream;
  readonly stdout: NodeJS.WritableStream;
}

/** Starts it, and returns what ends it. */
export function start(streams?: Streams): () => void {
  const { unmount, cleanup } = render(<Line />, {
    ...streams,
    interactive: true,
    exitOnCtrlC: false,
    patchConsole: false,
    maxFps: 1_000,
    incrementalRendering: true,
  });
  return () => {
    unmount();
    cleanup();
  };
}

if (import.meta.main) {
  const end = start();
  // Ctrl+C.
  process.stdin.on("data", (data) => String(data).includes("\x03") && end());
}
