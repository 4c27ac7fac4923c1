/**
 * docs/JSON.md against the program: the statuses and codes that scripts branch on.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { EXIT, STATUS } from "../../../src/exit_status.ts";
import { read } from "../../support/documents.ts";

Deno.test("JSON.md: lists every exit status, with the error codes that end in it", () => {
  const [, table = ""] = read("docs/JSON.md").split("## Exit status\n");
  const listed = [...table.matchAll(/^\| (\d+) .*\|(.*)\|$/gm)].map(([, status, codes]) => [
    Number(status),
    [...codes!.matchAll(/`([^`]+)`/g)].map(([, code]) => code!).sort(),
  ]);
  const actual = Object.values(EXIT).map((status) => [
    status,
    Object.entries(STATUS).filter(([, of]) => of === status).map(([code]) => code).sort(),
  ]);
  assertEquals(listed, actual);
});
