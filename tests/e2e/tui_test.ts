// deno-lint-ignore-file no-control-regex -- what terminals are sent
/**
 * The full-screen interface in a real terminal: two real programs meet over a store of their own, and
 * what is seen is compared with the screens in the folder beside. `UPDATE_SCREENS=1` writes them again.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { assertGoesOn } from "../support/suspending.ts";
import { removeLeftFolder, Terminal, tmuxAvailable } from "../support/tmux.ts";

const MAIN = import.meta.resolve("../../main.ts");
const SCREENS = new URL("./screens/", import.meta.url);
/** Where everything is checked there is one, or it is a failure. */
const isSkipped = !tmuxAvailable && Deno.env.get("CI") !== "true";
const SKIP = isSkipped ? " (skipped: tmux is missing)" : "";
/** Without a word about tmux itself, which every screen would begin with. */
const WHISPER = ["env", "-u", "TMUX", Deno.execPath(), "run", "--allow-all", "--no-check", MAIN];
/** Between two looks at what is written. */
const LOOK_MS = 40;
/** A test whose program does not write what is awaited fails after this. */
const SILENCE_MS = 30_000;
const CODE = /\d{4}-[a-z]+-[a-z]+-[a-z]+/;

/** The kitty keyboard protocol is left before the alternate screen, which has a stack of its own. */
const KEYBOARD_LEFT = "\x1b[<u\x1b[>4";

/** Answers to DECRQM, and to the question for the attributes. */
const FOUND_MODES = "\x1b[?2004;1$y\x1b[?1004;2$y\x1b[?7;2$y\x1b[?2031;1$y\x1b[?25;2$y" +
  "\x1b[?62;22c";

/** Where two meet, and how their programs are started. */
type Env = Record<string, string>;

function test(what: string, run: (env: Env) => Promise<void>): void {
  Deno.test({
    name: `full screen, in a terminal: ${what}${SKIP}`,
    ignore: isSkipped,
    async fn() {
      const folder = await Deno.makeTempDir();
      try {
        await run({
          XDG_RUNTIME_DIR: folder,
          XDG_CONFIG_HOME: folder,
          LC_ALL: "C.UTF-8",
          TERM: "xterm-256color",
        });
      } finally {
        await removeLeftFolder(folder);
      }
    },
  });
}

