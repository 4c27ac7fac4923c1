/**
 * Environment variables.
 *
 * @module
 */

/** A variable; undefined for one that we may not read. */
export function env(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}
