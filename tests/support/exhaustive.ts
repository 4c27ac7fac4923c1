/**
 * Exhaustive generation: a program that draws its choices from a {@link Choices} is run once for every
 * sequence of choices it can make, without the choices being listed beforehand.
 *
 * @module
 */

/** Where one run takes its choices from. */
export class Choices {
  readonly #path: { taken: number; of: number }[] = [];
  #position = 0;

  /** One of `options`; each is chosen in some run. */
  pick<T>(options: readonly T[]): T {
    const known = this.#path[this.#position];
    if (!known) this.#path.push({ taken: 0, of: options.length });
    else if (known.of !== options.length) throw new Error("The program does not repeat itself");
    return options[this.#path[this.#position++]!.taken]!;
  }

  /** Goes on to the next run; false when all were made. */
  next(): boolean {
    this.#path.length = this.#position;
    this.#position = 0;
    for (let last; (last = this.#path.at(-1));) {
      if (++last.taken < last.of) return true;
      this.#path.pop();
    }
    return false;
  }

  /** The choices of the present run, to replay it. */
  toString(): string {
    return this.#path.map(({ taken }) => taken).join(".");
  }
}

/**
 * Runs `program` for every sequence of choices.
 *
 * @returns how many there were.
 * @throws {Error} the error of a run, with its choices.
 */
export async function forEveryChoice(
  program: (choices: Choices) => Promise<void>,
): Promise<number> {
  const choices = new Choices();
  for (let runs = 1;; runs++) {
    await program(choices);
    if (!choices.next()) return runs;
  }
}
