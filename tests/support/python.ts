/**
 * A Python with the packages of the second implementations: `cryptography` for Fernet, and `kyber-py`
 * for ML-KEM. The machine's own if it has them, else a virtual environment for the run.
 *
 * @module
 */

/** The interpreter to run, or why there is none. */
export type Python =
  | { readonly ok: true; readonly path: string; readonly close: () => void }
  | { readonly ok: false; readonly why: string };

const PACKAGES = ["cryptography", "kyber-py"];
const IMPORTS = "import cryptography.fernet, kyber_py.ml_kem";

/**
 * Looks for it, or makes one in a folder that `close` removes. Where that fails, tests may be skipped;
 * under `CI=true` it is an error.
 */
export async function pythonWithPackages(): Promise<Python> {
  for (const path of ["python3", "python"]) {
    if (await succeeds(path, ["-c", IMPORTS])) return { ok: true, path, close: () => {} };
  }
  const folder = await Deno.makeTempDir({ prefix: "whisper-python-" });
  const path = `${folder}/bin/python`;
  const environment = ["-m", "venv", "--system-site-packages", folder];
  const install = ["-m", "pip", "install", "--quiet", ...PACKAGES];
  if (await succeeds("python3", environment) && await succeeds(path, install)) {
    return { ok: true, path, close: () => Deno.removeSync(folder, { recursive: true }) };
  }
  await Deno.remove(folder, { recursive: true });
  const why = `no python3 with the packages ${PACKAGES.join(" and ")}`;
  if (Deno.env.get("CI") === "true") throw new Error(`CI=true demands what is missing: ${why}`);
  return { ok: false, why };
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
