import { assertEquals } from "@std/assert";
import { nearest } from "../../src/nearest.ts";

const WORDS = ["new", "join", "chat", "doctor", "config", "fernet", "completions"];

Deno.test("nearest: finds the word behind one or two typos", () => {
  const cases: [typed: string, word: string | undefined][] = [
    ["jion", "join"],
    ["JOIN", "join"],
    ["joi", "join"],
    ["oin", "join"],
    ["joine", "join"],
    ["docotr", "doctor"],
    ["dctor", "doctor"],
    ["fernat", "fernet"],
    ["comp", "completions"],
    ["completoins", "completions"],
    ["nwe", "new"],
  ];
  for (const [typed, word] of cases) assertEquals(nearest(typed, WORDS), word, typed);
});

Deno.test("nearest: finds nothing far from all words or near to several", () => {
  for (const typed of ["", "x", "c", "kill", "nnn", "hunter2", "x".repeat(33)]) {
    assertEquals(nearest(typed, WORDS), undefined, typed);
  }
  assertEquals(nearest("co", WORDS), undefined);
  assertEquals(nearest("name", []), undefined);
});

Deno.test("nearest: takes no long time for a long word", () => {
  assertEquals(nearest("a".repeat(1_000_000), ["a".repeat(1_000_000)]), undefined);
});
