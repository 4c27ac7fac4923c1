/**
 * Makes the pictures in docs/images again: real programs in real terminals, captured and drawn.
 *
 *     deno run -A tests/support/pictures.ts [SCENE]...
 *
 * @module
 */
import { startReplicaSet } from "./mongod.ts";
import { type Palette, picture } from "./picture.ts";
import { Terminal } from "./tmux.ts";

const ROOT = new URL("../../", import.meta.url);
const WHISPER = [
  ...["env", "-u", "TMUX", Deno.execPath(), "run", "--allow-all", "--no-check"],
  new URL("tests/support/midnight.ts", ROOT).href,
];
const CODE = /\d{4}-[a-z]+-[a-z]+-[a-z]+/;
const PALETTES: Readonly<Record<"dark" | "light", Palette>> = {
  dark: { foreground: "#d8dee4", background: "#16191d" },
  light: { foreground: "#24292f", background: "#ffffff" },
};
const SMALL = { columns: 80, rows: 24 };
const LARGE = { columns: 120, rows: 40 };

/** Who says what, before midnight; `alice` is the one whose screen is drawn. */
const TALK = [
  ["bob", "Hello! Did you find the place?"],
  ["alice", "I did. It is the small house behind the lighthouse, the one with the green door."],
  ["bob", "Then we can talk. The first draft is done: eleven pages."],
] as const;
/** After midnight. */
const LATER = [
  ["alice", "/reply Send me the last two tonight: I have a long train ride."],
  ["bob", "They are at https://example.com/drafts/lighthouse"],
] as const;

/** One side of a scene, and the other, which comes when it is asked for. */
interface Stage {
  readonly alice: Terminal;
  readonly bob: () => Promise<Terminal>;
  readonly code: string;
}

interface Scene {
  readonly title: string;
  readonly sizes: readonly (typeof SMALL)[];
  /** True where the two meet over MongoDB instead of this computer. */
  readonly isRemote?: true;
  readonly play: (stage: Stage) => Promise<void>;
}

async function say(terminal: Terminal, text: string): Promise<void> {
  await terminal.type(text);
  await terminal.press("Enter");
}

async function talk(alice: Terminal, bob: Terminal): Promise<void> {
  const lines = async (said: readonly (readonly ["alice" | "bob", string])[]) => {
    for (const [who, text] of said) {
      await say(who === "alice" ? alice : bob, text);
      // The last words of a text are seen on both screens before the next is said.
      const end = text.slice(-6);
      await alice.see(end);
      await bob.see(end);
    }
  };
  await lines(TALK);
  for (const terminal of [alice, bob]) await terminal.signal("URG");
  await lines(LATER);
  await alice.see(/ride\.[\s│]+· delivered/);
}

/** Each confirms what the other has read aloud. */
async function verify(alice: Terminal, bob: Terminal): Promise<void> {
  for (const terminal of [alice, bob]) {
    await say(terminal, "/verify");
    await terminal.see("Listen for");
    await say(terminal, "/verify same");
  }
  for (const terminal of [alice, bob]) {
    await terminal.see("encrypted · verified");
    // What was read aloud is read no more.
    await say(terminal, "/clear");
  }
}

const SCENES: Readonly<Record<string, Scene>> = {
  invite: {
    title: "Whisper waits for a guest and shows the invite code.",
    sizes: [SMALL, LARGE],
    play: async ({ alice }) => void await alice.see("Waiting for someone"),
  },
  chat: {
    title:
      "Two people chat in Whisper's full screen: verified by both, past midnight, with a reply.",
    sizes: [SMALL, LARGE],
    play: async (stage) => {
      const { alice, bob } = { ...stage, bob: await stage.bob() };
      await verify(alice, bob);
      await talk(alice, bob);
      await alice.type("Half past nine, on platform 2");
      await alice.see("platform 2");
    },
  },
  alarm: {
    title: "Whisper raises an alarm: someone else tried to join the room.",
    sizes: [SMALL, LARGE],
    play: async ({ alice, bob, code }) => {
      await talk(alice, await bob());
      await using third = await Terminal.open([...WHISPER, "join", code, "--local"], {
        env: { ...environment, WHISPER_NAME: "Third" },
      });
      await third.see(/status 4|Enter to leave/);
      await alice.see(/^ ALARM/m);
    },
  },
  verify: {
    title: "Each of two people reads half of twelve words aloud.",
    sizes: [SMALL],
    play: async ({ alice, bob }) => {
      await bob();
      await say(alice, "/verify");
      await alice.see("Listen for");
    },
  },
  relay: {
    title: "What the relay sees of a chat, field by field.",
    sizes: [LARGE],
    play: async ({ alice, bob }) => {
      await bob();
      await say(alice, "/relay");
      await alice.see("guest_lease");
    },
  },
  share: {
    title: "A link to the relay as text and as a QR code.",
    sizes: [LARGE],
    isRemote: true,
    play: async ({ alice, bob }) => {
      await bob();
      await say(alice, "/share");
      await alice.see("▀");
    },
  },
  file: {
    title: "A file is offered, accepted and saved; another is offered.",
    sizes: [SMALL],
    play: async (stage) => {
      const { alice, bob } = { ...stage, bob: await stage.bob() };
      await say(bob, "/send report.pdf");
      await alice.see("/accept");
      await say(alice, "/accept");
      await alice.see("Received report.pdf");
      await say(bob, "/send minutes.pdf");
      await alice.see("minutes.pdf");
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

/** A scene from its beginning to the moment that is drawn. */
async function shoot(
  { title, isRemote, play }: Scene,
  size: typeof SMALL,
  palette: Palette,
): Promise<string> {
  const style = `fg=${palette.foreground},bg=${palette.background}`;
  await using stack = new AsyncDisposableStack();
  const files = { alice: `${folder}/alice`, bob: `${folder}/bob` };
  for (const path of Object.values(files)) {
    await Deno.mkdir(path);
    stack.defer(() => Deno.remove(path, { recursive: true }));
  }
  await Deno.writeFile(`${files.bob}/report.pdf`, new Uint8Array(1_300_000));
  await Deno.writeFile(`${files.bob}/minutes.pdf`, new Uint8Array(40_000));
  const server = isRemote ? await startReplicaSet({ count: 1 }) : undefined;
  stack.defer(async () => await server?.stop());
  const relay = server ? ["--uri", server.uri] : ["--local"];
  const start = async (...args: string[]) => {
    const command = [...WHISPER, ...args, ...relay];
    return stack.use(await Terminal.open(command, { env: environment, style, ...size }));
  };
  const alice = await start("new", "--name", "Alice", "--files", files.alice);
  const [code] = CODE.exec(await alice.see(CODE))!;
  const bob = async () => {
    const terminal = await start("join", code, "--name", "Bob", "--files", files.bob);
    await alice.see("here: Bob");
    await terminal.see("here: Alice");
    return terminal;
  };
  await play({ alice, bob, code });
  const screen = await alice.screen({ escapes: true });
  return picture({ screen, cursor: await alice.cursor(), palette, title, ...size });
}

try {
  for (const [name, scene] of Object.entries(SCENES)) {
    if (Deno.args.length > 0 && !Deno.args.includes(name)) continue;
    for (const size of scene.sizes) {
      for (const [shade, palette] of Object.entries(PALETTES)) {
        const file = `docs/images/${name}-${size.columns}x${size.rows}-${shade}.svg`;
        await Deno.writeTextFile(new URL(file, ROOT), await shoot(scene, size, palette));
        console.log(file);
      }
    }
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}
