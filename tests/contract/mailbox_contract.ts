/**
 * The guarantees of `src/store/mailbox.ts` as tests that every store has to pass. A store's own test
 * file says how a relay of its kind is opened, and adds what it alone can do.
 *
 * @module
 */
import {
  assert,
  assertEquals,
  assertGreater,
  assertInstanceOf,
  assertNotEquals,
  assertRejects,
} from "@std/assert";
import { encodeBase64Url } from "@std/encoding/base64url";
import { systemRandom } from "../../src/clock.ts";
import {
  type Claim,
  type Envelope,
  LEASE_MS,
  type Listener,
  type Mailbox,
  MAX_BATCH,
  MAX_HEAD_BYTES,
  MAX_TOKEN_CHARS,
  type Refusal,
  type RoomId,
  type Seat,
  type Sender,
  type WatchState,
} from "../../src/store/mailbox.ts";

/** A relay under test, with the hands that a test needs behind the interface. */
export interface Relay {
  /** A new client, independent of all others; the suite closes it. */
  open(): Promise<Mailbox>;
  /** Makes the room, its leases and all its envelopes `ms` milliseconds older. */
  age(room: RoomId, ms: number): Promise<void>;
  /** Stores a document that is not an envelope, as if the guest had posted it. */
  plantMisshapen(room: RoomId, epoch: string): Promise<void>;
  /** Documents of the room that are really there, of every epoch, expired or not. */
  count(room: RoomId): Promise<number>;
  /** Ends the relay itself, after its clients. */
  close(): Promise<void>;
}

/** What a store's test file may set. */
export interface ContractOptions {
  /** Skips every test of the suite, by name. */
  readonly ignore?: boolean;
  /** Deno's leak sanitizers, for a relay that outlives a test. Default: on. */
  readonly sanitizeOps?: boolean;
  readonly sanitizeResources?: boolean;
}

const LINGER_MS = 600_000;
const SOAK = Deno.env.get("SOAK") === "1";
const JOINERS = 16;
const RACES = SOAK ? 1_000 : 50;
const PARTINGS = SOAK ? 1_000 : 25;
/** After this real time a watch that stays silent fails its test instead of hanging the run. */
const SILENCE_MS = 20_000;

/** Base64url of `length` random bytes. */
export function randomName(length: number): string {
  return encodeBase64Url(systemRandom(length));
}

/** An envelope that is like no other. */
export function envelope(from: Sender, seq: number, options: Partial<Envelope> = {}): Envelope {
  const id = randomName(16);
  return { id, from, seq, attempt: 0, head: systemRandom(32), token: `token-${id}`, ...options };
}

/** Writes down what a watch says, and lets a test await it. */
export class Recorder implements Listener {
  readonly pushed: Envelope[] = [];
  readonly states: WatchState[] = [];
  wakes = 0;
  #changed: (() => void) | undefined;

  push(envelopes: Envelope[]): void {
    this.pushed.push(...envelopes);
    this.#changed?.();
  }

  wake(): void {
    this.wakes++;
    this.#changed?.();
  }

  state(state: WatchState): void {
    this.states.push(state);
    this.#changed?.();
  }

  /** Calls so far, of every kind. */
  get calls(): number {
    return this.pushed.length + this.states.length + this.wakes;
  }

  /** Resolves when `condition` holds, looking after each call. */
  async until(condition: () => boolean | Promise<boolean>): Promise<void> {
    let guard: ReturnType<typeof setTimeout> | undefined;
    const silence = new Promise<never>((_, reject) => {
      guard = setTimeout(() => reject(new Error("The watch stayed silent")), SILENCE_MS);
    });
    try {
      while (true) {
        const changed = new Promise<void>((resolve) => this.#changed = resolve);
        if (await condition()) return;
        await Promise.race([changed, silence]);
      }
    } finally {
      clearTimeout(guard);
    }
  }

  /** Resolves when the watch works. */
  up(): Promise<void> {
    return this.until(() => this.states.some(({ state }) => state === "up"));
  }
}

/** Registers the suite for the store called `name`. */
export function mailboxContract(
  name: string,
  open: () => Promise<Relay>,
  options: ContractOptions = {},
): void {
  /** A relay with clients that are closed whatever happens. */
  function guarantee(what: string, run: (bench: Bench) => Promise<void>): void {
    Deno.test({
      name: `${name}: ${what}`,
      ...options,
      async fn() {
        const bench = new Bench(await open());
        try {
          await run(bench);
        } finally {
          await bench.close();
        }
      },
    });
  }

  seats(guarantee);
  epochs(guarantee);
  envelopes(guarantee);
  expiry(guarantee);
  leaving(guarantee);
  watching(guarantee);
  failing(guarantee);
}

type Guarantee = (what: string, run: (bench: Bench) => Promise<void>) => void;

/** Two clients in one room. */
interface Pair {
  readonly room: RoomId;
  readonly host: Mailbox;
  readonly guest: Mailbox;
  readonly hostSeat: Seat;
  readonly guestSeat: Seat;
}

/** What most tests begin with. */
class Bench {
  readonly relay: Relay;
  readonly #clients: Mailbox[] = [];
  readonly #watches = new AbortController();

  constructor(relay: Relay) {
    this.relay = relay;
  }

  async open(): Promise<Mailbox> {
    const client = await this.relay.open();
    this.#clients.push(client);
    return client;
  }

