import { assertEquals } from "@std/assert";
import { LEAN_DRIVER, replacingOne } from "../../../src/build/lean_driver.ts";

/** Each edit's result, applied one after the other; undefined where it does not fit. */
function lean(text: string): (string | undefined)[] {
  return LEAN_DRIVER.map(({ apply }) => apply(text));
}

Deno.test("lean driver: the other URL is the global one", () => {
  const text = 'var a=q("node:net"),b=$r("whatwg-url");class c extends b.URL{}';
  assertEquals(lean(text)[0], text.replace('$r("whatwg-url")', "globalThis"));
});

Deno.test("lean driver: saslprep is loaded for the passwords that need it", () => {
  const text = "var x=A(()=>{var $b=C9(),c=D()});" +
    "var y=A(()=>{var a=B(),a$b=E(),$b=F1(),c=D();g(t?(0,$b.saslprep)(p):h)});" +
    "var z=A(()=>{var $b=G()})";
  const edited = lean(text)[1]!;
  assertEquals(
    edited,
    text.replace("$b=F1()", () => "$b={saslprep:p=>/^[ -~]*$/.test(p)?p:F1().saslprep(p)}"),
  );
});

Deno.test("lean driver: what has no such place stays as it is", () => {
  const none = LEAN_DRIVER.map(() => undefined);
  assertEquals(lean('import"./chunk.js";var a=b("node:net")'), none);
  assertEquals(lean("g((0,a.saslprep)(p))"), none);
});

Deno.test("lean driver: what stands in two places of a file does not fit", () => {
  assertEquals(replacingOne("a@b", "@", "$&"), "a$&b");
  assertEquals(replacingOne("a@b@c", "@", "-"), undefined);
  assertEquals(lean('b("whatwg-url");c("whatwg-url")')[0], undefined);
});
