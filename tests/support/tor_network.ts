/**
 * A Tor network of one's own on the loopback interface: three authorities, three relays, an onion
 * service and a client, all of them Debian's `tor`. Options are those of tor(1), "TESTING NETWORK
 * OPTIONS".
 *
 * @module
 */
import { isInstalled } from "./installed.ts";

const AUTHORITIES = 3;
const RELAYS = 3;
/** It starts in less than 20 s on two cores. */
const START_MS = 120_000;

/** Why there can't be one; undefined where `tor` and `tor-gencert` are installed. */
export async function whyNoTor(): Promise<string | undefined> {
  for (const program of ["tor", "tor-gencert"]) {
    if (!await isInstalled(program)) return `${program} is missing`;
  }
  return undefined;
}

/** A port that was free a moment ago. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function run(program: string, args: readonly string[], input = ""): Promise<string> {
  const child = new Deno.Command(program, {
    args: [...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  // It may end without reading.
  await writer.write(new TextEncoder().encode(input)).then(() => writer.close()).catch(() => {});
  return new TextDecoder().decode((await child.output()).stdout);
}

/** A running network. */
export class TorNetwork implements AsyncDisposable {
  /** The name of the onion service. */
  onion = "";
  readonly socksPort = freePort();
  readonly #controlPort = freePort();
  readonly #root = Deno.makeTempDirSync({ prefix: "whisper-tor-" });
  readonly #running: Deno.ChildProcess[] = [];
  #client: Deno.ChildProcess | undefined;

