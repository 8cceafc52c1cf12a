/** What a repository holds, as a lead agent is told: its tracked paths as a tree, in bounded size. Pure. */

/** So many characters a map may have. */
const LONGEST_MAP = 24_000;
/** Of the kinds of files in a directory that is not opened, so many are named. */
const KINDS_NAMED = 3;

interface Directory {
  readonly name: string;
  readonly depth: number;
  readonly files: string[];
  readonly directories: Map<string, Directory>;
}

/**
 * The map of these paths, relative to the root and with `/`. Directories are opened level by level, as long as there is
 * room; one that is not says how many files it has, and of which kinds. The same paths, in whatever order, give the same
 * text.
 */
export function repositoryMap(paths: Iterable<string>, limit = LONGEST_MAP): string {
  const root = treeOf(paths);
  if (countOf(root) === 0) return "(no tracked files)\n";
  const opened = new Set<Directory>();
  let room = limit;
  for (let level: readonly Directory[] = [root]; level.length > 0;) {
    const next: Directory[] = [];
    for (const directory of level) {
      const cost = openedLines(directory).join("\n").length + 1;
      if (cost > room && directory !== root) continue;
      room -= cost;
      opened.add(directory);
      next.push(...inOrder(directory));
    }
    level = next;
  }
  const lines = linesOf(root, opened);
  return `${cut(lines, limit).join("\n")}\n`;
}

function treeOf(paths: Iterable<string>): Directory {
  const root = directoryOf("", 0);
  for (const path of paths) {
    const names = path.split("/");
    let place = root;
    for (const name of names.slice(0, -1)) {
      const known = place.directories.get(name);
      const next = known ?? directoryOf(name, place.depth + 1);
      if (known === undefined) place.directories.set(name, next);
      place = next;
    }
    place.files.push(names.at(-1) ?? "");
  }
  return root;
}

function directoryOf(name: string, depth: number): Directory {
  return { name, depth, files: [], directories: new Map() };
}

/** The lines that opening a directory adds: those of its files, and one for each directory in it. */
function openedLines(directory: Directory): readonly string[] {
  return [...inOrder(directory).map(closedLine), ...fileLines(directory)];
}

function linesOf(directory: Directory, opened: ReadonlySet<Directory>): readonly string[] {
  return [
    ...inOrder(directory).flatMap((each) =>
      opened.has(each)
        ? [`${indent(each)}${shown(each.name)}/`, ...linesOf(each, opened)]
        : [closedLine(each)]
    ),
    ...fileLines(directory),
  ];
}

function fileLines({ files, depth }: Directory): readonly string[] {
  return files.toSorted(byCode).map((name) => `${"  ".repeat(depth)}${shown(name)}`);
}

function closedLine(directory: Directory): string {
  return `${indent(directory)}${shown(directory.name)}/ (${contentsOf(directory)})`;
}

/** `12 files: 9 .ts, 3 .md`. */
function contentsOf(directory: Directory): string {
  const kinds = new Map<string, number>();
  countKinds(directory, kinds);
  const named = [...kinds].toSorted((a, b) => b[1] - a[1] || byCode(a[0], b[0])).slice(0, KINDS_NAMED);
  const total = countOf(directory);
  const rest = kinds.size > named.length ? ", …" : "";
  const list = named.map(([kind, count]) => `${count} ${kind}`).join(", ");
  return `${total} ${total === 1 ? "file" : "files"}: ${list}${rest}`;
}

function countKinds({ files, directories }: Directory, kinds: Map<string, number>): void {
  for (const name of files) {
    const dot = name.lastIndexOf(".");
    const kind = dot > 0 ? shown(name.slice(dot)) : "without suffix";
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  for (const each of directories.values()) countKinds(each, kinds);
}

function countOf({ files, directories }: Directory): number {
  let count = files.length;
  for (const each of directories.values()) count += countOf(each);
  return count;
}

/** The root alone may have more entries than there is room for. */
function cut(lines: readonly string[], limit: number): readonly string[] {
  let length = 0;
  const at = lines.findIndex((line) => (length += line.length + 1) > limit);
  return at < 0 ? lines : [...lines.slice(0, at), `… and ${lines.length - at} more`];
}

function inOrder({ directories }: Directory): readonly Directory[] {
  return [...directories.values()].toSorted((a, b) => byCode(a.name, b.name));
}

/** By UTF-16 units: the same on every machine, whatever its language. */
function byCode(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function indent({ depth }: Directory): string {
  return "  ".repeat(Math.max(0, depth - 1));
}

/** A name that could be taken for more than one line is quoted. */
function shown(name: string): string {
  // deno-lint-ignore no-control-regex -- these are what is looked for
  return /[\u0000-\u001f\u007f\u2028\u2029]/.test(name) ? JSON.stringify(name) : name;
}
