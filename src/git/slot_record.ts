/** What lies beside a slot: its files, and the record of whose work is in it. */

import { readTextOrNull, writeDurably } from "./files.ts";
import type { ObjectId, Slot, SlotHolder } from "./port.ts";

/** The files of one slot; all absolute. */
export interface SlotPaths {
  /** `w1`, `g2`, … */
  readonly name: string;
  /** Where the task works. */
  readonly worktree: string;
  /** The slot's own bare repository. */
  readonly repository: string;
  /** The global git configuration of what runs in the slot. */
  readonly gitConfig: string;
  /** omk's index of the worktree, as omk itself left it when it restored the slot. */
  readonly index: string;
  /** Held by flock while the slot is in use. */
  readonly lock: string;
  /** The record. */
  readonly record: string;
  /** Exists while the slot is set aside; says why. */
  readonly aside: string;
}

/** A file that omk put into a slot beside the tree: a copied file or an output of a dependency. */
export interface ProvidedFile {
  /** Relative to the slot. */
  readonly path: string;
  readonly sha256: string;
}

/** A slot as it is handed out. */
export function slotOf(paths: SlotPaths, base: ObjectId): Slot {
  const { name, worktree, repository, gitConfig } = paths;
  return { name, path: worktree, repository, base, gitConfig };
}

/** What omk knows of a slot between hand-outs and after a crash. */
export interface SlotRecord {
  readonly version: 1;
  /** Whose work is in the slot; null while there is none. */
  readonly holder: SlotHolder | null;
  /** The commit that the slot was restored to. */
  readonly base: ObjectId | null;
  /** The set-up that the kept directories come from; null where it is not known to be complete. */
  readonly setup_digest: string | null;
  /** Untracked paths that survive; never pinned. */
  readonly keep: readonly string[];
  readonly provided: readonly ProvidedFile[];
}

/** Why a slot was set aside. */
export interface AsideNote {
  readonly version: 1;
  readonly reason: string;
  readonly holder: SlotHolder | null;
  readonly base: ObjectId | null;
}

/** The record of a slot that nothing is known of. */
export const BLANK_RECORD: SlotRecord = {
  version: 1,
  holder: null,
  base: null,
  setup_digest: null,
  keep: [],
  provided: [],
};

/** The files of the slot `name` in the directory of the slots. */
export function slotPaths(worktreeDir: string, name: string): SlotPaths {
  const stem = `${worktreeDir}/${name}`;
  return {
    name,
    worktree: stem,
    repository: `${stem}.git`,
    gitConfig: `${stem}.git/gitconfig`,
    index: `${stem}.index`,
    lock: `${stem}.lock`,
    record: `${stem}.json`,
    aside: `${stem}.aside`,
  };
}

/** The names of the slots in a directory, ordered by kind and number; each slot has its lock file. */
export async function slotNames(worktreeDir: string): Promise<string[]> {
  const names: { readonly name: string; readonly kind: string; readonly number: number }[] = [];
  for await (const entry of Deno.readDir(worktreeDir)) {
    const match = /^(([wg])([1-9]\d*))\.lock$/.exec(entry.name);
    if (match) names.push({ name: match[1] ?? "", kind: match[2] ?? "", number: Number(match[3]) });
  }
  names.sort((a, b) => a.kind === b.kind ? a.number - b.number : a.kind < b.kind ? -1 : 1);
  return names.map(({ name }) => name);
}

/** Reads a slot's record; "unreadable" where omk did not write what is there. */
export async function readRecord(paths: SlotPaths): Promise<SlotRecord | "unreadable"> {
  const text = await readTextOrNull(paths.record);
  if (text === null) return BLANK_RECORD;
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : "unreadable";
  } catch (error) {
    if (error instanceof SyntaxError) return "unreadable";
    throw error;
  }
}

/** Writes a slot's record; it is on the disk when this resolves. */
export async function writeRecord(paths: SlotPaths, record: SlotRecord): Promise<void> {
  await writeDurably(paths.record, `${JSON.stringify(record)}\n`);
}

/** Reads why a slot is set aside; null where it is not. */
export async function readAside(paths: SlotPaths): Promise<AsideNote | null> {
  const text = await readTextOrNull(paths.aside);
  if (text === null) return null;
  try {
    const note: unknown = JSON.parse(text);
    if (typeof note === "object" && note !== null) {
      const { reason, holder, base }: Partial<Record<keyof AsideNote, unknown>> = note;
      if (typeof reason === "string") {
        return {
          version: 1,
          reason,
          holder: isHolder(holder) ? holder : null,
          base: typeof base === "string" ? base : null,
        };
      }
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return { version: 1, reason: "the note beside the slot cannot be read", holder: null, base: null };
}

/** Sets a slot aside; it is on the disk when this resolves. */
export async function writeAside(paths: SlotPaths, note: AsideNote): Promise<void> {
  await writeDurably(paths.aside, `${JSON.stringify(note)}\n`);
}

function isRecord(value: unknown): value is SlotRecord {
  if (typeof value !== "object" || value === null) return false;
  const record: Partial<Record<keyof SlotRecord, unknown>> = value;
  return record.version === 1 && (record.holder === null || isHolder(record.holder)) &&
    isStringOrNull(record.base) && isStringOrNull(record.setup_digest) &&
    Array.isArray(record.keep) && Array.isArray(record.provided);
}

function isHolder(value: unknown): value is SlotHolder {
  if (typeof value !== "object" || value === null) return false;
  const holder: Partial<Record<keyof SlotHolder, unknown>> = value;
  return typeof holder.run_id === "string" && typeof holder.task_id === "string" &&
    typeof holder.attempt === "number" && typeof holder.token === "number";
}

function isStringOrNull(value: unknown): boolean {
  return value === null || typeof value === "string";
}
