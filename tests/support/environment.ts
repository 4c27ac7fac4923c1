import { assert } from "@std/assert";

const FLAGS = Deno.readTextFileSync(new URL("../../src/permissions/flags", import.meta.url));
const ALLOWED = /^--allow-env=(.*)$/m.exec(FLAGS)![1]!.split(",");

/** Variables as the program reads them: asking for one that its permissions do not name fails. */
export function environment(
  variables: Readonly<Record<string, string>>,
): (name: string) => string | undefined {
  return (name) => {
    assert(ALLOWED.includes(name), `${name} is not among the permitted variables`);
    return variables[name];
  };
}
