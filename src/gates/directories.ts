/** Where a command of a script may be at work, as far as reading it tells. Pure. */

/** More directories are not remembered: each `cd` doubles how many there may be. */
const MOST = 32;

/**
 * The directories that the words of a command may be relative to, the likeliest first; the root of the tree is "". There
 * are several as reading alone does not tell where a subshell ends, or which branch is taken: what lies in none of them
 * is none of the tree's files, and a word means the file in the first that has it.
 */
export class Directories {
  readonly #paths: readonly string[];

  constructor(paths: readonly string[] = [""]) {
    this.#paths = paths;
  }

  /** Those after `cd DIRECTORY`. */
  entered(directory: string): Directories {
    return this.preferring(this.candidates(directory));
  }

  /** Those with these before them. */
  preferring(paths: readonly string[]): Directories {
    return new Directories([...new Set([...paths, ...this.#paths])].slice(0, MOST));
  }

  /** What a word may mean, as git writes paths; nothing where it leads out of the tree. */
  candidates(word: string): readonly string[] {
    if (word.startsWith("/")) return [];
    return [...new Set(this.#paths.flatMap((directory) => normalPath(`${directory}/${word}`) ?? []))];
  }
}

/** The directory that a path of the tree lies in. */
export function directoryOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function normalPath(path: string): string | undefined {
  const segments: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "" || segment === ".") continue;
    if (segment !== "..") segments.push(segment);
    else if (segments.pop() === undefined) return undefined;
  }
  return segments.join("/");
}