/** Alice, and Bob who was told her code. */
async function meet(env: Env, size: { columns: number; rows: number }) {
  const stack = new AsyncDisposableStack();
  const start = async (...args: string[]) =>
    stack.use(await Terminal.open([...WHISPER, ...args], { env, ...size }));
  const alice = await start("new", "--local", "--name", "Alice");
  const [code] = CODE.exec(await alice.see(CODE))!;
  const bob = await start("join", code, "--local", "--name", "Bob");
  await alice.see("here: Bob");
  await bob.see("here: Alice");
  return { alice, bob, code, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** Someone who waits, and the code. */
async function waiting(env: Env, command = WHISPER): Promise<[code: string, terminal: Terminal]> {
  const terminal = await Terminal.open([...command, "new", "--local", "--name", "Alice"], { env });
  const [code] = CODE.exec(await terminal.see(CODE))!;
  return [code, terminal];
}

/** What a program writes from now on. */
async function recording(terminal: Terminal, env: Env, name: string) {
  const file = `${env["XDG_RUNTIME_DIR"]}/written ${name}`;
  await terminal.record(file);
  const text = () => Deno.readTextFile(file).catch(() => "");
  return {
    text,
    /** Waits until it is written. */
    async see(wanted: RegExp): Promise<RegExpExecArray> {
      const end = performance.now() + SILENCE_MS;
      while (performance.now() < end) {
        const found = wanted.exec(await text());
        if (found) return found;
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
      throw new Error(`Not written: ${wanted}\n${JSON.stringify(await text())}`);
    },
  };
}

/** No notification says who wrote, or what. */
function assertNoContent(written: string, secret: string): void {
  const notices = written.match(/\x1b\](?:9|99|777);[^\x07]*\x07/g) ?? [];
  assert(notices.length > 0);
  for (const notice of notices) {
    assert(!notice.includes(secret.slice(0, 5)) && !notice.includes("Bob"), notice);
  }
}

/** Types a line. */
async function say(terminal: Terminal, text: string): Promise<void> {
  await terminal.type(text);
  await terminal.press("Enter");
}

/** What differs from run to run, as it is stored and as it is looked for. */
const CHANGING: readonly [seen: RegExp, stored: string, wanted: string][] = [
  [/\b\d\d:\d\d\b/g, "{time}", "\\d\\d:\\d\\d"],
  [/ +\d{4}-[a-z]+-[a-z]+-[a-z]+/g, "  {code}", " +\\d{4}-[a-z]+-[a-z]+-[a-z]+"],
  [/(?<=^ (?:Whisper )?)\d{4,}(?= │)/gm, "{room}", "\\d{4,}"],
  [/(?<=, )\d+ s\b/g, "{wait}", "\\d+ s"],
  [/(?<=(?:^ |· )Connected to this comput(?:er(?!\.))?).*(?<!\.)$/gm, "{more}", "[^\\n]*"],
];

/** Waits until the screen is the one that is stored under this name. */
async function compare(terminal: Terminal, name: string): Promise<void> {
  const file = new URL(`${name}.txt`, SCREENS);
  if (Deno.env.get("UPDATE_SCREENS")) {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const screen = await terminal.screen();
    const stored = CHANGING.reduce((text, [seen, stored]) => text.replaceAll(seen, stored), screen);
    return await Deno.writeTextFile(file, `${stored}\n`);
  }
  const stored = (await Deno.readTextFile(file)).trimEnd().replaceAll(/[\\^$.*+?()[\]|]/g, "\\$&");
  const wanted = CHANGING.reduce(
    (text, [, stored, wanted]) => text.replaceAll(stored, wanted),
    stored,
  );
  await terminal.see(new RegExp(`^${wanted}$`));
}

for (const [columns, rows] of [[80, 24], [120, 40], [40, 10]] as const) {
  test(`shows a whole chat at ${columns} x ${rows}`, async (env) => {
    const size = `${columns}x${rows}`;
    await using alone = await Terminal.open([...WHISPER, "new", "--local", "--name", "Alice"], {
      env,
      columns,
      rows,
    });
    await alone.see(CODE);
    await compare(alone, `invite-${size}`);
    await alone.press("C-c");
    await alone.see("status 0");
    await using pair = await meet(env, { columns, rows });
    const { alice, bob } = pair;
    await say(bob, "Hello Alice! How did it go?");
    await alice.see("go?");
    await say(
      alice,
      "Very well. 日本語 and שלום and 👩‍👩‍👧 too; and a text that goes on in another row.",
    );
    await bob.see("row.");
    await alice.see("· delivered");
    await alice.type("half a line");
    await compare(alice, `chat-${size}`);
  });
}

test("leaves the draft alone when a message arrives", async (env) => {
  await using pair = await meet(env, { columns: 80, rows: 24 });
  const { alice, bob } = pair;
  await alice.type("half a li");
  for (let i = 1; i <= 5; i++) await say(bob, `interrupting ${i}`);
  await alice.see("interrupting 5");
  await alice.type("ne 👩‍👩‍👧x");
  await alice.press("BSpace", "BSpace", "Left", "Left", "BSpace", "Enter");
  await bob.see(/Alice │ half a lie\s*$/m);
});

test("sends several lines, and a paste of 16 KiB, as one message each", async (env) => {
  await using pair = await meet(env, { columns: 80, rows: 24 });
  const { alice, bob } = pair;
  await alice.type("first line");
  await alice.press("C-j");
  await alice.type("second line");
  await alice.press("M-Enter");
  await alice.type("third line");
  await alice.press("Enter");
  await bob.see(/Alice │ first line\n +│ second line\n +│ third line/);
  const paste = Array.from({ length: 1_024 }, (_, i) => `pasted ${i}`.padEnd(15, ".")).join("\n");
  await alice.paste(paste);
  await compare(alice, "paste-80x24");
  assert(!(await bob.screen()).includes("pasted"));
  await alice.press("Enter");
  await bob.see("│ pasted 1023");
  await bob.press("PageUp", "PageUp");
  await bob.see("more below");
  await bob.press("C-End");
  await bob.see("│ pasted 1023");
});

test("redraws when the window changes", async (env) => {
  await using pair = await meet(env, { columns: 80, rows: 24 });
  const { alice, bob } = pair;
  await say(bob, "a text that is long enough to need two rows in a narrow window");
  await alice.see("window");
  for (const [columns, rows] of [[40, 10], [120, 40], [80, 24]] as const) {
    await alice.resize(columns, rows);
    await compare(alice, `resized-${columns}x${rows}`);
  }
});

test("shows an alarm until it is dismissed when a third person tries to join", async (env) => {
  await using pair = await meet(env, { columns: 80, rows: 24 });
  const { alice, bob, code } = pair;
  await using mallory = await Terminal.open(
    [...WHISPER, "join", code, "--local", "--name", "Mallory"],
    { env },
  );
  await mallory.see("Press Enter to leave.");
  await mallory.type("typed after the end");
  await mallory.press("Enter");
  assert(!(await mallory.see("status 4")).includes("typed after the end"));
  await compare(alice, "alarm-80x24");
  for (let i = 1; i <= 30; i++) await say(bob, `text ${i}`);
  await alice.see("text 30");
  assertStringIncludes(await alice.screen(), " ALARM: ");
  await alice.press("Escape");
  await alice.see(/^─+\n(?! ALARM)/m);
  await bob.see(/ALARM: /);
});

test("clears the screen when leaving, and says what remains", async (env) => {
  await using pair = await meet(env, { columns: 80, rows: 24 });
  const { alice, bob } = pair;
  await say(bob, "a secret word");
  await alice.see("a secret word");
  await say(bob, "/exit");
  await bob.see("status 0");
  await alice.see("Bob left.");
  await alice.press("C-c");
  const last = await alice.see("status 0");
  assertStringIncludes(last, "Nothing remains on the relay");
  for (const terminal of [alice, bob]) {
    const all = await terminal.history();
    for (const word of ["secret", "Alice", "Bob"]) assert(!all.includes(word), all);
  }
});

for (const signal of ["SIGTERM", "SIGHUP", "SIGINT"] as const) {
  test(`restores the terminal and leaves nothing on the relay on ${signal}`, async (env) => {
    const file = `${env["XDG_RUNTIME_DIR"]}/pid`;
    const command = ["sh", "-c", `echo $$ > '${file}'; exec "$@"`, "sh", ...WHISPER];
    await using alice = await Terminal.open([...command, "new", "--local", "--name", "Alice"], {
      env,
    });
    await alice.see("Waiting for someone to join");
    assertEquals(await alice.modes(), { alternateScreen: true, cursor: true, wrapping: false });
    const record = `${env["XDG_RUNTIME_DIR"]}/written`;
    await alice.record(record);
    Deno.kill(Number(await Deno.readTextFile(file)), signal);
    assertStringIncludes(await alice.see("status 0"), "Nothing remains on the relay");
    assertEquals(await alice.modes(), { alternateScreen: false, cursor: true, wrapping: true });
    assertStringIncludes(await Deno.readTextFile(record), KEYBOARD_LEFT);
  });
}

for (const how of ["exit", "throw", "reject"]) {
  test(`restores the terminal when it ends unexpectedly (${how})`, async (env) => {
    const probe = import.meta.resolve("./crash_probe.ts");
    await using terminal = await Terminal.open([...WHISPER.slice(0, -1), probe, how], { env });
    await terminal.see("a secret");
    const record = `${env["XDG_RUNTIME_DIR"]}/written`;
    await terminal.record(record);
    await terminal.press("C-c");
    await terminal.see("status 7");
    assertEquals(await terminal.modes(), { alternateScreen: false, cursor: true, wrapping: true });
    assert(!(await terminal.history()).includes("secret"));
    assertStringIncludes(await Deno.readTextFile(record), KEYBOARD_LEFT);
  });
}

test("searches what was sent, and inserts what was deleted", async (env) => {
  await using pair = await meet(env, { columns: 80, rows: 24 });
  const { alice, bob } = pair;
  await say(alice, "one about apples");
  await say(alice, "two about pears");
  await bob.see("pears");
  await alice.press("C-r");
  await alice.type("APPLE");
  await alice.see(/\? Search: APPLE\n {2}one about apples\n Ctrl\+R: older/);
  await alice.press("Enter");
  await alice.see("> one about apples");
  await alice.press("C-u");
  await alice.see("> Type and press Enter. /help");
  await alice.press("C-y", "C-y", "Home", "M-d", "Enter");
  await bob.see("Alice │  about applesone about apples");
});

test("finds a text, and scrolls with the wheel", async (env) => {
  await using pair = await meet(env, { columns: 80, rows: 24 });
  const { alice, bob } = pair;
  await say(bob, "a needle in the hay");
  await alice.paste(Array.from({ length: 60 }, (_, i) => `hay ${i}`).join("\n"));
  await alice.see("> [paste, 60 lines]");
  await alice.press("Enter");
  await bob.see("hay 59");
  await say(alice, "/find NEEDLE");
  await alice.see(/a needle in the hay[^]*"NEEDLE": 1 of 1/);
  await alice.press("C-End");
  await alice.see("hay 59");
  // A wheel, with alternate scroll: several arrow keys at once.
  await alice.type("\x1b[A".repeat(5));
  await alice.see("more below");
  assert(!(await alice.screen()).includes("hay 59"));
  await alice.type("\x1b[B".repeat(5));
  await alice.see("hay 59");
});

test("shows links that open as what they are", async (env) => {
  await using pair = await meet(env, { columns: 40, rows: 24 });
  const { alice, bob } = pair;
  const url = "https://example.com/a/path/that/is/long/enough/for/two/rows";
  const record = `${env["XDG_RUNTIME_DIR"]}/written`;
  await alice.record(record);
  await say(bob, `${url} and https://\u0430pple.com and https://bank.example@evil.example`);
  await alice.see("bank.example@");
  // Not from the screen: older versions of tmux do not give links back.
  const written = await Deno.readTextFile(record);
  const targets = [...written.matchAll(/\x1b\]8;id=([\w-]+);([^\x1b\x07]+)/g)];
  assertEquals(
    new Set(targets.map(([, , target]) => target)),
    new Set([url, "https://xn--pple-43d.com/"]),
  );
  const ids = targets.filter(([, , target]) => target === url).map(([, id]) => id);
  assert(ids.length > 1 && new Set(ids).size === 1, "the rows of one link share its id");
});

test("notifies in the way of each terminal, never with content, and closes what was read", async (env) => {
  const secret = "the lighthouse at nine";
  const ways: readonly (readonly [what: string, variables: string[], wanted: RegExp])[] = [
    ["OSC 9", ["TERM_PROGRAM=iTerm.app"], /\x1b\]9;Whisper: [^\x07]+\x07/],
    ["OSC 777", ["TERM_PROGRAM="], /\x1b\]777;notify;Whisper;[^\x07]+\x07/],
    [
      "through tmux",
      ["TMUX=/tmp/tmux-0/default,1,0"],
      /\x1bPtmux;\x1b\x1b\]777;notify;Whisper;[^\x07]+\x07\x1b\\/,
    ],
  ];
  const [code, alice] = await waiting(env);
  await using _ = alice;
  const record = await recording(alice, env, "osc99");
  // A terminal that takes OSC 99 says so, and then that its window has lost the focus.
  await alice.type("\x1b]99;i=whisper:p=?;p=title,close\x07\x1b[O");
  await using bob = await Terminal.open(
    [...WHISPER, "join", code, "--local", "--name", "Bob"],
    { env },
  );
  const shown = await record.see(/\x1b\]99;i=(whisper-[\w-]+);Whisper: [^\x07]+\x07/);
  await say(bob, secret);
  await alice.see(secret);
  const ids = new Set([...(await record.text()).matchAll(/\x1b\]99;i=(whisper-[\w-]+);/g)]
    .map(([, id]) => id));
  assertEquals([...ids], [shown[1]], "a later notification replaces the first");
  await alice.type("\x1b[I");
  await record.see(new RegExp(`\x1b\\]99;i=${shown[1]}:p=close;\x07`));
  assertNoContent(await record.text(), secret);
  for (const [what, own, wanted] of ways) {
    const command = [...WHISPER.slice(0, 3), ...own, ...WHISPER.slice(3)];
    const [code, alice] = await waiting(env, command);
    await using _ = alice;
    const record = await recording(alice, env, what);
    await alice.type("\x1b[O");
    await using bob = await Terminal.open(
      [...WHISPER, "join", code, "--local", "--name", "Bob"],
      { env },
    );
    await record.see(wanted);
    await say(bob, secret);
    await alice.see(secret);
    assertNoContent(await record.text(), secret);
  }
});

