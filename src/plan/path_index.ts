/**
 * The path sets of the tasks at work, by path segments: asking which of them conflict with another task walks down
 * that task's paths and does not look at every running task.
 */

import {
  type DeclaredSets,
  entriesOf,
  overlapKeysOf,
  type PathEntry,
  type PathOptions,
  suffixesExclude,
} from "./path_set.ts";

/** What a task reads and writes, as entries in normal form. */
export interface PathSets {
  readonly reads: readonly string[];
  /** Empty where the task writes nothing, and where it declares nothing. */
  readonly writes: readonly string[];
}

/** No entries; one array, because what is remembered about a set is remembered per array. */
const NONE: readonly string[] = [];

/** The sets of a task. */
export function pathSetsOf(task: DeclaredSets): PathSets {
  return { reads: task.read_set, writes: task.write_set ?? NONE };
}

/** See the module. */
export class PathIndex {
  readonly #options: PathOptions;
  readonly #sets = new Map<string, PathSets>();
  readonly #reads = new EntryTree();
  readonly #writes = new EntryTree();
  /** How many entries of tasks write under an overlap key. */
  readonly #written = new Map<string, number>();

  /** Starts empty. */
  constructor(options: PathOptions = {}) {
    this.#options = options;
  }

  /** Adds a task, or replaces its sets. */
  add(taskId: string, sets: PathSets): void {
    this.remove(taskId);
    if (sets.reads.length === 0 && sets.writes.length === 0) return;
    this.#sets.set(taskId, sets);
    for (const entry of entriesOf(sets.reads, this.#options)) this.#reads.add(taskId, entry);
    for (const entry of entriesOf(sets.writes, this.#options)) this.#writes.add(taskId, entry);
    for (const key of this.writtenKeys(sets)) this.#written.set(key, (this.#written.get(key) ?? 0) + 1);
  }

  /** Removes a task; nothing happens where it is not there. */
  remove(taskId: string): void {
    const sets = this.#sets.get(taskId);
    if (sets === undefined) return;
    this.#sets.delete(taskId);
    for (const entry of entriesOf(sets.reads, this.#options)) this.#reads.remove(taskId, entry);
    for (const entry of entriesOf(sets.writes, this.#options)) this.#writes.remove(taskId, entry);
    for (const key of this.writtenKeys(sets)) {
      const left = (this.#written.get(key) ?? 0) - 1;
      if (left > 0) this.#written.set(key, left);
      else this.#written.delete(key);
    }
  }

  /** The overlap keys of what these sets write: who reads or writes under one of them conflicts with it. */
  writtenKeys(sets: PathSets): readonly string[] {
    return overlapKeysOf(sets.writes, this.#options);
  }

  /** A key under which these sets read or write, and `isWritten` says that somebody writes; undefined where none is. */
  touchedKey(sets: PathSets, isWritten: (key: string) => boolean = (key) => this.#written.has(key)) {
    return overlapKeysOf(sets.writes, this.#options).find(isWritten) ??
      overlapKeysOf(sets.reads, this.#options).find(isWritten);
  }

  /** The tasks that write what these sets read or write, or read what they write. Each once, in no fixed order. */
  conflictsWith(sets: PathSets): string[] {
    const found = new Set<string>();
    for (const entry of entriesOf(sets.writes, this.#options)) {
      this.#writes.collect(entry, found);
      this.#reads.collect(entry, found);
    }
    for (const entry of entriesOf(sets.reads, this.#options)) this.#writes.collect(entry, found);
    return [...found];
  }
}

/** One segment of the literal prefixes that go through it. */
interface Node {
  readonly children: Map<string, Node>;
  /** The entries whose prefix ends here, by task; a task may have several. */
  readonly entries: Map<string, PathEntry[]>;
}

function createNode(): Node {
  return { children: new Map(), entries: new Map() };
}

/** Entries by the segments of their literal prefix. */
class EntryTree {
  readonly #root = createNode();

  add(taskId: string, entry: PathEntry): void {
    let node = this.#root;
    for (const segment of entry.prefix) {
      let child = node.children.get(segment);
      if (child === undefined) {
        child = createNode();
        node.children.set(segment, child);
      }
      node = child;
    }
    const entries = node.entries.get(taskId);
    if (entries === undefined) node.entries.set(taskId, [entry]);
    else entries.push(entry);
  }

  /** Removes all entries of the task that share the prefix, and the nodes that nothing needs any more. */
  remove(taskId: string, entry: PathEntry): void {
    const path: Node[] = [this.#root];
    for (const segment of entry.prefix) {
      const child = path.at(-1)?.children.get(segment);
      if (child === undefined) return;
      path.push(child);
    }
    path.at(-1)?.entries.delete(taskId);
    for (let at = path.length - 1; at > 0; at--) {
      const node = path[at];
      if (node === undefined || node.entries.size > 0 || node.children.size > 0) return;
      path[at - 1]?.children.delete(entry.prefix[at - 1] ?? "");
    }
  }

  /** Adds to `found` every task with an entry that overlaps this one. */
  collect(entry: PathEntry, found: Set<string>): void {
    let node = this.#root;
    for (const segment of entry.prefix) {
      collectAt(node, entry, found);
      const child = node.children.get(segment);
      if (child === undefined) return;
      node = child;
    }
    const pending = [node];
    for (let each = pending.pop(); each !== undefined; each = pending.pop()) {
      collectAt(each, entry, found);
      for (const child of each.children.values()) pending.push(child);
    }
  }
}

function collectAt(node: Node, entry: PathEntry, found: Set<string>): void {
  for (const [taskId, entries] of node.entries) {
    if (!found.has(taskId) && entries.some((other) => !suffixesExclude(entry, other))) found.add(taskId);
  }
}