  /** A room with a host in it. */
  async hosted(host?: Mailbox): Promise<{ room: RoomId; host: Mailbox; hostSeat: Seat }> {
    const client = host ?? await this.open();
    const room = randomName(16);
    const made = await client.create(room, fresh());
    assert("seat" in made, "a new room is free");
    return { room, host: client, hostSeat: made.seat };
  }

  /** A room with both in it; `clients` to use again instead of new ones. */
  async paired(clients?: { host: Mailbox; guest: Mailbox }): Promise<Pair> {
    const { room, host, hostSeat } = await this.hosted(clients?.host);
    const guest = clients?.guest ?? await this.open();
    return {
      room,
      host,
      hostSeat,
      guest,
      guestSeat: seated(await guest.claim(room, randomName(16))),
    };
  }

  /** Starts a watch that ends with the test, and waits until it works. */
  async watch(client: Mailbox, seat: Seat, signal?: AbortSignal): Promise<Recorder> {
    const recorder = new Recorder();
    const end = this.#watches.signal;
    client.watch(seat, recorder, signal ? AbortSignal.any([signal, end]) : end);
    await recorder.up();
    return recorder;
  }

  async close(): Promise<void> {
    this.#watches.abort();
    for (const client of this.#clients) await client.close();
    await this.relay.close();
  }
}

function fresh(): { token: string; epoch: string; lingerMs: number } {
  return { token: randomName(16), epoch: randomName(8), lingerMs: LINGER_MS };
}

function seated(claim: Claim): Seat {
  assert("seat" in claim, `the seat was refused: ${"refused" in claim && claim.refused}`);
  return claim.seat;
}

async function assertRefused(client: Mailbox, room: RoomId, refusal: Refusal): Promise<void> {
  assertEquals(await client.claim(room, randomName(16)), { refused: refusal });
}

/** Identities of what `seat` can read, in order. */
async function ids(client: Mailbox, seat: Seat): Promise<string[]> {
  return (await client.read(seat)).envelopes.map(({ id }) => id);
}

/** Strangers who have knocked, as `seat` sees them. */
async function knocks(client: Mailbox, seat: Seat): Promise<Envelope[]> {
  return (await client.read(seat)).envelopes.filter(({ from }) => from === "stranger");
}

/** True once a watch has told of `id`, by a push or by a wake that leads to it. */
async function told(recorder: Recorder, client: Mailbox, seat: Seat, id: string): Promise<boolean> {
  if (recorder.pushed.some((envelope) => envelope.id === id)) return true;
  return recorder.wakes > 0 && (await ids(client, seat)).includes(id);
}

function seats(guarantee: Guarantee): void {
  guarantee(
    "a created room gives its host a seat under the token and epoch asked for",
    async (bench) => {
      const client = await bench.open();
      const room = randomName(16);
      const wish = fresh();
      const { token, epoch } = wish;
      assertEquals(await client.create(room, wish), { seat: { room, epoch, role: "host", token } });
    },
  );

  guarantee("a claim gives the guest seat and names the host's token", async (bench) => {
    const { room, hostSeat } = await bench.hosted();
    const client = await bench.open();
    const token = randomName(16);
    assertEquals(await client.claim(room, token), {
      seat: { room, epoch: hostSeat.epoch, role: "guest", token },
      hostToken: hostSeat.token,
    });
  });

  guarantee("a room that lives is taken for everybody but its host", async (bench) => {
    const { room } = await bench.hosted();
    const client = await bench.open();
    assertEquals(await client.create(room, fresh()), { refused: "taken" });
  });

  guarantee("a creation repeated with its token returns the same seat", async (bench) => {
    const client = await bench.open();
    const room = randomName(16);
    const wish = fresh();
    const first = await client.create(room, wish);
    assertEquals(await client.create(room, wish), first);
    assertEquals(await (await bench.open()).create(room, wish), first);
  });

  guarantee("of many who create one room at once, one becomes its host", async (bench) => {
    const clients = await Promise.all(Array.from({ length: 4 }, () => bench.open()));
    for (let round = 0; round < 5; round++) {
      const room = randomName(16);
      const made = await Promise.all(clients.map((client) => client.create(room, fresh())));
      assertEquals(made.filter((answer) => "seat" in answer).length, 1);
    }
  });

  guarantee(
    "a claim repeated with its token returns the same seat, sealed or not",
    async (bench) => {
      const { room, host, hostSeat } = await bench.hosted();
      const client = await bench.open();
      const token = randomName(16);
      const first = await client.claim(room, token);
      assertEquals(await (await bench.open()).claim(room, token), first);
      await host.seal(hostSeat);
      assertEquals(await client.claim(room, token), first);
      assertEquals(await knocks(host, hostSeat), []);
    },
  );

  guarantee(
    `of ${JOINERS} who claim one seat at once, one gets it and all others knock`,
    async (bench) => {
      const host = await bench.open();
      const joiners: Mailbox[] = [];
      for (let i = 0; i < JOINERS; i++) joiners.push(await bench.open());
      for (let round = 0; round < RACES; round++) {
        const { room, hostSeat } = await bench.hosted(host);
        const claims = await Promise.all(
          joiners.map((joiner) => joiner.claim(room, randomName(16))),
        );
        const winners = claims.filter((claim) => "seat" in claim).map(seated);
        assertEquals(winners.length, 1, `round ${round}`);
        for (const claim of claims) if ("refused" in claim) assertEquals(claim.refused, "full");
        assertEquals((await host.renew(hostSeat))?.peer?.token, winners[0]?.token);
        assertEquals((await knocks(host, hostSeat)).length, JOINERS - 1);
        await host.leave(hostSeat);
      }
    },
  );

  guarantee(
    "a claim on a room that is not there is refused as absent, and leaves nothing",
    async (bench) => {
      const client = await bench.open();
      const room = randomName(16);
      await assertRefused(client, room, "absent");
      assertEquals(await bench.relay.count(room), 0);
    },
  );

  guarantee(
    "a third claim is refused as full, and both inside can read the knock",
    async (bench) => {
      const { room, host, hostSeat, guest, guestSeat } = await bench.paired();
      await assertRefused(await bench.open(), room, "full");
      const [seen] = await knocks(host, hostSeat);
      assertEquals(seen && { ...seen, id: "", head: [...seen.head] }, {
        id: "",
        from: "stranger",
        seq: 0,
        attempt: 0,
        head: [],
        token: "",
      });
      assertEquals(await knocks(guest, guestSeat), [seen!]);
    },
  );

  guarantee("a claim on a sealed room is refused as sealed, and knocks", async (bench) => {
    const { room, host, hostSeat } = await bench.paired();
    assertEquals(await host.seal(hostSeat), true);
    await assertRefused(await bench.open(), room, "sealed");
    assertEquals((await knocks(host, hostSeat)).length, 1);
  });

  guarantee("a claim on a burnt room is refused as burnt, and knocks", async (bench) => {
    const { room, host, hostSeat } = await bench.hosted();
    assertEquals(await host.burn(hostSeat), true);
    await assertRefused(await bench.open(), room, "burnt");
    assertEquals((await knocks(host, hostSeat)).length, 1);
  });

  guarantee("a refused claim that is repeated with its token knocks once", async (bench) => {
    const { room, host, hostSeat } = await bench.paired();
    const client = await bench.open();
    const token = randomName(16);
    for (let i = 0; i < 3; i++) assertEquals(await client.claim(room, token), { refused: "full" });
    assertEquals((await knocks(host, hostSeat)).length, 1);
  });

  guarantee(
    "an unsealed seat whose lease has lapsed is free, and its former holder is told",
    async (bench) => {
      const { room, host, hostSeat, guest, guestSeat } = await bench.paired();
      await bench.relay.age(room, LEASE_MS + 1_000);
      await host.renew(hostSeat);
      const seat = seated(await (await bench.open()).claim(room, randomName(16)));
      assertEquals((await host.renew(hostSeat))?.peer?.token, seat.token);
      assertEquals(await guest.renew(guestSeat), undefined);
    },
  );

  guarantee(
    "a sealed seat whose lease has lapsed is not free, and its holder can come back",
    async (bench) => {
      const { room, host, hostSeat, guest, guestSeat } = await bench.paired();
      await host.seal(hostSeat);
      await bench.relay.age(room, LEASE_MS + 1_000);
      await host.renew(hostSeat);
      await assertRefused(await bench.open(), room, "sealed");
      assertEquals((await guest.renew(guestSeat))?.peer?.token, hostSeat.token);
    },
  );

  guarantee("a lapsed lease that nobody has used is renewed", async (bench) => {
    const { room, host, hostSeat, guest, guestSeat } = await bench.paired();
    await bench.relay.age(room, LEASE_MS + 1_000);
    assert(await guest.renew(guestSeat));
    assertGreater((await host.renew(hostSeat))?.peer?.leaseLeftMs ?? 0, 0);
    await assertRefused(await bench.open(), room, "full");
  });

  guarantee("renewing tells the peer's token and what is left of its lease", async (bench) => {
    const { room, host, hostSeat } = await bench.hosted();
    assertEquals((await host.renew(hostSeat))?.peer, undefined);
    const guestSeat = seated(await (await bench.open()).claim(room, randomName(16)));
    const left = (await host.renew(hostSeat))?.peer?.leaseLeftMs ?? 0;
    assert(left > 0 && left <= LEASE_MS, `${left} ms are left of a new lease`);
    await bench.relay.age(room, LEASE_MS + 1_000);
    const peer = (await host.renew(hostSeat))?.peer;
    assertEquals(peer?.token, guestSeat.token);
    assert(peer!.leaseLeftMs <= -500, `${peer!.leaseLeftMs} ms are left of a lapsed lease`);
  });

  guarantee(
    "renewing tells whether the room is sealed, and its revision rises with changes",
    async (bench) => {
      const { host, hostSeat, guest, guestSeat } = await bench.paired();
      const before = await host.renew(hostSeat);
      assertEquals(before?.sealed, false);
      await guest.seal(guestSeat);
      const after = await host.renew(hostSeat);
      assertEquals(after?.sealed, true);
      assertGreater(after!.revision, before!.revision);
    },
  );

  guarantee("sealing repeats, and is refused to who does not hold a seat", async (bench) => {
    const { host, hostSeat } = await bench.paired();
    assertEquals(await host.seal(hostSeat), true);
    assertEquals(await host.seal(hostSeat), true);
    assertEquals(await host.seal({ ...hostSeat, token: randomName(16) }), false);
    assertEquals(await host.burn({ ...hostSeat, token: randomName(16) }), false);
  });

  guarantee(
    "vacating frees the guest's seat for the next, and the guest is told",
    async (bench) => {
      const { room, host, hostSeat, guest, guestSeat } = await bench.paired();
      await host.vacate(hostSeat, guestSeat.token);
      await host.vacate(hostSeat, guestSeat.token);
      assertEquals((await host.renew(hostSeat))?.peer, undefined);
      assertEquals(await guest.renew(guestSeat), undefined);
      seated(await (await bench.open()).claim(room, randomName(16)));
    },
  );

  guarantee("vacating leaves alone a guest of another token, and a sealed one", async (bench) => {
    const { host, hostSeat, guest, guestSeat } = await bench.paired();
    await host.vacate(hostSeat, randomName(16));
    assert(await guest.renew(guestSeat));
    await host.seal(hostSeat);
    await host.vacate(hostSeat, guestSeat.token);
    assert(await guest.renew(guestSeat));
  });

  guarantee("who holds no seat can neither renew, vacate nor reopen", async (bench) => {
    const { room, host, hostSeat, guest, guestSeat } = await bench.paired();
    const forged = { ...hostSeat, token: randomName(16) };
    const client = await bench.open();
    assertEquals(await client.renew(forged), undefined);
    await client.vacate(forged, guestSeat.token);
    assertEquals(await client.reopen(forged, fresh()), undefined);
    assertEquals(await client.renew({ ...hostSeat, role: "guest" }), undefined);
    assertEquals(await client.renew({ ...hostSeat, epoch: randomName(8) }), undefined);
    assertEquals(await client.renew({ ...hostSeat, room: randomName(16) }), undefined);
    assert(await host.renew(hostSeat));
    assert(await guest.renew(guestSeat));
    assertEquals(await bench.relay.count(room), 1);
  });
}

function epochs(guarantee: Guarantee): void {
  guarantee(
    "reopening makes the other one a stranger and the one who asks the host",
    async (bench) => {
      for (const who of ["host", "guest"] as const) {
        const { room, host, hostSeat, guest, guestSeat } = await bench.paired();
        await host.seal(hostSeat);
        const [client, seat] = who === "host" ? [host, hostSeat] : [guest, guestSeat];
        const [otherClient, otherSeat] = who === "host" ? [guest, guestSeat] : [host, hostSeat];
        const next = fresh();
        const { token, epoch } = next;
        const opened = await client.reopen(seat, next);
        assertEquals(opened, { room, epoch, role: "host", token });
        assertEquals(await otherClient.renew(otherSeat), undefined);
        assertEquals(await client.renew(seat), undefined);
        const view = await client.renew(opened!);
        assertEquals({ sealed: view?.sealed, peer: view?.peer }, {
          sealed: false,
          peer: undefined,
        });
      }
    },
  );

  guarantee("a reopened room takes a new guest, burnt or sealed as it was", async (bench) => {
    for (const how of ["seal", "burn"] as const) {
      const { room, host, hostSeat } = await bench.paired();
      await host[how](hostSeat);
      const next = fresh();
      await host.reopen(hostSeat, next);
      const claim = await (await bench.open()).claim(room, randomName(16));
      assertEquals(seated(claim).epoch, next.epoch);
      assertEquals("hostToken" in claim && claim.hostToken, next.token);
    }
  });

  guarantee("reopening deletes the envelopes of earlier epochs", async (bench) => {
    const { room, host, hostSeat, guest, guestSeat } = await bench.paired();
    await guest.post(guestSeat, [envelope("guest", 0), envelope("guest", 1)]);
    await host.post(hostSeat, [envelope("host", 0)]);
    const opened = await host.reopen(hostSeat, fresh());
    assertEquals(await ids(host, opened!), []);
    assertEquals(await ids(host, hostSeat), []);
    assertEquals(await bench.relay.count(room), 1);
  });

  guarantee(
    "a reopening that is repeated returns the same seat and disturbs nothing",
    async (bench) => {
      const { room, host, hostSeat } = await bench.paired();
      const next = fresh();
      const opened = await host.reopen(hostSeat, next);
      const client = await bench.open();
      const guestSeat = seated(await client.claim(room, randomName(16)));
      const sent = envelope("guest", 0);
      await client.post(guestSeat, [sent]);
      assertEquals(await host.reopen(hostSeat, next), opened);
      assertEquals(await ids(host, opened!), [sent.id]);
      assert(await client.renew(guestSeat));
    },
  );

  guarantee("of two who reopen at once, one becomes the host", async (bench) => {
    const { host, hostSeat, guest, guestSeat } = await bench.paired();
    const opened = await Promise.all([
      host.reopen(hostSeat, fresh()),
      guest.reopen(guestSeat, fresh()),
    ]);
    assertEquals(opened.filter((seat) => seat).length, 1);
  });

  guarantee(
    "what is posted in an epoch that is over reaches nobody in the new one",
    async (bench) => {
      const { room, host, hostSeat, guest, guestSeat } = await bench.paired();
      const opened = await host.reopen(hostSeat, fresh());
      await guest.post(guestSeat, [envelope("guest", 1)]);
      assertEquals(await ids(host, opened!), []);
      const newGuest = await bench.open();
      const newSeat = seated(await newGuest.claim(room, randomName(16)));
      const sent = envelope("guest", 1);
      await newGuest.post(newSeat, [sent]);
      assertEquals(await ids(host, opened!), [sent.id]);
    },
  );
}

function envelopes(guarantee: Guarantee): void {
  guarantee("an envelope arrives with every field as it was posted", async (bench) => {
    const { host, hostSeat, guest, guestSeat } = await bench.paired();
    const sent = [
      envelope("guest", 0, { head: new Uint8Array(0), token: "" }),
      envelope("guest", 1, { attempt: 3, head: Uint8Array.from({ length: 256 }, (_, i) => i) }),
      envelope("guest", 2 ** 31 - 1, {
        head: new Uint8Array(MAX_HEAD_BYTES).fill(255),
        token: "x".repeat(MAX_TOKEN_CHARS),
      }),
    ];
    await guest.post(guestSeat, sent);
    assertEquals(await host.read(hostSeat), { envelopes: sent, malformed: 0 });
  });

  guarantee("each reads what the other posted, and not its own", async (bench) => {
    const { host, hostSeat, guest, guestSeat } = await bench.paired();
    const [mine, yours] = [envelope("host", 1), envelope("guest", 1)];
    await host.post(hostSeat, [mine]);
    await guest.post(guestSeat, [yours]);
    assertEquals(await ids(host, hostSeat), [yours.id]);
    assertEquals(await ids(guest, guestSeat), [mine.id]);
  });

  guarantee("rooms do not see each other's envelopes", async (bench) => {
    const one = await bench.paired();
    const two = await bench.paired(one);
    await one.guest.post(one.guestSeat, [envelope("guest", 1)]);
    assertEquals(await ids(two.host, two.hostSeat), []);
  });

  guarantee("posting again stores nothing and succeeds", async (bench) => {
    const { room, host, hostSeat, guest, guestSeat } = await bench.paired();
    const sent = envelope("guest", 1);
    await guest.post(guestSeat, [sent]);
    await guest.post(guestSeat, [{ ...sent, attempt: 1 }]);
    assertEquals(await ids(host, hostSeat), [sent.id]);
    assertEquals(await bench.relay.count(room), 2);
  });

  guarantee("a batch with envelopes that are stored already stores the others", async (bench) => {
    const { host, hostSeat, guest, guestSeat } = await bench.paired();
    const sent = Array.from({ length: 6 }, (_, i) => envelope("guest", i + 1));
    await guest.post(guestSeat, [sent[1]!, sent[3]!]);
    await guest.post(guestSeat, [...sent, sent[0]!]);
    assertEquals(await ids(host, hostSeat), sent.map(({ id }) => id));
  });

  guarantee("an empty batch is posted without harm", async (bench) => {
    const { room, guest, guestSeat } = await bench.paired();
    await guest.post(guestSeat, []);
    assertEquals(await bench.relay.count(room), 1);
  });

  guarantee("envelopes are read by sequence number, however they were posted", async (bench) => {
    const { host, hostSeat, guest, guestSeat } = await bench.paired();
    const sent = [3, 1, 10, 2].map((seq) => envelope("guest", seq));
    for (const one of sent) await guest.post(guestSeat, [one]);
    const { envelopes } = await host.read(hostSeat);
    assertEquals(envelopes.map(({ seq }) => seq), [1, 2, 3, 10]);
  });

  guarantee(
    "two envelopes that claim one sequence number are both stored and both read",
    async (bench) => {
      const { host, hostSeat, guest, guestSeat } = await bench.paired();
      const [one, two] = [envelope("guest", 5), envelope("guest", 5)];
      await guest.post(guestSeat, [one]);
      await (await bench.open()).post(guestSeat, [two]);
      assertEquals((await ids(host, hostSeat)).sort(), [one.id, two.id].sort());
    },
  );

  guarantee("when one envelope of a batch can be seen, all before it could be", async (bench) => {
    const { host, hostSeat, guest, guestSeat } = await bench.paired();
    const sent = Array.from({ length: 64 }, (_, i) => envelope("guest", i + 1));
    const posting = guest.post(guestSeat, sent);
    let posted = false;
    posting.then(() => posted = true, () => {});
    while (!posted) {
      const seen = (await host.read(hostSeat)).envelopes.map(({ seq }) => seq);
      assertEquals(seen, Array.from({ length: seen.length }, (_, i) => i + 1));
    }
    await posting;
    assertEquals((await ids(host, hostSeat)).length, 64);
  });

  guarantee(
    `a reading returns the first ${MAX_BATCH} by sequence number, the rest follows`,
    async (bench) => {
      const { host, hostSeat, guest, guestSeat } = await bench.paired();
      const sent = Array.from({ length: MAX_BATCH + 4 }, (_, i) => envelope("guest", i + 1));
      await guest.post(guestSeat, sent.slice(4));
      await guest.post(guestSeat, sent.slice(0, 4));
      const first = await ids(host, hostSeat);
      assertEquals(first, sent.slice(0, MAX_BATCH).map(({ id }) => id));
      await host.remove(hostSeat, first);
      assertEquals(await ids(host, hostSeat), sent.slice(MAX_BATCH).map(({ id }) => id));
    },
  );

  guarantee("a batch, head or token past its limit is refused as a whole", async (bench) => {
    const { room, guest, guestSeat } = await bench.paired();
    const good = envelope("guest", 1);
    const refused = [
      Array.from({ length: MAX_BATCH + 1 }, (_, i) => envelope("guest", i + 1)),
      [good, envelope("guest", 2, { head: new Uint8Array(MAX_HEAD_BYTES + 1) })],
      [good, envelope("guest", 2, { token: "x".repeat(MAX_TOKEN_CHARS + 1) })],
    ];
    for (const batch of refused) {
      await assertRejects(() => guest.post(guestSeat, batch), RangeError);
    }
    assertEquals(await bench.relay.count(room), 1);
  });

  guarantee("a document of another shape is counted and hides nothing", async (bench) => {
    const { room, host, hostSeat, guest, guestSeat } = await bench.paired();
    await bench.relay.plantMisshapen(room, hostSeat.epoch);
    const sent = envelope("guest", 1);
    await guest.post(guestSeat, [sent]);
    assertEquals(await host.read(hostSeat), { envelopes: [sent], malformed: 1 });
  });

  guarantee("removing takes away what it names, once, in its own epoch", async (bench) => {
    const one = await bench.paired();
    const two = await bench.paired(one);
    const sent = [1, 2, 3].map((seq) => envelope("guest", seq));
    await one.guest.post(one.guestSeat, sent);
    await two.guest.post(two.guestSeat, sent);
    const gone = [sent[0]!.id, sent[2]!.id, randomName(16)];
    await one.host.remove(one.hostSeat, gone);
    await one.host.remove(one.hostSeat, gone);
    await one.host.remove(one.hostSeat, []);
    await one.host.remove({ ...one.hostSeat, epoch: randomName(8) }, [sent[1]!.id]);
    assertEquals(await ids(one.host, one.hostSeat), [sent[1]!.id]);
    assertEquals((await ids(two.host, two.hostSeat)).length, 3);
    assertEquals(await bench.relay.count(one.room), 2);
  });
}

function expiry(guarantee: Guarantee): void {
  guarantee(
    "an expired room is absent, its seats are lost, and its envelopes unreadable",
    async (bench) => {
      const { room, host, hostSeat, guest, guestSeat } = await bench.paired();
      await guest.post(guestSeat, [envelope("guest", 1)]);
      await bench.relay.age(room, LINGER_MS + 1_000);
      await assertRefused(await bench.open(), room, "absent");
      assertEquals(await ids(host, hostSeat), []);
      assertEquals(await host.renew(hostSeat), undefined);
      assertEquals(await host.seal(hostSeat), false);
      assertEquals(await host.reopen(hostSeat, fresh()), undefined);
    },
  );

  guarantee(
    "an expired room can be made anew, and nothing of the old one is in it",
    async (bench) => {
      const { room, host, hostSeat, guest, guestSeat } = await bench.paired();
      await host.seal(hostSeat);
      await guest.post(guestSeat, [envelope("guest", 1)]);
      await bench.relay.age(room, LINGER_MS + 1_000);
      const client = await bench.open();
      const made = await client.create(room, fresh());
      assert("seat" in made);
      assertEquals(await ids(client, made.seat), []);
      assertEquals(await host.renew(hostSeat), undefined);
      seated(await (await bench.open()).claim(room, randomName(16)));
    },
  );

  guarantee("leaving a room that was made anew since does not touch the new one", async (bench) => {
    const { room, hostSeat, host, guest, guestSeat } = await bench.paired();
    await bench.relay.age(room, LINGER_MS + 1_000);
    const newHost = await bench.open();
    const made = await newHost.create(room, fresh());
    assert("seat" in made);
    const newGuest = await bench.open();
    const newGuestSeat = seated(await newGuest.claim(room, randomName(16)));
    const sent = envelope("guest", 1);
    await newGuest.post(newGuestSeat, [sent]);
    assertEquals((await host.leave(hostSeat)).last, false);
    assertEquals((await guest.leave(guestSeat)).last, false);
    assertEquals(await ids(newHost, made.seat), [sent.id]);
    assert(await newHost.renew(made.seat));
    assert(await newGuest.renew(newGuestSeat));
  });

  guarantee("renewing pushes the room's expiry forward by its linger", async (bench) => {
    const { room, host, hostSeat, guest, guestSeat } = await bench.paired();
    await bench.relay.age(room, LINGER_MS - 60_000);
    await guest.renew(guestSeat);
    await bench.relay.age(room, LINGER_MS - 60_000);
    assert(await host.renew(hostSeat), "either person's renewal keeps the room");
    await bench.relay.age(room, LINGER_MS + 1_000);
    assertEquals(await host.renew(hostSeat), undefined);
  });

  guarantee("envelopes expire by themselves, unless a renewal keeps them", async (bench) => {
    for (const keep of [false, true]) {
      const { room, host, hostSeat, guest, guestSeat } = await bench.paired();
      const sent = envelope("guest", 1);
      await guest.post(guestSeat, [sent]);
      await bench.relay.age(room, LINGER_MS - 60_000);
      assert(await guest.renew(guestSeat, { keep }));
      await bench.relay.age(room, 61_000);
      assertEquals(await ids(host, hostSeat), keep ? [sent.id] : []);
      assert(await host.renew(hostSeat));
    }
  });
}

function leaving(guarantee: Guarantee): void {
  guarantee(
    "the first to leave leaves all to the other, who takes everything along",
    async (bench) => {
      const { room, host, hostSeat, guest, guestSeat } = await bench.paired();
      await host.seal(hostSeat);
      const goodbye = envelope("guest", 1);
      await host.post(hostSeat, [envelope("host", 1), envelope("host", 2)]);
      await guest.post(guestSeat, [goodbye]);
      const first = await guest.leave(guestSeat);
      assertEquals(first, { last: false, remaining: 4 });
      assertEquals(await guest.renew(guestSeat), undefined);
      assertEquals((await host.renew(hostSeat))?.peer, undefined);
      assertEquals(await ids(host, hostSeat), [goodbye.id]);
      assertEquals(await host.leave(hostSeat), { last: true, remaining: 0 });
      assertEquals(await bench.relay.count(room), 0);
    },
  );

  guarantee("a host who leaves an empty room is the last one out", async (bench) => {
    const { room, host, hostSeat } = await bench.hosted();
    assertEquals(await host.leave(hostSeat), { last: true, remaining: 0 });
    assertEquals(await bench.relay.count(room), 0);
    await assertRefused(host, room, "absent");
  });

  guarantee("of two who leave at once, exactly one is the last one out", async (bench) => {
    const clients = { host: await bench.open(), guest: await bench.open() };
    for (let round = 0; round < PARTINGS; round++) {
      const { room, host, hostSeat, guest, guestSeat } = await bench.paired(clients);
      await host.seal(hostSeat);
      await host.post(hostSeat, [envelope("host", 1)]);
      await guest.post(guestSeat, [envelope("guest", 1)]);
      const gone = await Promise.all([host.leave(hostSeat), guest.leave(guestSeat)]);
      assertEquals(gone.filter(({ last }) => last).length, 1, `round ${round}`);
      assertEquals(gone.find(({ last }) => last)?.remaining, 0);
      assertEquals(await bench.relay.count(room), 0);
    }
  });

  guarantee("leaving repeats without harm", async (bench) => {
    const { room, host, hostSeat, guest, guestSeat } = await bench.paired();
    await guest.leave(guestSeat);
    assertEquals((await guest.leave(guestSeat)).last, false);
    assert(await host.renew(hostSeat));
    await host.leave(hostSeat);
    assertEquals((await host.leave(hostSeat)).remaining, 0);
    assertEquals((await guest.leave(guestSeat)).remaining, 0);
    assertEquals(await bench.relay.count(room), 0);
  });

  guarantee("who leaves after the other's lease has lapsed is the last one out", async (bench) => {
    const { room, host, hostSeat, guest, guestSeat } = await bench.paired();
    await host.seal(hostSeat);
    await guest.post(guestSeat, [envelope("guest", 1)]);
    await bench.relay.age(room, LEASE_MS + 1_000);
    assert(await host.renew(hostSeat));
    assertEquals(await host.leave(hostSeat), { last: true, remaining: 0 });
    assertEquals(await guest.renew(guestSeat), undefined);
    assertEquals(await guest.leave(guestSeat), { last: false, remaining: 0 });
  });

  guarantee(
    "the last one out takes along what earlier epochs and strangers left",
    async (bench) => {
      const { room, host, hostSeat, guest, guestSeat } = await bench.paired();
      await guest.post(guestSeat, [envelope("guest", 1)]);
      const opened = await host.reopen(hostSeat, fresh());
      await guest.post(guestSeat, [envelope("guest", 2)]);
      await bench.relay.plantMisshapen(room, hostSeat.epoch);
      await host.burn(opened!);
      await assertRefused(await bench.open(), room, "burnt");
      assertEquals(await host.leave(opened!), { last: true, remaining: 0 });
      assertEquals(await bench.relay.count(room), 0);
    },
  );

  guarantee("who does not hold a seat can leave without taking anything along", async (bench) => {
    const { host, hostSeat, guest, guestSeat } = await bench.paired();
    const stranger = await bench.open();
    assertEquals((await stranger.leave({ ...hostSeat, token: randomName(16) })).last, false);
    assertEquals((await stranger.leave({ ...guestSeat, epoch: randomName(8) })).last, false);
    assert(await host.renew(hostSeat));
    assert(await guest.renew(guestSeat));
  });

  guarantee(
    "a seat that was left in an unsealed room is free, in a sealed one it is not",
    async (bench) => {
      const open = await bench.paired();
      await open.guest.leave(open.guestSeat);
      seated(await (await bench.open()).claim(open.room, randomName(16)));
      const sealed = await bench.paired(open);
      await sealed.host.seal(sealed.hostSeat);
      await sealed.guest.leave(sealed.guestSeat);
      await assertRefused(await bench.open(), sealed.room, "sealed");
    },
  );
}

function watching(guarantee: Guarantee): void {
  guarantee("a watch tells of what the other posts", async (bench) => {
    const { host, hostSeat, guest, guestSeat } = await bench.paired();
    const toHost = await bench.watch(host, hostSeat);
    const toGuest = await bench.watch(guest, guestSeat);
    for (let seq = 1; seq <= 5; seq++) {
      const [mine, yours] = [envelope("host", seq), envelope("guest", seq)];
      await guest.post(guestSeat, [yours]);
      await toHost.until(() => told(toHost, host, hostSeat, yours.id));
      await host.post(hostSeat, [mine]);
      await toGuest.until(() => told(toGuest, guest, guestSeat, mine.id));
    }
  });

  guarantee("a watch tells of what was posted before it began", async (bench) => {
    const { host, hostSeat, guest, guestSeat } = await bench.paired();
    const sent = envelope("guest", 1);
    await guest.post(guestSeat, [sent]);
    const watch = await bench.watch(host, hostSeat);
    await watch.until(() => told(watch, host, hostSeat, sent.id));
  });

  guarantee("a watch tells of a knock", async (bench) => {
    const { room, host, hostSeat } = await bench.paired();
    const watch = await bench.watch(host, hostSeat);
    const stranger = await bench.open();
    const token = randomName(16);
    assertEquals(await stranger.claim(room, token), { refused: "full" });
    await watch.until(() => told(watch, host, hostSeat, token));
  });

  guarantee(
    "a watch pushes nothing of oneself, of other rooms or of other epochs",
    async (bench) => {
      const { host, hostSeat, guest, guestSeat } = await bench.paired();
      const elsewhere = await bench.paired({ host, guest });
      const watch = await bench.watch(host, hostSeat);
      await host.post(hostSeat, [envelope("host", 1)]);
      await guest.post(elsewhere.guestSeat, [envelope("guest", 1)]);
      await guest.post({ ...guestSeat, epoch: randomName(8) }, [envelope("guest", 1)]);
      const sent = envelope("guest", 1);
      await guest.post(guestSeat, [sent]);
      await watch.until(() => told(watch, host, hostSeat, sent.id));
      for (const pushed of watch.pushed) assertEquals(pushed, sent);
    },
  );

  guarantee("what a watch pushes of one sender comes in the order it was posted", async (bench) => {
    const { host, hostSeat, guest, guestSeat } = await bench.paired();
    const watch = await bench.watch(host, hostSeat);
    const sent = Array.from({ length: 40 }, (_, i) => envelope("guest", i + 1));
    for (let i = 0; i < sent.length; i += 8) await guest.post(guestSeat, sent.slice(i, i + 8));
    await watch.until(() => told(watch, host, hostSeat, sent.at(-1)!.id));
    const first = new Set<number>();
    for (const { seq } of watch.pushed) first.add(seq);
    assertEquals([...first], [...first].toSorted((a, b) => a - b));
  });

  guarantee("a misshapen document neither ends a watch nor is pushed", async (bench) => {
    const { room, host, hostSeat, guest, guestSeat } = await bench.paired();
    const watch = await bench.watch(host, hostSeat);
    await bench.relay.plantMisshapen(room, hostSeat.epoch);
    const sent = envelope("guest", 1);
    await guest.post(guestSeat, [sent]);
    await watch.until(() => told(watch, host, hostSeat, sent.id));
    for (const pushed of watch.pushed) assertEquals(pushed, sent);
  });

  guarantee("a watch is silent once its signal is aborted", async (bench) => {
    const { host, hostSeat, guest, guestSeat } = await bench.paired();
    const end = new AbortController();
    const ended = await bench.watch(host, hostSeat, end.signal);
    const other = await bench.watch(await bench.open(), hostSeat);
    end.abort();
    const before = ended.calls;
    const sent = envelope("guest", 1);
    await guest.post(guestSeat, [sent]);
    await other.until(() => told(other, host, hostSeat, sent.id));
    assertEquals(ended.calls, before);
  });

  guarantee("a watch with an aborted signal never begins", async (bench) => {
    const { host, hostSeat, guest, guestSeat } = await bench.paired();
    const never = new Recorder();
    host.watch(hostSeat, never, AbortSignal.abort());
    const other = await bench.watch(host, hostSeat);
    const sent = envelope("guest", 1);
    await guest.post(guestSeat, [sent]);
    await other.until(() => told(other, host, hostSeat, sent.id));
    assertEquals(never.calls, 0);
  });
}

function failing(guarantee: Guarantee): void {
  guarantee(
    "an operation whose signal is aborted throws its reason and does nothing",
    async (bench) => {
      const { room, host, hostSeat, guest, guestSeat } = await bench.paired();
      const reason = new Error("the person has had enough");
      const options = { signal: AbortSignal.abort(reason) };
      const attempts: (() => Promise<unknown>)[] = [
        () => host.create(randomName(16), fresh(), options),
        () => guest.claim(room, randomName(16), options),
        () => host.renew(hostSeat, options),
        () => host.seal(hostSeat, options),
        () => host.vacate(hostSeat, guestSeat.token, options),
        () => host.burn(hostSeat, options),
        () => host.reopen(hostSeat, fresh(), options),
        () => host.post(hostSeat, [envelope("host", 1)], options),
        () => host.read(hostSeat, options),
        () => host.remove(hostSeat, [randomName(16)], options),
        () => host.leave(hostSeat, options),
      ];
      for (const attempt of attempts) {
        assertEquals(await attempt().then(() => undefined, (error) => error), reason);
      }
      assertEquals((await host.renew(hostSeat))?.peer?.token, guestSeat.token);
      assertEquals(await bench.relay.count(room), 1);
    },
  );

  guarantee("a closed mailbox refuses every operation, and closing repeats", async (bench) => {
    const { room, host, hostSeat, guest, guestSeat } = await bench.paired();
    await host.close();
    await host.close();
    const attempts: (() => Promise<unknown>)[] = [
      () => host.create(randomName(16), fresh()),
      () => host.claim(room, randomName(16)),
      () => host.renew(hostSeat),
      () => host.post(hostSeat, [envelope("host", 1)]),
      () => host.read(hostSeat),
      () => host.leave(hostSeat),
    ];
    for (const attempt of attempts) {
      assertInstanceOf(await attempt().then(() => undefined, (error) => error), Error);
    }
    assert(await guest.renew(guestSeat), "the relay goes on without it");
  });

  guarantee("a watch ends with its mailbox", async (bench) => {
    const { host, hostSeat, guest, guestSeat } = await bench.paired();
    const ended = await bench.watch(host, hostSeat);
    await host.close();
    const before = ended.pushed.length + ended.wakes;
    const client = await bench.open();
    const other = await bench.watch(client, hostSeat);
    const sent = envelope("guest", 1);
    await guest.post(guestSeat, [sent]);
    await other.until(() => told(other, client, hostSeat, sent.id));
    assertEquals(ended.pushed.length + ended.wakes, before);
  });

  guarantee("operations are counted", async (bench) => {
    const { host, hostSeat } = await bench.hosted();
    const total = () => Object.values(host.operations()).reduce((sum, count) => sum + count, 0);
    const before = total();
    assertNotEquals(before, 0);
    await host.post(hostSeat, [envelope("host", 1)]);
    assertGreater(total(), before);
  });
}