test("asks whether a notification was seen (doctor --notify)", async (env) => {
  const command = [...WHISPER.slice(0, 3), "TERM_PROGRAM=WezTerm", ...WHISPER.slice(3)];
  await using terminal = await Terminal.open([...command, "doctor", "--notify"], { env });
  const record = await recording(terminal, env, "doctor");
  await record.see(/\x1b\]9;Whisper: [^\x07]+\x07\x07/);
  await terminal.see("Did you see it?");
  await say(terminal, "n");
  await terminal.see("status 0");
});

test("says where another day begins, in both interfaces", async (env) => {
  const midnight = import.meta.resolve("../support/midnight.ts");
  const program = WHISPER.with(-1, midnight);
  for (const flags of [[], ["--plain"]]) {
    await using alice = await Terminal.open(
      [...program, "new", "--local", "--name", "Alice", ...flags],
      { env },
    );
    const [code] = CODE.exec(await alice.see(CODE))!;
    await using bob = await Terminal.open(
      [...WHISPER, "join", code, "--local", "--name", "Bob"],
      { env },
    );
    await bob.see("here: Alice");
    await say(bob, "before midnight");
    await alice.see("before midnight");
    const day = /\w+day, \w+ \d{1,2}, \d{4}/;
    assert(!day.test(await alice.screen()));
    await alice.signal("URG");
    await say(bob, "after midnight");
    await alice.see("after midnight");
    const rule = flags.length === 0 ? "─+" : "\\*";
    await alice.see(
      new RegExp(`before midnight[^]*\n${rule} ${day.source}[^]*\n.*00:0\\d Bob.*after midnight`),
    );
    // Only the first line of a day.
    await say(bob, "later");
    await alice.see("later");
    assertEquals((await alice.screen()).match(new RegExp(day, "g"))?.length, 1);
  }
});

