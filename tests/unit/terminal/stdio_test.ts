import { assert, assertEquals } from "@std/assert";

const TYPIST = new URL("./typist.ts", import.meta.url).href;
const RUN = [Deno.execPath(), "run", "-A", "--quiet", TYPIST];

/**
 * Runs a program on a terminal of its own: each step waits for what the program writes, then types, or
 * closes the terminal. Prints what the terminal got, and the exit status.
 */
const TERMINAL = `
import json, os, pty, select, sys
pid, fd = pty.fork()
if pid == 0: os.execvp(sys.argv[1], sys.argv[1:])
seen, at = b"", 0
def more():
    global seen
    if not select.select([fd], [], [], 60)[0]: sys.exit("nothing came")
    try: data = os.read(fd, 65536)
    except OSError: data = b""
    seen += data
    return data
for step in json.load(sys.stdin):
    mark = step["after"].encode()
    while mark not in seen[at:]:
        if not more(): sys.exit("ended before " + step["after"])
    at = seen.index(mark, at) + len(mark)
    if "type" in step: os.write(fd, step["type"].encode())
    else: os.close(fd)
if "close" not in step:
    while more(): pass
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
print(json.dumps({"text": seen.decode(), "status": status}))
`;

type Step =
  & { readonly after: string }
  & ({ readonly type: string } | { readonly close: true });

interface Outcome {
  readonly text: string;
  readonly status: number;
}

async function onTerminal(steps: readonly Step[], ...args: string[]): Promise<Outcome> {
  const child = new Deno.Command("python3", {
    args: ["-c", TERMINAL, ...RUN, ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const output = child.output();
  await new Blob([JSON.stringify(steps)]).stream().pipeTo(child.stdin);
  const { success, stdout } = await output;
  assert(success, "the terminal works");
  return JSON.parse(new TextDecoder().decode(stdout));
}

async function hasTerminals(): Promise<boolean> {
  try {
    const args = ["-c", "import pty, os; os.waitstatus_to_exitcode"];
    const command = new Deno.Command("python3", { args, stdout: "null", stderr: "null" });
    return (await command.output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

const ignore = !await hasTerminals();
const skip = ignore ? " (skipped: no python3 that opens terminals)" : "";

Deno.test({
  name: `standard input: a paste on a real terminal is one line, keys edit it${skip}`,
  ignore,
  async fn() {
    const { text, status } = await onTerminal([
      { after: "\x1b[?2004hline? ", type: "\x1b[200~one\rtwo\x1b[201~ 世x\x7f\r" },
      { after: `read "one\\ntwo 世"`, type: "done\r" },
    ]);
    assertEquals(status, 0);
    assert(text.includes("one⏎two 世x"), text);
    assert(text.trimEnd().endsWith('read "done"'), text);
  },
});

Deno.test({
  name: `standard input: a hidden line is not echoed by anyone${skip}`,
  ignore,
  async fn() {
    const { text, status } = await onTerminal([
      { after: "line? ", type: "hunter2\x7f3\r" },
      { after: `read "hunter3"`, type: "done\r" },
    ], "hidden");
    assertEquals(status, 0);
    assert(!text.replace('read "hunter3"', "").includes("hunter"), text);
  },
});

Deno.test({
  name: `standard input: a terminal that is closed is the end of input${skip}`,
  ignore,
  async fn() {
    const { status } = await onTerminal([
      { after: "line? ", type: "half" },
      { after: "half", close: true },
    ]);
    assertEquals(status, 7);
  },
});

Deno.test("standard input: lines from a pipe are read as they are, and nothing is asked", async () => {
  const [program = "", ...args] = RUN;
  const child = new Deno.Command(program, { args, stdin: "piped", stdout: "piped" }).spawn();
  const output = child.output();
  await new Blob(["one\r\nzwei 世\n\ndone\nlost"]).stream().pipeTo(child.stdin);
  const { code, stdout } = await output;
  assertEquals(code, 0);
  assertEquals(
    new TextDecoder().decode(stdout),
    'read "one"\nread "zwei 世"\nread ""\nread "done"\n',
  );
});

Deno.test("standard input: the end of a pipe is the end of input", async () => {
  const [program = "", ...args] = RUN;
  const child = new Deno.Command(program, { args, stdin: "piped", stdout: "piped" }).spawn();
  const output = child.output();
  await new Blob(["half"]).stream().pipeTo(child.stdin);
  const { code, stdout } = await output;
  assertEquals([code, new TextDecoder().decode(stdout)], [7, 'read "half"\n']);
});
