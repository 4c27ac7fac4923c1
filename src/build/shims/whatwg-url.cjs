// In place of whatwg-url, with which the driver parses connection strings. Deno's own URL follows the
// same standard (https://url.spec.whatwg.org); the package would load its Unicode tables at each start.
exports.URL = globalThis.URL;
exports.URLSearchParams = globalThis.URLSearchParams;
