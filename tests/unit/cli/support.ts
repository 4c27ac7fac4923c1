/**
 * Command lines to try, and what a sentence of refusal has to be.
 *
 * @module
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Command } from "../../../src/cli/command.ts";
import { parseCommand } from "../../../src/cli/parse.ts";
import type { Kept } from "../../../src/cli/settings.ts";
import { Failure } from "../../../src/errors.ts";

/** What stands around a command line. */
export interface Around {
  readonly env?: Readonly<Record<string, string>>;
  readonly config?: Kept;
}

/** Understands a command line. */
export function parse(args: readonly string[], { env = {}, config = {} }: Around = {}): Command {
  return parseCommand(args, {
    env: (name) => Object.hasOwn(env, name) ? env[name] : undefined,
    config: () => config,
  });
}

/** The same for a command that must be of one kind. */
export function parseAs<N extends Command["command"]>(
  name: N,
  args: readonly string[],
  around?: Around,
): Extract<Command, { command: N }> {
  const command = parse(args, around);
  assertEquals(command.command, name);
  return command as Extract<Command, { command: N }>;
}

/** Words that a hint shows as they are typed. */
const BEGINS = /^[A-Z(]/;

/** The failure of an action: a sentence, a hint of whole sentences, status 2 (or another). */
export function refused(
  action: () => unknown,
  sentence: string,
  hint: string,
  { status = 2, never = [] }: { status?: number; never?: readonly string[] } = {},
): Failure {
  const failure = assertThrows(action, Failure);
  assert(failure.message.includes(sentence), `${failure.message} (expected: ${sentence})`);
  assert(failure.hint.includes(hint), `${failure.hint} (expected: ${hint})`);
  assertWellSaid(failure, status);
  for (const value of never) {
    assert(!`${failure.message} ${failure.hint}`.includes(value), `${failure.message} repeats it`);
  }
  return failure;
}

/** Two sentences, the first one saying what happened, the second one what to do. */
export function assertWellSaid({ message, hint, status }: Failure, expected = 2): void {
  assertEquals(status, expected);
  assert(/^[A-Z].*\.$/s.test(message), message);
  assert(BEGINS.test(hint) && /[.?)]$|[A-Z]$|NAME$/.test(hint), hint);
  assert(!message.includes("\n") && !hint.includes("\n"));
}
