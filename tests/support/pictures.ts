/**
 * Makes the pictures in docs/images again: real programs in real terminals, captured and drawn.
 *
 *     deno run -A tests/support/pictures.ts
 *
 * @module
 */
import { type Palette, picture } from "./picture.ts";
import { Terminal } from "./tmux.ts";

const ROOT = new URL("../../", import.meta.url);
const WHISPER = [
  ...["env", "-u", "TMUX", Deno.execPath(), "run", "--allow-all", "--no-check"],
  new URL("main.ts", ROOT).href,
];
const CODE = /\d{4}-[a-z]+-[a-z]+-[a-z]+/;
const PALETTES: Readonly<Record<"dark" | "light", Palette>> = {
  dark: { foreground: "#d8dee4", background: "#16191d" },
  light: { foreground: "#24292f", background: "#ffffff" },
};
const SIZES = [{ columns: 80, rows: 24 }, { columns: 120, rows: 40 }] as const;

/** Who says what; `alice` is the one whose screen is drawn. */
const TALK = [
  ["bob", "Hello! Did you find the place?"],
  ["alice", "I did. It is the small house behind the lighthouse, the one with the green door."],
  ["bob", "And nobody saw you?"],
  ["alice", "Two gulls."],
  [
    "bob",
    "Then we can talk. The first draft is done: eleven pages, and I am not sure about the last two.",
  ],
  ["alice", "Send me those two tonight: I have a long train ride."],
] as const;

type Scene = (alice: Terminal, bob: () => Promise<Terminal>, code: string) => Promise<void>;

async function say(terminal: Terminal, text: string): Promise<void> {
  await terminal.type(text);
  await terminal.press("Enter");
}

async function talk(alice: Terminal, bob: Terminal): Promise<void> {
  for (const [who, text] of TALK) {
    await say(who === "alice" ? alice : bob, text);
    // The last words of a text are seen on both screens before the next is said.
    const end = text.slice(-4);
    await alice.see(end);
    await bob.see(end);
  }
  await alice.see(/ride\.[\s│]+· delivered/);
}

const SCENES: Readonly<Record<string, { title: string; play: Scene }>> = {
  invite: {
    title: "Whisper waits for a guest and shows the invite code.",
    play: async (alice) => void await alice.see("Waiting for someone"),
  },
  chat: {
    title: "Two people chat in Whisper's full screen.",
    play: async (alice, bob) => {
      await talk(alice, await bob());
      await say(alice, "/verify");
      await alice.see("/verify same");
      await say(alice, "/verify same");
      await alice.see("· verified");
      await alice.type("Half past nine, on platform 2");
      await alice.see("platform 2");
    },
  },
  alarm: {
    title: "Whisper raises an alarm: someone else tried to join the room.",
    play: async (alice, bob, code) => {
      await talk(alice, await bob());
      await using third = await Terminal.open([...WHISPER, "join", code, "--local"], {
        env: { ...environment, WHISPER_NAME: "Third" },
      });
      await third.see(/status 4|Enter to leave/);
      await alice.see(/^ ALARM/m);
    },
  },
};

const folder = await Deno.makeTempDir();
const environment: Record<string, string> = {
  XDG_RUNTIME_DIR: folder,
  XDG_CONFIG_HOME: folder,
  LC_ALL: "C.UTF-8",
  TERM: "xterm-256color",
};
try {
  for (const [name, { title, play }] of Object.entries(SCENES)) {
    for (const size of SIZES) {
      for (const [shade, palette] of Object.entries(PALETTES)) {
        const style = `fg=${palette.foreground},bg=${palette.background}`;
        await using stack = new AsyncDisposableStack();
        const start = async (...args: string[]) =>
          stack.use(
            await Terminal.open([...WHISPER, ...args], { env: environment, style, ...size }),
          );
        const alice = await start("new", "--local", "--name", "Alice");
        const [code] = CODE.exec(await alice.see(CODE))!;
        const bob = async () => {
          const terminal = await start("join", code, "--local", "--name", "Bob");
          await alice.see("here: Bob");
          await terminal.see("here: Alice");
          return terminal;
        };
        await play(alice, bob, code);
        const screen = await alice.screen({ escapes: true });
        const file = `docs/images/${name}-${size.columns}x${size.rows}-${shade}.svg`;
        const cursor = await alice.cursor();
        await Deno.writeTextFile(
          new URL(file, ROOT),
          picture({ screen, cursor, palette, title, ...size }),
        );
        console.log(file);
      }
    }
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}
