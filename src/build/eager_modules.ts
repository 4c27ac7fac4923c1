/**
 * The driver's modules in a form that V8 compiles once.
 *
 * The bundler puts each module of a CommonJS package into a function: `var a=b((c,d)=>{...});`. V8 takes
 * it for one that may never be called: it looks through it for its end, and again from its beginning
 * when it is called. Every module of the driver is called at once. A function expression in parentheses
 * is compiled where it stands, since a call of it is expected (https://v8.dev/blog/preparser#pife).
 *
 * @module
 */

/** A module's beginning: its name, the bundler's helper, the parameters. */
const BEGINNING = /(?<![\w$])var ([\w$]+)=([\w$]+)\((?:\(([\w$,]*)\)|([\w$]+))=>\{/g;
const END = "});";
/** Only the driver has a class of this name. */
const DRIVER = "MongoClientClosedError";

/**
 * The file of the driver with its modules in parentheses; undefined for every other file, and for one
 * whose modules do not follow one another.
 *
 * A module is cut where the next one begins. Were there anything in between, the result would not even
 * be JavaScript, and compiling would fail. The last module stays as it is: nothing tells its end.
 * `this` is undefined in these functions, whichever way they are written.
 */
export function withEagerModules(text: string): string | undefined {
  if (!text.includes(DRIVER)) return undefined;
  const [first, ...others] = text.matchAll(BEGINNING);
  if (!first) return undefined;
  let result = text.slice(0, first.index);
  let begun = first;
  for (const next of others) {
    // The same words around another function belong to the inside of a module.
    if (next[2] !== first[2]) continue;
    const [beginning, name, helper, parameters, parameter] = begun;
    const module = text.slice(begun.index, next.index);
    if (!module.endsWith(END)) return undefined;
    const body = module.slice(beginning.length, -END.length);
    result += `var ${name}=${helper}((function(${parameters ?? parameter}){${body}}));`;
    begun = next;
  }
  return result + text.slice(begun.index);
}
