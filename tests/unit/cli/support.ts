/**
 * Command lines to try, and what a sentence of refusal has to be.
 *
 * @module
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Command } from "../../../src/cli/command.ts";
import { parseCommand } from "../../../src/cli/parse.ts";
import type { StoredConfig } from "../../../src/cli/settings.ts";
import { Failure } from "../../../src/errors.ts";
import { describeFailure } from "../../../src/ui/messages/failures.ts";

/** What stands around a command line. */
export interface Around {
  readonly env?: Readonly<Record<string, string>>;
  readonly config?: StoredConfig;
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
  const text = describeFailure(failure);
  assert(text.message.includes(sentence), `${text.message} (expected: ${sentence})`);
  assert(text.hint.includes(hint), `${text.hint} (expected: ${hint})`);
  assertWellSaid(failure, status);
  for (const value of never) {
    // Neither the sentences nor the facts behind them.
    assert(!`${text.message} ${text.hint} ${failure.message}`.includes(value), "it is repeated");
  }
  return failure;
}

/** Two sentences, the first one saying what happened, the second one what to do. */
export function assertWellSaid(failure: Failure, expected = 2): void {
  const { message, hint } = describeFailure(failure);
  assertEquals(failure.status, expected);
  assert(/^[A-Z].*\.$/s.test(message), message);
  assert(BEGINS.test(hint) && /[.?)]$/.test(hint), hint);
  assert(!message.includes("\n") && !hint.includes("\n"));
}
