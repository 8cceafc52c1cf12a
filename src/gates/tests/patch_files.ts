/** A git patch as the lines that each part of a file had before and has after it. Pure. */

/** One file of a patch. */
export interface PatchedFile {
  /** As it was before, or where it is new, as it is now. */
  readonly path: string;
  readonly isDeleted: boolean;
  readonly hunks: readonly PatchedPart[];
}

/** Consecutive lines of a file, those around the change included. */
export interface PatchedPart {
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** Reads a patch that git made with the prefixes `a/` and `b/` and without renames. */
export function patchedFiles(patch: string): readonly PatchedFile[] {
  const files: { path: string; isDeleted: boolean; hunks: { before: string[]; after: string[] }[] }[] = [];
  /** How many lines of the hunk are still to come, by which side: a line of it may look like a header. */
  let left = { before: 0, after: 0 };
  for (const line of patch.split("\n")) {
    const file = files.at(-1);
    const hunk = file?.hunks.at(-1);
    if (hunk !== undefined && (left.before > 0 || left.after > 0)) {
      const text = line.slice(1);
      if (line.startsWith("\\")) continue;
      if (!line.startsWith("+")) {
        hunk.before.push(text);
        left.before -= 1;
      }
      if (!line.startsWith("-")) {
        hunk.after.push(text);
        left.after -= 1;
      }
      continue;
    }
    if (line.startsWith("diff --git ")) {
      files.push({ path: pathOf(line), isDeleted: false, hunks: [] });
      left = { before: 0, after: 0 };
    } else if (file !== undefined && line.startsWith("deleted file mode ")) {
      file.isDeleted = true;
    } else if (file !== undefined && line.startsWith("@@ ")) {
      const counts = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/.exec(line);
      left = { before: Number(counts?.[1] ?? 1), after: Number(counts?.[2] ?? 1) };
      file.hunks.push({ before: [], after: [] });
    }
  }
  return files;
}

/** Without renames both names are the same, so the second half of the line is the name. */
function pathOf(header: string): string {
  const names = header.slice("diff --git ".length);
  const second = names.slice((names.length + 1) / 2);
  return second.startsWith('"') ? unquote(second).slice(2) : second.slice(2);
}

/** git writes names with unusual bytes as C strings: octal escapes of their UTF-8. */
function unquote(quoted: string): string {
  const bytes: number[] = [];
  const inner = quoted.slice(1, -1);
  for (const [piece, octal, single] of inner.matchAll(/\\([0-7]{3})|\\(.)|[^\\]+/g)) {
    if (octal !== undefined) bytes.push(Number.parseInt(octal, 8));
    else bytes.push(...new TextEncoder().encode(single === undefined ? piece : ESCAPES[single] ?? single));
  }
  return new TextDecoder().decode(new Uint8Array(bytes));
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};
