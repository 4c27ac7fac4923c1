/**
 * What two programs were told to say, and what each showed of the other: the five numbers that have to
 * be zero, and how long things took.
 *
 * @module
 */
import type { Line, Program } from "../support/program.ts";

/** One of the two. */
export type Side = "host" | "guest";

/** The other of the two. */
export function otherOf(side: Side): Side {
  return side === "host" ? "guest" : "host";
}

/** One text, from the moment that it was said, in real milliseconds. */
interface Text {
  readonly saidAt: number;
  shownAt?: number;
  isSent?: true;
  isDelivered?: true;
}

/** What has to be zero, and what it was found in. */
export interface Verdict {
  /** Texts said, and texts that the relay accepted. */
  readonly said: number;
  readonly sent: number;
  readonly shown: number;
  /** Accepted, and never shown. */
  readonly lost: number;
  /** Shown more than once. */
  readonly doubled: number;
  /** Shown before one that was said earlier, or not as it was said. */
  readonly disordered: number;
  readonly falseAlarms: number;
}

/** Every so many texts, one is long: a link can stand still in the middle of it. */
const LONG_EVERY = 25;
const LONG_CHARS = 12_000;

/** The text of that number. */
function textOf(side: Side, number: number): string {
  const said = `${side} says ${number}`;
  return number % LONG_EVERY === 0 ? said.padEnd(LONG_CHARS, ".") : said;
}

/** The book of one side: what it said. */
class Book {
  readonly texts: Text[] = [];
  delivered = 0;
  doubled = 0;
  disordered = 0;
  /** The number of the last text shown. */
  last = -1;
}

/** Follows two programs. */
export class Ledger {
  readonly #books: Readonly<Record<Side, Book>> = { host: new Book(), guest: new Book() };
  /** Alarms and errors, as they were told. */
  readonly complaints: string[] = [];
  #alarms = 0;
  #changed = Promise.withResolvers<void>();

  /** Reads all that the program of `side` says, until it ends. Rejects when it stays silent. */
  async follow(side: Side, program: Program): Promise<void> {
    for (let seen = 0;;) {
      await program.line(() => true, seen);
      const at = performance.now();
      for (; seen < program.lines.length; seen++) {
        const line = program.lines[seen]!;
        this.#take(side, line, at);
        if (line.event === "closed") return;
      }
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    }
  }

  /** Notes that `side` says its next text, and gives it. */
  say(side: Side): { readonly send: string; readonly id: string } {
    const { texts } = this.#books[side];
    texts.push({ saidAt: performance.now() });
    const number = texts.length - 1;
    return { send: textOf(side, number), id: String(number) };
  }

  /** Texts of `side` that are not known to be read. */
  outstanding(side: Side): number {
    const { texts, delivered } = this.#books[side];
    return texts.length - delivered;
  }

  /** Texts said so far. */
  said(side: Side): number {
    return this.#books[side].texts.length;
  }

  /** Texts that the other of the two has shown so far, the last one counting for all before. */
  shown(side: Side): number {
    return this.#books[side].last + 1;
  }

  /** Resolves when something was said or shown. */
  change(): Promise<void> {
    return this.#changed.promise;
  }

  /** Milliseconds from saying to showing, of all that was shown, in ascending order. */
  latencies(): number[] {
    return Object.values(this.#books).flatMap(({ texts }) =>
      texts.flatMap(({ saidAt, shownAt }) => shownAt === undefined ? [] : [shownAt - saidAt])
    ).sort((a, b) => a - b);
  }

  /** The numbers. */
  verdict(): Verdict {
    const books = Object.values(this.#books);
    const texts = books.flatMap(({ texts }) => texts);
    const count = (is: (text: Text) => unknown) => texts.filter(is).length;
    const sum = (of: (book: Book) => number) => books.reduce((total, book) => total + of(book), 0);
    return {
      said: texts.length,
      sent: count(({ isSent }) => isSent),
      shown: count(({ shownAt }) => shownAt !== undefined),
      lost: count(({ isSent, shownAt }) => isSent && shownAt === undefined),
      doubled: sum(({ doubled }) => doubled),
      disordered: sum(({ disordered }) => disordered),
      falseAlarms: this.#alarms,
    };
  }

  #take(side: Side, line: Line, at: number): void {
    switch (line.event) {
      case "message":
        return this.#show(otherOf(side), String(line["text"]), at);
      case "sent":
        this.#books[side].texts[Number(line["id"])]!.isSent = true;
        return;
      case "delivered": {
        const text = this.#books[side].texts[Number(line["id"])]!;
        if (!text.isDelivered) this.#books[side].delivered++;
        text.isDelivered = true;
        return;
      }
      case "alarm":
        this.#alarms++;
        this.complaints.push(`${side}: ${JSON.stringify(line)}`);
        return;
      case "error":
        this.complaints.push(`${side}: ${JSON.stringify(line)}`);
    }
  }

  #show(sender: Side, said: string, at: number): void {
    const book = this.#books[sender];
    const [, number] = new RegExp(`^${sender} says (\\d+)`).exec(said) ?? [];
    const text = number === undefined ? undefined : book.texts[Number(number)];
    if (!text || said !== textOf(sender, Number(number))) return void book.disordered++;
    if (text.shownAt !== undefined) return void book.doubled++;
    text.shownAt = at;
    if (Number(number) !== book.last + 1) book.disordered++;
    book.last = Math.max(book.last, Number(number));
  }
}
