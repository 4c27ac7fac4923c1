/**
 * An interceptor between one person and the relay, and what it does there.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { AlarmKind } from "../../src/chat/events.ts";
import * as cpace from "../../src/crypto/cpace.ts";
import { encodeHandshake, makeEnvelope } from "../../src/protocol/wire.ts";
import type { Envelope, Relay } from "../../src/relay/relay.ts";
import type { EnvelopeDocument } from "../../tests/support/memory_relay.ts";
import { Harness, type Person, QUIET_MS } from "./harness.ts";

/** What happens to one operation: `proceed` does it as it was asked for. */
export type Interceptor = (operation: string, args: unknown[], proceed: () => unknown) => unknown;

/**
 * A relay whose every operation passes through `interceptor`; what does not travel does not. As with any
 * relay, an operation is over when its signal says so, whatever the interceptor does.
 */
export function intercept(interceptor: Interceptor, relay: Relay): Relay {
  const local = ["close", "operations"];
  return new Proxy(relay, {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      const method = (...args: unknown[]) => Reflect.apply(value, target, args);
      if (local.includes(String(name))) return method;
      if (name === "watch") {
        return (...args: unknown[]) => interceptor(name, args, () => method(...args));
      }
      return (...args: unknown[]) => {
        const { signal } = (args.at(-1) ?? {}) as { signal?: AbortSignal };
        const answer = (async () => await interceptor(String(name), args, () => method(...args)))();
        return signal ? Promise.race([answer, aborted(signal)]) : answer;
      };
    },
  });
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** A document as it lies in a relay, valid or not. */
export type Document = EnvelopeDocument["envelope"];

/** What is stored in place of one envelope. */
export type Fault = (envelope: Envelope) => readonly Document[];

/**
 * A fixture: Alice (host) and Bob talk, and what Alice posts can be spoilt. Every case is a text that is
 * spoilt and a text after it that is not.
 */
export class HostileFixture {
  readonly harness: Harness;
  readonly alice: Person;
  readonly bob: Person;
  #fault: Fault | undefined;
  #case = 0;

  private constructor(harness: Harness, { alice, bob }: { alice: Person; bob: Person }) {
    this.harness = harness;
    this.alice = alice;
    this.bob = bob;
  }

  /** Two who have found each other, with nothing spoilt yet. */
  static async set({ seed = 1 } = {}): Promise<HostileFixture> {
    const harness = new Harness({ seed });
    let fixture: HostileFixture | undefined;
    const interceptor: Interceptor = (operation, args, proceed) => {
      const fault = fixture && fixture.#fault;
      if (operation !== "post" || !fault) return proceed();
      fixture!.#fault = undefined;
      for (const envelope of args[1] as Envelope[]) {
        for (const document of fault(envelope)) harness.plant(document);
      }
      return Promise.resolve();
    };
    const pair = await harness.pair({
      host: { through: (relay) => intercept(interceptor, relay) },
    });
    return fixture = new HostileFixture(harness, pair);
  }

  /**
   * Spoils one text with `fault`, and lets another follow.
   *
   * Nothing forged is shown, nothing twice, the order is right, the conversation goes on both ways, what
   * was not shown is not called delivered, and the alarms are exactly those expected, each told once.
   */
  async spoil(
    fault: Fault,
    expected: { shown: boolean; bob?: readonly AlarmKind[]; alice?: readonly AlarmKind[] },
    name: string,
  ): Promise<void> {
    const { alice, bob, harness } = this;
    const id = ++this.#case;
    const [victim, after, answer] = [`victim ${id}`, `after ${id}`, `answer ${id}`];
    const before = {
      heard: bob.heard.length,
      answers: alice.heard.length,
      delivered: alice.all("delivered").length,
      bob: bob.all("alarm").length,
      alice: alice.all("alarm").length,
    };
    this.#fault = fault;
    alice.say(victim);
    await harness.advance(500);
    assertEquals(this.#fault, undefined, `${name}: the text was not posted`);
    alice.say(after);
    bob.say(answer);
    await harness.advance(QUIET_MS);
    const shown = expected.shown ? [victim, after] : [after];
    assertEquals(bob.heard.slice(before.heard), shown, `${name}: what Bob reads`);
    assertEquals(alice.heard.slice(before.answers), [answer], `${name}: what Alice reads`);
    const delivered = alice.all("delivered").length - before.delivered;
    assertEquals(delivered, shown.length, `${name}: what is called delivered`);
    const raised = (person: Person, from: number) =>
      person.all("alarm").slice(from).map(({ kind }) => kind).sort();
    assertEquals(raised(bob, before.bob), [...expected.bob ?? []].sort(), `${name}: Bob's alarms`);
    const own = raised(alice, before.alice);
    assertEquals(own, [...expected.alice ?? []].sort(), `${name}: Alice's alarms`);
    for (const { kind, count } of bob.all("alarm").slice(before.bob)) {
      assertEquals(count, 1, `${name}: how often ${kind}`);
    }
  }

  /** Both leave; nothing is left. */
  async end(): Promise<void> {
    await this.harness.end();
  }
}

/** The envelope with its `index`th byte of the head changed. */
export function withHeadByte(envelope: Envelope, index: number, flip = 0x01): Document {
  const head = envelope.head.slice();
  head[index]! ^= flip;
  return { ...envelope, id: otherId(envelope), head };
}

/** The envelope with its `index`th character of the token changed. */
export function withTokenChar(envelope: Envelope, index: number): Document {
  const { token } = envelope;
  const other = token[index] === "A" ? "B" : "A";
  const altered = token.slice(0, index) + other + token.slice(index + 1);
  return { ...envelope, id: otherId(envelope), token: altered };
}

/** An identity that no envelope has: the relay would keep two documents under one name apart by it. */
export function otherId({ id }: Envelope): string {
  return (id[0] === "A" ? "B" : "A") + id.slice(1);
}

/** A well-formed share under `nonce`, from a client that does not know the code. */
export function foreignShare(harness: Harness, nonce: Uint8Array<ArrayBuffer>): Envelope {
  const nothing = new Uint8Array(0);
  const inputs = { prs: harness.random(8), ci: nothing, sid: nothing, ad: nothing };
  const { share } = cpace.start(inputs, harness.random);
  const head = encodeHandshake({ type: "guest-share", nonce, share });
  return makeEnvelope(harness.room, { from: "guest", seq: 0, head, token: "" });
}
