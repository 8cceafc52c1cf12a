/** RFC 8785 (JSON Canonicalization Scheme): one text per value, so that bytes and digests can be compared. */

/** What JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * The canonical text of `value`: object keys in UTF-16 order, no white space, numbers as ECMAScript prints
 * them. Keys whose value is `undefined` are left out, as `JSON.stringify` does.
 *
 * @throws {TypeError} for what JSON cannot hold: NaN, infinities, functions, symbols, big integers, lone surrogates.
 */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case "string":
      if (!value.isWellFormed()) throw new TypeError("Cannot canonicalize a string with a lone surrogate");
      return JSON.stringify(value);
    case "number":
      if (!Number.isFinite(value)) throw new TypeError(`Cannot canonicalize the number ${value}`);
      return JSON.stringify(value);
    case "boolean":
      return value ? "true" : "false";
    case "object":
      if (value === null) return "null";
      return Array.isArray(value) ? canonicalArray(value) : canonicalObject(value);
    default:
      throw new TypeError(`Cannot canonicalize a value of type ${typeof value}`);
  }
}

function canonicalArray(items: readonly unknown[]): string {
  return `[${items.map((item) => canonicalJson(item === undefined ? null : item)).join(",")}]`;
}

function canonicalObject(object: object): string {
  const parts: string[] = [];
  for (const [key, value] of Object.entries(object).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) {
    if (value !== undefined) parts.push(`${canonicalJson(key)}:${canonicalJson(value)}`);
  }
  return `{${parts.join(",")}}`;
}
