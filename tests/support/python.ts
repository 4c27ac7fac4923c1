/**
 * A Python with a package, for the tests that compare with a second implementation. A person's machine
 * may have none; a build machine gets one: a virtual environment in a folder of its own.
 *
 * @module
 */

/** Packages that may be asked for, pinned. */
const PACKAGES = { cryptography: "cryptography==48.0.0" } as const;

/** A Python that can import the package, or why there is none. */
export type Python = { readonly ok: true; readonly path: string } | {
  readonly ok: false;
  readonly why: string;
};

/**
 * Finds a Python that has `name`. With `CI=true` it is made where there is none.
 *
 * @throws {Error} with `CI=true`, when it cannot be made.
 */
export async function findPython(name: keyof typeof PACKAGES): Promise<Python> {
  const windows = Deno.build.os === "windows";
  const candidates = windows ? ["python", "py"] : ["python3"];
  for (const path of candidates) if (await canImport(path, name)) return { ok: true, path };
  if (Deno.env.get("CI") !== "true") {
    return { ok: false, why: `no Python with "${name}" here` };
  }
  const folder = `${temporaryFolder()}/whisper-tests-python-${PACKAGES[name]}`;
  const path = windows ? `${folder}/Scripts/python.exe` : `${folder}/bin/python`;
  if (!await canImport(path, name)) {
    await run(candidates[0]!, ["-m", "venv", "--clear", folder]);
    await run(path, ["-m", "pip", "install", "--quiet", PACKAGES[name]]);
  }
  return { ok: true, path };
}

function temporaryFolder(): string {
  return Deno.env.get("TMPDIR") ?? Deno.env.get("TEMP") ?? "/tmp";
}

async function canImport(path: string, name: string): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(path, {
      args: ["-c", `import ${name}`],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function run(path: string, args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(path, { args: [...args], stdin: "null" })
    .output();
  if (success) return;
  throw new Error(
    `Cannot make a Python: ${path} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`,
  );
}
