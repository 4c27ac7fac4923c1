/**
 * The least that a Deno program can be.
 *
 * @module
 */

console.log("ready");