  /**
   * Starts one whose onion service leads to a port of this computer.
   *
   * @throws {Error} with the client's log when it has no circuit in two minutes.
   */
  static async start(port: number): Promise<TorNetwork> {
    const network = new TorNetwork();
    try {
      await network.#start(port);
      return network;
    } catch (error) {
      await network[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #start(port: number): Promise<void> {
    const names = Array.from({ length: AUTHORITIES + RELAYS }, (_, n) => `relay${n}`);
    const nodes = await Promise.all(names.map(async (name, n) => {
      const node = { name, orPort: freePort(), dirPort: freePort(), isAuthority: n < AUTHORITIES };
      const line = node.isAuthority ? await this.#authority(node) : "";
      return { ...node, line };
    }));
    const shared = [
      "TestingTorNetwork 1",
      "AssumeReachable 1",
      "PathsNeededToBuildCircuits 0.25",
      "Address 127.0.0.1",
      "ExtendAllowPrivateAddresses 1",
      ...nodes.map(({ line }) => line),
    ];
    for (const { name, orPort, dirPort, isAuthority } of nodes) {
      const own = isAuthority
        ? [
          `DirPort 127.0.0.1:${dirPort}`,
          "AuthoritativeDirectory 1",
          "V3AuthoritativeDirectory 1",
          "TestingV3AuthInitialVotingInterval 5",
          "TestingV3AuthInitialVoteDelay 2",
          "TestingV3AuthInitialDistDelay 2",
          "V3AuthVotingInterval 10",
          "V3AuthVoteDelay 2",
          "V3AuthDistDelay 2",
          "TestingDirAuthVoteExit *",
          "TestingDirAuthVoteHSDir *",
          "TestingDirAuthVoteGuard *",
          "TestingMinExitFlagThreshold 0",
        ]
        : [];
      this.#running.push(
        this.#tor(name, [
          ...shared,
          `Nickname ${name}`,
          `ORPort 127.0.0.1:${orPort}`,
          "SocksPort 0",
          "ContactInfo test@example.org",
          ...own,
        ]),
      );
    }
    this.#folder("service");
    const service = `${this.#root}/service/onion`;
    this.#running.push(
      this.#tor("service", [
        ...shared,
        "SocksPort 0",
        `HiddenServiceDir ${service}`,
        `HiddenServicePort 27017 127.0.0.1:${port}`,
      ]),
    );
    this.#folder("client");
    this.#client = this.#tor("client", [
      ...shared,
      `SocksPort 127.0.0.1:${this.socksPort}`,
      `ControlPort 127.0.0.1:${this.#controlPort}`,
    ]);
    await Promise.all([this.#isReady("client"), this.#isReady("service")]);
    this.onion = (await Deno.readTextFile(`${service}/hostname`)).trim();
  }

  /** Makes the keys of an authority, and gives the line by which all know it. */
  async #authority(
    node: { readonly name: string; readonly orPort: number; readonly dirPort: number },
  ): Promise<string> {
    const folder = this.#folder(node.name);
    const keys = `${folder}/keys`;
    await Deno.mkdir(keys, { mode: 0o700 });
    const address = `127.0.0.1:${node.dirPort}`;
    const certificate = `${keys}/authority_certificate`;
    await run("tor-gencert", [
      ...["--create-identity-key", "--passphrase-fd", "0", "-m", "1", "-a", address],
      ...["-i", `${keys}/authority_identity_key`, "-s", `${keys}/authority_signing_key`],
      ...["-c", certificate],
    ], "whisper\n");
    const listed = await run("tor", [
      ...["--list-fingerprint", "--orport", "1", "--datadirectory", folder, "-f", "/dev/null"],
      ...["--dirauthority", `x 127.0.0.1:1 ${"f".repeat(40)}`, "--ignore-missing-torrc"],
    ]);
    const fingerprint = /^\S+ ((?:[0-9A-F]{4} ?){10})$/m.exec(listed)?.[1]?.replaceAll(" ", "");
    const identity = /fingerprint (\w+)/.exec(await Deno.readTextFile(certificate))?.[1];
    if (!fingerprint || !identity) throw new Error(`tor made no keys for ${node.name}:\n${listed}`);
    return `DirAuthority ${node.name} orport=${node.orPort} no-v2 v3ident=${identity} ` +
      `${address} ${fingerprint}`;
  }

  #folder(name: string): string {
    const folder = `${this.#root}/${name}`;
    Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
    return folder;
  }

  /** Starts a node; without lines, one that has run before. */
  #tor(name: string, lines?: readonly string[]): Deno.ChildProcess {
    const folder = this.#folder(name);
    const settings = `${folder}/torrc`;
    if (lines) {
      Deno.writeTextFileSync(
        settings,
        [`DataDirectory ${folder}`, `Log notice file ${folder}/log`, ...lines, ""].join("\n"),
      );
    }
    return new Deno.Command("tor", { args: ["-f", settings], stdout: "null", stderr: "null" })
      .spawn();
  }

  async #isReady(name: string): Promise<void> {
    const until = performance.now() + START_MS;
    const log = () => Deno.readTextFile(`${this.#root}/${name}/log`).catch(() => "");
    while (!(await log()).includes("Bootstrapped 100%")) {
      if (performance.now() > until) throw new Error(`tor has no circuit:\n${await log()}`);
      await new Promise((next) => setTimeout(next, 200));
    }
  }

  /** Ends the client; everything that goes through it is cut off. */
  async stopClient(): Promise<void> {
    this.#client?.kill("SIGTERM");
    await this.#client?.status;
    this.#client = undefined;
  }

  /** Starts the client again. */
  startClient(): void {
    this.#client = this.#tor("client");
  }

  /** For each circuit to the onion service: the login by which it is isolated. */
  async circuits(): Promise<string[]> {
    using control = await Deno.connect({ hostname: "127.0.0.1", port: this.#controlPort });
    const request = 'AUTHENTICATE ""\r\nGETINFO circuit-status\r\nQUIT\r\n';
    await control.write(new TextEncoder().encode(request));
    const answer = await new Response(control.readable).text();
    return answer.split("\r\n").filter((line) => line.includes("PURPOSE=HS_CLIENT_REND"))
      .flatMap((line) => /SOCKS_USERNAME="([^"]*)"/.exec(line)?.[1] ?? []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = [...this.#running, ...(this.#client ? [this.#client] : [])];
    for (const child of all) child.kill("SIGKILL");
    await Promise.all(all.map(({ status }) => status));
    await Deno.remove(this.#root, { recursive: true });
  }
}
