import { assertEquals } from "@std/assert";
import { fileProblem } from "../../src/file_problem.ts";

Deno.test("fileProblem: tells what Deno guards from what was given up at the start", async () => {
  if (Deno.build.os !== "linux") return;
  // Tests may do everything, so the program that is refused is another one.
  const program = `
    const { fileProblem } = await import(${
    JSON.stringify(import.meta.resolve("../../src/file_problem.ts"))
  });
    for (const path of ["/dev/shm/none", "/proc/self/none", "/sys/none", "/tmp/none"]) {
      try {
        Deno.openSync(path);
      } catch (error) {
        console.log(fileProblem(error));
      }
    }`;
  const problems = async (...flags: string[]) => {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--no-check", ...flags, "-"],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(program));
    await writer.close();
    return new TextDecoder().decode((await child.output()).stdout).trim().split("\n");
  };
  assertEquals(await problems("--allow-read=/"), ["guarded", "guarded", "guarded", "missing"]);
  const source = new URL("../../src", import.meta.url).pathname;
  assertEquals((await problems(`--allow-read=${source}`)).at(-1), "not-permitted");
});

Deno.test("fileProblem: says what the system says", () => {
  assertEquals(fileProblem(new Deno.errors.NotFound()), "missing");
  assertEquals(fileProblem(Object.assign(new Error(), { code: "ENOSPC" })), "no-space");
});
