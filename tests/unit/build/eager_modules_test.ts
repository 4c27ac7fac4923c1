import { assertEquals } from "@std/assert";
import { withEagerModules } from "../../../src/build/eager_modules.ts";

Deno.test("eager modules: each but the last stands in parentheses", () => {
  const text =
    'import{b as $S}from"./chunk.js";var a=$S(b=>{"use strict";b.MongoClientClosedError=1});' +
    "var c$=$S((d,e)=>{var f=g(h=>{i(()=>{})});e.exports=f});var j=$S(()=>{});" +
    "var k=$S(l=>{l.m=a()});var n=k();export{n as a};";
  const eager =
    'import{b as $S}from"./chunk.js";var a=$S((function(b){"use strict";b.MongoClientClosedError=1}));' +
    "var c$=$S((function(d,e){var f=g(h=>{i(()=>{})});e.exports=f}));var j=$S((function(){}));" +
    "var k=$S(l=>{l.m=a()});var n=k();export{n as a};";
  assertEquals(withEagerModules(text), eager);
});

Deno.test("eager modules: no other file, and none with something between two modules", () => {
  assertEquals(withEagerModules("var a=S(b=>{b.c=1});var d=S(e=>{});"), undefined);
  const between = "var a=S(b=>{b.MongoClientClosedError=1});a();var d=S(e=>{});";
  assertEquals(withEagerModules(between), undefined);
  assertEquals(withEagerModules("class MongoClientClosedError{}"), undefined);
});
