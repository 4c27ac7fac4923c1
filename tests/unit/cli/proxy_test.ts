import { assertEquals, assertThrows } from "@std/assert";
import { hasPassword, hostOf, parseProxy } from "../../../src/cli/proxy.ts";
import { Failure } from "../../../src/errors.ts";
import { refused } from "./support.ts";

Deno.test("parseProxy: reads kind, host, port and login", () => {
  const plain = { kind: "socks5", host: "127.0.0.1", port: 9050 } as const;
  for (const scheme of ["socks5", "socks5h", "SOCKS5"]) {
    assertEquals(parseProxy(`${scheme}://127.0.0.1:9050`, "--proxy"), plain);
  }
  assertEquals(parseProxy(" http://ann:p%40ss@proxy.example:3128/ ", "--proxy"), {
    kind: "http",
    host: "proxy.example",
    port: 3128,
    user: "ann",
    password: "p@ss",
  });
  const ipv6 = parseProxy("socks5://[::1]:9050", "--proxy");
  assertEquals([ipv6.host, hostOf(ipv6), hostOf(plain)], ["::1", "[::1]:9050", "127.0.0.1:9050"]);
});

Deno.test("parseProxy: refuses anything else with a sentence, and repeats nothing of it", () => {
  const cases = [
    ["", "not the address"],
    ["127.0.0.1:9050", "not the address"],
    ["socks4://h:1", "only socks5:// and http://"],
    ["https://h:1", "only socks5:// and http://"],
    ["socks5://h", "no port"],
    ["socks5://h:0", "no port"],
    ["socks5://h:70000", "no port"],
    ["socks5://secret h:1", "not the address"],
    ["socks5://h:1/secret", "not the address"],
    [`socks5://${"secret".repeat(60)}:x@h:1`, "longer than 255 bytes"],
  ] as const;
  for (const [text, sentence] of cases) {
    refused(() => parseProxy(text, "--proxy"), sentence, "Write it as socks5://", {
      never: ["secret"],
    });
  }
});

Deno.test("hasPassword: sees a password, and no port", () => {
  const texts = ["socks5://a:b@h:1", "socks5://a@h:1", "socks5://h:1"];
  assertEquals(texts.map(hasPassword), [true, false, false]);
  assertThrows(() => parseProxy("socks5://:b@h:1", "--proxy"), Failure);
});
