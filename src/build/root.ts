/**
 * Where the repository is.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

/** The path of its folder, with a separator at the end. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