test("restores modes as the terminal says it found them, and follows its theme", async (env) => {
  // A terminal of which this test is the master: tmux answers for itself.
  const command = [...WHISPER, "new", "--local", "--name", "Alice"].join(" ");
  const child = new Deno.Command("script", {
    args: ["-qefc", `stty rows 24 cols 80; exec ${command}`, "/dev/null"],
    env,
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const keyboard = child.stdin.getWriter();
  const type = (text: string) => keyboard.write(new TextEncoder().encode(text));
  const late = setTimeout(() => child.kill("SIGKILL"), SILENCE_MS);
  let written = "";
  const steps: readonly (readonly [seen: RegExp, answer: string])[] = [
    [/\x1b\[\?2004\$p[^]*\x1b\[\?2031\$p[^]*\x1b\[c/, FOUND_MODES],
    [CODE, "\x1b[?997;2n"],
    [/\x1b\[38;5;241m[^]*$/, "\x1b[?997;1n"],
    [/\x1b\[38;5;241m[^]*\x1b\[38;5;248m/, "\x03"],
  ];
  let step = 0;
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    written += text;
    while (steps[step]?.[0].test(written)) await type(steps[step++]![1]);
  }
  clearTimeout(late);
  const { code } = await child.status;
  await keyboard.close().catch(() => {});
  assertEquals([step, code], [steps.length, 0], written);
  const left = written.split("\x1b[<u").at(-1)!;
  for (const mode of ["2004h", "1004l", "7l", "2031h", "25l"]) {
    assertStringIncludes(left, `\x1b[?${mode}`);
  }
});

test("leaves the wheel to the terminal where that was chosen", async (env) => {
  for (const [flags, wanted] of [[[], "\x1b[?1007h"], [["--no-mouse"], "\x1b[?1007l"]] as const) {
    const folder = `${env["XDG_RUNTIME_DIR"]}/${wanted.slice(-1)}`;
    const command = [
      "script",
      "-qec",
      [...WHISPER, "new", "--local", "--name", "Alice", ...flags].join(" "),
      folder,
    ];
    await using alice = await Terminal.open(command, { env });
    await alice.see(CODE);
    await alice.press("C-c");
    await alice.see("status 0");
    const [taken] = (await Deno.readTextFile(folder)).split("\x1b[>1u");
    assertStringIncludes(taken!, wanted);
  }
});

test("accepts Enter as the answer to each of four questions at the first start", async (env) => {
  const start = () => Terminal.open(WHISPER, { env: { ...env, USER: "alice" } });
  const answer = async (terminal: Terminal, question: string, text: string) => {
    await terminal.see(question);
    await say(terminal, text);
  };
  await using alice = await start();
  await answer(alice, "Your name [alice]:", "");
  await answer(alice, "Relay: paste", "");
  await answer(alice, "Invite code", "");
  await alice.see("Waiting for someone to join");
  const [code] = CODE.exec(await alice.see(CODE))!;
  await using bob = await start();
  await answer(bob, "Your name", "Bob");
  await answer(bob, "Relay: paste", "");
  await answer(bob, "Invite code", code);
  await alice.see("here: Bob");
  await bob.see("here: alice");
  await alice.press("C-c");
  await alice.see("status 0");
  assert(!(await alice.history()).includes(code), "nor is the code on the screen any more");
});

for (const ci of ["", "true"]) {
  test(`asks for no permission as a task (CI=${JSON.stringify(ci)})`, async (env) => {
    const config = decodeURIComponent(new URL("../../deno.json", import.meta.url).pathname);
    const command = ["env", "-u", "TMUX", Deno.execPath(), "task", "--config", config, "chat"];
    await using alice = await Terminal.open([...command, "new", "--local", "--name", "Alice"], {
      env: { ...env, CI: ci, COLORTERM: "truecolor", TERM_PROGRAM: "WezTerm" },
    });
    // A question of Deno's would stand on the screen, and the code would not.
    await alice.see("Tell it to them");
    await alice.type("typed");
    await alice.see("> typed");
    await alice.press("C-c");
    await alice.see("You have unsent text.");
    await alice.press("C-c");
    await alice.see("status 0");
  });
}

test("erases a burned conversation on both sides", async (env) => {
  await using pair = await meet(env, { columns: 80, rows: 24 });
  const { alice, bob } = pair;
  await say(bob, "a secret word");
  await alice.see("a secret word");
  await say(alice, "/burn");
  await alice.see("again to confirm");
  await say(alice, "/burn");
  // Bob did not end it: the last screen waits for a key.
  await bob.see("Press Enter to leave.");
  await bob.press("Enter");
  for (const terminal of [alice, bob]) {
    await terminal.see("status 0");
    assert(!(await terminal.history()).includes("secret"));
  }
});

test("uses plain lines when WHISPER_PLAIN is set", async (env) => {
  await using alice = await Terminal.open([...WHISPER, "new", "--local", "--name", "Alice"], {
    env: { ...env, WHISPER_PLAIN: "true" },
  });
  await alice.see("* Tell it to them");
});

/** Continues a chat that was stopped with a draft, sends that, and leaves. */
async function goOn(shell: Terminal): Promise<void> {
  await say(shell, "fg");
  await shell.see("> draft");
  await say(shell, " sent after fg");
  await shell.see("draft sent after fg  · queued");
  await say(shell, "/exit");
  await shell.see("You left. Nothing remains on the relay.");
}

test("goes on with fg after SIGTSTP, SIGSTOP and Ctrl+Z, and the peer sees it away", async (env) => {
  const command = WHISPER.slice(3).join(" ");
  await assertGoesOn(command, env, { isPlain: false, maySuspend: true, waitsForAway: true });
});

test("leaves the terminal to the shell when it is continued in the background", async (env) => {
  await using shell = await Terminal.open(["bash", "--norc", "-i"], { env });
  await shell.see(/[#$] ?$/m);
  await say(shell, [...WHISPER, "new", "--local", "--name", "Alice"].join(" "));
  await shell.see("> You can type now");
  await shell.type("draft");
  await shell.press("C-z");
  await shell.see("Stopped");
  for (const round of ["first", "second"]) {
    await say(shell, "kill -CONT %1");
    // It stops again at the terminal, which is the shell's.
    await say(
      shell,
      `until jobs | grep -q Stopped; do sleep 0.1; done; echo still $((1 + 1)) ${round}`,
    );
    await shell.see(`still 2 ${round}`);
    assertEquals(await shell.modes(), { alternateScreen: false, cursor: true, wrapping: true });
  }
  await goOn(shell);
});

test("takes a queued message back with Up, and sends what was made of it once", async (env) => {
  const size = { columns: 80, rows: 24 };
  await using alice = await Terminal.open([...WHISPER, "new", "--local", "--name", "Alice"], {
    env,
    ...size,
  });
  const [code] = CODE.exec(await alice.see(CODE))!;
  await say(alice, "before yuo came");
  await alice.see("yuo came  · queued");
  await alice.press("Up");
  await alice.see("> before yuo came");
  assert(!(await alice.screen()).includes("queued"));
  await alice.press("C-u");
  await say(alice, "before you came");
  await using bob = await Terminal.open(
    [...WHISPER, "join", code, "--local", "--name", "Bob"],
    { env, ...size },
  );
  await bob.see("Alice │ before you came");
  await alice.see("you came  · delivered");
  await say(bob, "/reply so I see");
  await bob.see("╭ Alice: before you came");
  await alice.see(/╭ you: before you came\n.*Bob │ so I see/);
  assert(!(await bob.screen()).includes("yuo"));
  await say(alice, "/copy 1");
  await alice.see("Sent the message to your terminal's clipboard.");
});

test("is verified when both have confirmed what the other read aloud", async (env) => {
  await using pair = await meet(env, { columns: 100, rows: 30 });
  const { alice, bob } = pair;
  const halves = async (terminal: Terminal) => {
    await say(terminal, "/verify");
    const screen = await terminal.see("Listen for:");
    const [, read] = /Read aloud: +([a-z ]+?)\s*$/m.exec(screen)!;
    const [, listen] = /Listen for: +([a-z ]+?)\s*$/m.exec(screen)!;
    return { read, listen };
  };
  const [hers, his] = [await halves(alice), await halves(bob)];
  assertEquals([hers.read, hers.listen], [his.listen, his.read]);
  await say(alice, "/verify same");
  await bob.see("Alice confirmed the words that you read aloud.");
  for (const terminal of [alice, bob]) await terminal.see("encrypted · unverified");
  await say(bob, "/verify same");
  for (const terminal of [alice, bob]) await terminal.see("encrypted · verified");
});

test("shows what lies on the relay", async (env) => {
  await using pair = await meet(env, { columns: 120, rows: 60 });
  await say(pair.alice, "/relay");
  const screen = await pair.alice.see("guest_lease");
  await pair.alice.press("Escape");
  await pair.alice.see("Bob joined.");
  for (const field of ["epoch", "sealed", "revision", "host_lease", "guest"]) {
    assert(new RegExp(`^ +${field} +\\S+ \\(`, "m").test(screen), `${field}\n${screen}`);
  }
});
