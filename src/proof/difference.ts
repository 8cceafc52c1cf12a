/** Where two JSON values differ first. Pure. */

/** Path, expected and found value of the first difference; undefined where there is none. */
export function firstDifference(expected: unknown, found: unknown, path = ""): string | undefined {
  if (isObject(expected) && isObject(found)) {
    for (const key of new Set([...Object.keys(expected), ...Object.keys(found)])) {
      const below = path === "" ? key : `${path}.${key}`;
      const difference = firstDifference(expected[key], found[key], below);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }
  if (Object.is(expected, found)) return undefined;
  return `${path}: expected ${JSON.stringify(expected) ?? "nothing"}, found ${
    JSON.stringify(found) ?? "nothing"
  }`;
}

/** Arrays count: their indexes are their keys. */
function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
