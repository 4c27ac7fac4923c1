import { assertEquals } from "@std/assert";
import { inDirectory, names } from "./support.ts";

const ROUNDS = Deno.env.get("SOAK") === "1" ? 500 : 25;

/** Runs one racer with no right but that to its directory. */
async function racer(directory: string, role: string, name: string): Promise<number> {
  const script = import.meta.resolve("./racer.ts");
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      `--allow-read=${directory}`,
      `--allow-write=${directory}`,
      script,
      role,
      `${directory}/chat.db`,
      name,
      String(ROUNDS),
    ],
  }).output();
  const text = new TextDecoder();
  if (!success) throw new Error(`${role} ${name} failed: ${text.decode(stderr)}`);
  return Number(text.decode(stdout));
}

Deno.test("openSqliteRelay: connects processes that create and remove the file all the time, and leaves nothing", () =>
  inDirectory(async (directory) => {
    const lasts = await Promise.all(
      ["a", "b"].flatMap((name) => ["host", "guest"].map((role) => racer(directory, role, name))),
    );
    assertEquals(lasts[0]! + lasts[1]!, ROUNDS, "one of the two is the last in each round");
    assertEquals(lasts[2]! + lasts[3]!, ROUNDS);
    assertEquals(names(directory), []);
  }));
