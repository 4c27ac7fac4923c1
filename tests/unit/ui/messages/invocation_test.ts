import { assertEquals } from "@std/assert";
import {
  commandForAnyHost,
  commandLine,
  programName,
} from "../../../../src/ui/messages/invocation.ts";

/** Runs `test` with WHISPER_COMMAND set to `value`, or unset. */
function withCommand(value: string | undefined, test: () => void): void {
  const before = Deno.env.get("WHISPER_COMMAND");
  if (value === undefined) Deno.env.delete("WHISPER_COMMAND");
  else Deno.env.set("WHISPER_COMMAND", value);
  try {
    test();
  } finally {
    if (before === undefined) Deno.env.delete("WHISPER_COMMAND");
    else Deno.env.set("WHISPER_COMMAND", before);
  }
}

Deno.test("commandLine: names the installed program when nothing says otherwise", () => {
  withCommand(undefined, () => assertEquals(commandLine("join CODE"), "whisper join CODE"));
  withCommand("", () => assertEquals(commandLine("join CODE"), "whisper join CODE"));
  withCommand(undefined, () => assertEquals(commandLine(), "whisper"));
});

Deno.test("commandLine: names the command that started Whisper when it is given", () => {
  withCommand("./setup.sh chat", () => {
    assertEquals(commandLine("join CODE"), "./setup.sh chat join CODE");
    assertEquals(commandLine(), "./setup.sh chat");
  });
  withCommand("setup.bat chat", () => assertEquals(commandLine("new"), "setup.bat chat new"));
  withCommand("deno task chat", () => assertEquals(commandLine("new"), "deno task chat new"));
});

Deno.test("commandLine: ignores a value that would act on a terminal or a shell", () => {
  for (const value of ["rm -rf $HOME; true", "a\x1b[2J", "a\nb", "‮evil", "`id`", "-".repeat(300)]) {
    withCommand(value, () => assertEquals(commandLine("new"), "whisper new"));
  }
});

Deno.test("commandForAnyHost: names the task of a clone, or the program without a list of hosts", () => {
  withCommand(
    "./setup.sh chat:atlas",
    () => assertEquals(commandForAnyHost(), "./setup.sh chat"),
  );
  withCommand("deno task chat:atlas", () => assertEquals(commandForAnyHost(), "deno task chat"));
  withCommand(undefined, () => assertEquals(commandForAnyHost(), "whisper"));
});

Deno.test("programName: is one word", () => {
  withCommand("whisper-chat", () => assertEquals(programName(), "whisper-chat"));
  withCommand("./setup.sh chat", () => assertEquals(programName(), "whisper"));
  withCommand(undefined, () => assertEquals(programName(), "whisper"));
});
