/**
 * A real terminal: keys go in as a person presses them, and what is seen comes out.
 *
 * @module
 */
import { isInstalled } from "./installed.ts";

/** Whether the tests have one. */
export const tmuxAvailable: boolean = await isInstalled("tmux");

/** After this real time without what is awaited a test fails instead of hanging the run. */
const SILENCE_MS = 45_000;
/** Between two looks at the screen, which nobody announces; each look starts a program. */
const LOOK_MS = 100;

/** A terminal with one program in it, on a server of its own. */
export class Terminal {
  readonly #socket: string;

  private constructor(socket: string) {
    this.#socket = socket;
  }

  /** Opens a terminal of that size and starts `command` in it. */
  static async open(
    command: readonly string[],
    { columns = 80, rows = 24, env = {}, style = "default" }: {
      columns?: number;
      rows?: number;
      env?: Record<string, string>;
      /** Its colors, as tmux writes them: `fg=#ffffff,bg=#000000`. */
      style?: string;
    } = {},
  ): Promise<Terminal> {
    const terminal = new Terminal(`whisper-test-${crypto.randomUUID()}`);
    const quoted = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
    await terminal.#tmux([
      ...["-f", "/dev/null", "start-server", ";", "set", "-g", "window-style", style, ";"],
      ...["new-session", "-d", "-x", String(columns), "-y", String(rows)],
      ...Object.entries(env).flatMap(([name, value]) => ["-e", `${name}=${value}`]),
      // What the program leaves on the screen, and its status, can be looked at afterwards.
      `${quoted}; echo "status $?"; exec cat`,
    ]);
    return terminal;
  }

  /** Presses keys by tmux's names for them: `Enter`, `C-c`, `BSpace`, `Up`. */
  async press(...keys: string[]): Promise<void> {
    await this.#tmux(["send-keys", ...keys]);
  }

  /** Types text as it is. */
  async type(text: string): Promise<void> {
    await this.#tmux(["send-keys", "-l", "--", text]);
  }

  /** Pastes text, bracketed where the program has asked for that. */
  async paste(text: string): Promise<void> {
    // By a pipe: a command has no room for a long text.
    await this.#tmux(["load-buffer", "-"], text);
    await this.#tmux(["paste-buffer", "-p"]);
  }

  /** What is seen now, without the empty space at the ends of lines; `escapes` keeps colors and spaces. */
  async screen({ escapes = false }: { escapes?: boolean } = {}): Promise<string> {
    if (escapes) return await this.#tmux(["capture-pane", "-p", "-e", "-N"]);
    const text = await this.#tmux(["capture-pane", "-p"]);
    return text.split("\n").map((line) => line.trimEnd()).join("\n").trimEnd();
  }

  /** Where the cursor is. */
  async cursor(): Promise<{ row: number; column: number }> {
    const text = await this.#tmux(["display-message", "-p", "#{cursor_y} #{cursor_x}"]);
    const [row = 0, column = 0] = text.split(" ").map(Number);
    return { row, column };
  }

  /** How a program has set the terminal, or left it. */
  async modes(): Promise<{ alternateScreen: boolean; cursor: boolean; wrapping: boolean }> {
    const wanted = "#{alternate_on} #{cursor_flag} #{wrap_flag}";
    const [alternate, cursor, wrap] = (await this.#tmux(["display-message", "-p", wanted])).split(
      " ",
    );
    return {
      alternateScreen: alternate === "1",
      cursor: cursor === "1",
      wrapping: wrap?.trim() === "1",
    };
  }

  /** Appends everything that the program writes from now on to a file. */
  async record(file: string): Promise<void> {
    await this.#tmux(["pipe-pane", "-o", `cat >> '${file}'`]);
  }

  /** What is seen, with all that has scrolled off. */
  async history(): Promise<string> {
    return await this.#tmux(["capture-pane", "-p", "-S", "-"]);
  }

  /** Changes the size of the window. */
  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux(["resize-window", "-x", String(columns), "-y", String(rows)]);
  }

  /**
   * Waits until `wanted` is seen.
   *
   * @returns the screen.
   * @throws {Error} with the screen, when it does not come.
   */
  async see(wanted: string | RegExp): Promise<string> {
    const end = performance.now() + SILENCE_MS;
    while (true) {
      const screen = await this.screen();
      if (typeof wanted === "string" ? screen.includes(wanted) : wanted.test(screen)) return screen;
      if (performance.now() > end) throw new Error(`Not seen: ${wanted}\n${screen}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /** Closes the window: the terminal hangs up, and the shell in it ends. */
  async closeWindow(): Promise<void> {
    await this.#tmux(["kill-session"]);
  }

  /** Ends the terminal emulator itself, which leaves the other side of the terminal without a master. */
  async crash(): Promise<void> {
    Deno.kill(Number(await this.#tmux(["display-message", "-p", "#{pid}"])), "SIGKILL");
  }

  /** The process that was started in the terminal. */
  async pid(): Promise<number> {
    return Number(await this.#tmux(["display-message", "-p", "#{pane_pid}"]));
  }

  /** Sends a signal to the program, by its name without `SIG`. */
  async signal(name: string): Promise<void> {
    await new Deno.Command("pkill", { args: [`-${name}`, "-P", String(await this.pid())] })
      .output();
  }

  /** Kills the program and all that it started, as a crash does. */
  async killProgram(): Promise<void> {
    await this.signal("KILL");
  }

  /** Closes the window, as a person does who has had enough. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux(["kill-server"]).catch(() => {});
  }

  async #tmux(args: readonly string[], input = ""): Promise<string> {
    const child = new Deno.Command("tmux", {
      args: ["-L", this.#socket, ...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const [{ success, stdout, stderr }] = await Promise.all([
      child.output(),
      new Response(input).body?.pipeTo(child.stdin) ?? child.stdin.close(),
    ]);
    if (!success) throw new Error(`tmux: ${new TextDecoder().decode(stderr)}`);
    return new TextDecoder().decode(stdout);
  }
}

/** Removes a folder that programs were in whose windows were closed: they leave it in their own time. */
export async function removeLeftFolder(folder: string): Promise<void> {
  const end = performance.now() + SILENCE_MS;
  while (true) {
    try {
      return await Deno.remove(folder, { recursive: true });
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }
}
