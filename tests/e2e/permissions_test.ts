/**
 * What the permissions of Whisper allow, tried by a program that has them.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { permissionFlags } from "../../src/build/permissions.ts";

const PROBE = new URL("./permissions_probe.ts", import.meta.url).pathname;
const IS_LINUX = Deno.build.os === "linux";
/** What the program may do with every set. */
const ALWAYS = [
  ...["make its folder", "write in its folder", "read in its folder", "read a named file"],
  ...["read a variable of Whisper's", "reach this computer"],
];
const ANY_HOST = ["reach another host", "open a port to others"];

/** The Denos to try: this one, and the one that compiles where that is another. */
const DENOS = [...new Set([Deno.execPath(), Deno.env.get("DENO_FOR_COMPILE") ?? Deno.execPath()])];

for (const deno of DENOS) {
  const kind = deno === Deno.execPath() ? "" : ", the Deno that compiles";
  for (const atlas of [true, false]) {
    Deno.test({
      name: `permissions: ${atlas ? "Atlas and this computer" : "any host"}${kind}${
        IS_LINUX ? "" : " (skipped: not Linux)"
      }`,
      ignore: !IS_LINUX,
      async fn() {
        const allowed = await probe(deno, atlas);
        const wanted = [...ALWAYS, ...(atlas ? [] : ANY_HOST)];
        assertEquals(Object.keys(allowed).filter((name) => allowed[name]), wanted);
      },
    });
  }
}

async function probe(deno: string, atlas: boolean): Promise<Record<string, boolean>> {
  const folder = await Deno.makeTempDir({ prefix: "whisper-test-" });
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for await (const connection of listener) connection.close();
  })();
  try {
    for (const name of ["named", "another"]) await Deno.writeTextFile(`${folder}/${name}`, "text");
    const { stdout, stderr } = await new Deno.Command(deno, {
      args: [
        ...["run", "--quiet", "--no-check", "--no-lock"],
        ...permissionFlags({ atlas }),
        ...[
          PROBE,
          String(listener.addr.port),
          folder,
          "--local",
          "--password-file",
          `${folder}/named`,
        ],
      ],
      env: { XDG_RUNTIME_DIR: folder },
    }).output();
    const text = new TextDecoder().decode(stdout);
    if (text === "") throw new Error(new TextDecoder().decode(stderr));
    return JSON.parse(text);
  } finally {
    listener.close();
    await serving;
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  name:
    "permissions: with a proxy, the worker reaches the proxy, and nothing else reaches anything",
  ignore: !IS_LINUX,
  async fn() {
    const listeners = [1, 2].map(() => Deno.listen({ hostname: "127.0.0.1", port: 0 }));
    const serving = listeners.map(async (listener) => {
      for await (const connection of listener) connection.close();
    });
    const ports = listeners.map(({ addr }) => String((addr as Deno.NetAddr).port));
    try {
      const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "--quiet", "--no-check", "--no-lock"],
          ...permissionFlags({ atlas: false }),
          ...[new URL("./worker_probe.ts", import.meta.url).pathname, ...ports],
        ],
      }).output();
      const text = new TextDecoder().decode(stdout);
      if (text === "") throw new Error(new TextDecoder().decode(stderr));
      const { worker, around } = JSON.parse(text);
      const allowed = (of: Record<string, boolean>) => Object.keys(of).filter((name) => of[name]);
      assertEquals([allowed(worker), allowed(around)], [["reach the proxy"], []]);
    } finally {
      for (const listener of listeners) listener.close();
      await Promise.all(serving);
    }
  },
});
