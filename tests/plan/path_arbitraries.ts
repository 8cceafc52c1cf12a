/** Entries and paths for property tests: few names, so that they meet. */

import fc from "fast-check";
import { normalizeEntry } from "../../src/plan/path_entry.ts";

const folder = fc.constantFrom("a", "b", "c.d", "A");
const file = fc.constantFrom("a", "b", "x.ts", "y.ts", "x.md", "c.d", ".x", "X.TS");
const pattern = fc.constantFrom(
  "*",
  "**",
  "*.ts",
  "*.md",
  "?.ts",
  "[ab]",
  "{a,b}",
  "{a,b}.ts",
  "*.d.ts",
  "{a/x,b}.md",
);

/** An entry of a path set in normal form. */
export const anyEntry: fc.Arbitrary<string> = fc
  .tuple(
    fc.array(fc.oneof({ weight: 3, arbitrary: folder }, pattern), { maxLength: 3 }),
    fc.oneof(file, pattern),
  )
  .map(([segments, last]) => {
    const result = normalizeEntry([...segments, last].join("/"));
    if (!result.ok) throw new Error(result.problem);
    return result.path;
  });

/** A path relative to the root. */
export const anyPath: fc.Arbitrary<string> = fc
  .tuple(fc.array(folder, { maxLength: 3 }), file)
  .map(([segments, last]) => [...segments, last].join("/"));

/** A path with two entries that were made from it, so that both often match it. */
export const pathWithEntries: fc.Arbitrary<readonly [path: string, a: string, b: string]> = anyPath.chain((
  path,
) => fc.tuple(fc.constant(path), entryNear(path), entryNear(path)));

/** An entry made from a path by cutting it off, and by putting patterns in the place of segments. */
function entryNear(path: string): fc.Arbitrary<string> {
  const segments = path.split("/");
  const suffix = path.slice(path.lastIndexOf("."));
  const choice = fc.constantFrom("same", "same", "*", "**", `*${suffix}`);
  return fc
    .tuple(fc.integer({ min: 1, max: segments.length }), fc.array(choice, { minLength: 4, maxLength: 4 }))
    .map(([length, choices]) => {
      const made = segments.slice(0, length).map((segment, at) =>
        choices[at] === "same" ? segment : choices[at]
      );
      const result = normalizeEntry(made.join("/"));
      return result.ok ? result.path : "**";
    });
}
