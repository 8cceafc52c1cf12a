/** Compares states as their canonical JSON would, without writing it. */

/** Whether the same would be written of both. */
export function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [own, other] = [a, b].map((each) => Object.entries(each).filter(([, value]) => value !== undefined));
  const values = new Map(other);
  return own?.length === values.size &&
    own.every(([key, value]) => values.has(key) && isSame(value, values.get(key)));
}
