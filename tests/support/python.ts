/**
 * A Python with the `cryptography` package, the other implementation of Fernet: the machine's own, or
 * one that is made for the run where nothing may be skipped (`CI=true`).
 *
 * @module
 */

/** The interpreter to run, or why there is none. */
export type Python =
  | { readonly ok: true; readonly path: string; readonly close: () => void }
  | { readonly ok: false; readonly why: string };

/** Looks for it; under `CI=true` installs the package into a folder that `close` removes. */
export async function pythonWithCryptography(): Promise<Python> {
  for (const path of ["python3", "python"]) {
    if (await succeeds(path, ["-c", "import cryptography.fernet"])) {
      return { ok: true, path, close: () => {} };
    }
  }
  if (Deno.env.get("CI") !== "true") {
    return { ok: false, why: "no python3 with the package cryptography" };
  }
  const folder = await Deno.makeTempDir();
  const path = `${folder}/bin/python`;
  const install = ["-m", "pip", "install", "--quiet", "cryptography"];
  if (!await succeeds("python3", ["-m", "venv", folder]) || !await succeeds(path, install)) {
    await Deno.remove(folder, { recursive: true });
    throw new Error("Cannot make a Python with the package cryptography, which CI=true demands");
  }
  return { ok: true, path, close: () => Deno.removeSync(folder, { recursive: true }) };
}

/** Runs a program of Python on some input; returns what it printed. */
export async function runPython(path: string, program: string, input: string): Promise<string> {
  const child = new Deno.Command(path, {
    args: ["-c", program],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const output = child.output();
  await new Blob([input]).stream().pipeTo(child.stdin);
  const { success, stdout } = await output;
  if (!success) throw new Error("The program of Python failed");
  return new TextDecoder().decode(stdout);
}

async function succeeds(program: string, args: string[]): Promise<boolean> {
  try {
    const command = new Deno.Command(program, { args, stdout: "null", stderr: "null" });
    return (await command.output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
