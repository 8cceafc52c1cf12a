/** Appends that can be recognised in a log, and what must be true of those that were acknowledged. */

import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import type { DraftOf, RunEvent } from "../../src/log/event.ts";
import { LogPoisonedError } from "../../src/log/errors.ts";
import { openRunLog } from "../../src/log/file_log.ts";
import { readRunLog } from "../../src/log/reader.ts";
import { encodeLog } from "../log/commits.ts";
import { OPTIONS, request, runStarted } from "../log/fixture.ts";

/** An append that was acknowledged. */
export interface Acknowledged {
  /** Whose it is: no two writers, and no two lives of one, have the same. */
  readonly tag: string;
  /** Its number among the writer's. */
  readonly append: number;
  /** Index of its first event. */
  readonly index: number;
}

/** How many events an append has: one, two and three in turn. */
export function sizeOf(append: number): number {
  return 1 + append % 3;
}

/** The events of an append. */
export function draftsOf(tag: string, append: number): DraftOf<"pause_requested">[] {
  return Array.from(
    { length: sizeOf(append) },
    (_, i) => request(`${tag}/${append}/${i}`, `cli/${Deno.pid}`),
  );
}

/** Tag, append and number within the append of an event, as text; undefined of one that no writer appended. */
function noteOf(event: RunEvent): string | undefined {
  return event.kind === "pause_requested" ? event.payload.reason : undefined;
}

/**
 * Reads the log strictly, so that indices have no gap and the chain holds, and checks that every append is whole or
 * gone and nowhere doubled, that those of one writer stand in their order, and that the acknowledged ones stand where
 * the acknowledgement says. Returns the number of events.
 */
export async function checkAppends(path: string, acknowledged: Iterable<Acknowledged>): Promise<number> {
  const found = new Map<string, number>();
  const ids = new Set<string>();
  const last = new Map<string, number>();
  /** The append that is being read: what its next event must be. */
  let expected: string | undefined;
  for await (const event of readRunLog(path)) {
    assert(!ids.has(event.id), `event ${event.index} has the id of another`);
    ids.add(event.id);
    const note = noteOf(event);
    assert(
      expected === undefined || note === expected,
      `event ${event.index} stands where ${expected} should`,
    );
    if (note === undefined) continue;
    const [tag = "", append, position] = note.split("/");
    const [number, at] = [Number(append), Number(position)];
    if (at === 0) {
      assert(number > (last.get(tag) ?? -1), `${note} stands behind append ${last.get(tag)}`);
      last.set(tag, number);
      found.set(`${tag}/${append}`, event.index);
    } else assert(note === expected, `${note} stands by itself`);
    expected = at + 1 === sizeOf(number) ? undefined : `${tag}/${append}/${at + 1}`;
  }
  assertEquals(expected, undefined, "the last append is not whole");
  for (const { tag, append, index } of acknowledged) {
    assertEquals(found.get(`${tag}/${append}`), index, `${tag}/${append} was acknowledged`);
  }
  return ids.size;
}

/** A log that the appends of a test come behind. */
export const WHOLE_LOG = encodeLog([[runStarted()], [request("before/0/0")]]);

/** What is acknowledged in it. */
export const BEFORE: Acknowledged = { tag: "before", append: 0, index: 1 };

/** What a writer left behind it that died within a commit. */
export const TORN_END = new TextEncoder().encode('{"index":2,"id":"');

/** So small that the log is rotated twice within a few appends. */
export const SEGMENT_BYTES = 2500;

/** Whether the log can be opened and takes another append, which is added to the acknowledged; false if it is poisoned. */
export async function canAppend(path: string, acknowledged: Acknowledged[]): Promise<boolean> {
  try {
    await using log = await openRunLog(path, OPTIONS);
    const [first] = await log.append(draftsOf("after", 0));
    acknowledged.push({ tag: "after", append: 0, index: first?.index ?? -1 });
    return true;
  } catch (error) {
    if (error instanceof LogPoisonedError) return false;
    throw error;
  }
}

const WRITER = fromFileUrl(new URL("log_fault_writer.ts", import.meta.url));

/** What a writer does. */
export interface Writing {
  readonly path: string;
  readonly tag: string;
  readonly appends: number;
  /** How many appends wait for their acknowledgement at once. */
  readonly atOnce: number;
  readonly durability: "strict" | "batch" | "none";
  readonly segmentBytes: number;
}

/** Starts a process that appends, see `log_fault_writer.ts`; `under` is a command that runs it. */
export function startWriter(writing: Writing, under: readonly string[] = []): Deno.ChildProcess {
  const { path, tag, appends, atOnce, durability, segmentBytes } = writing;
  const [command = "", ...args] = [
    ...under,
    Deno.execPath(),
    "run",
    "--no-check",
    "-A",
    WRITER,
    path,
    tag,
    ...[appends, atOnce, durability, segmentBytes].map(String),
  ];
  return new Deno.Command(command, { args, stdin: "piped", stdout: "piped", stderr: "null" }).spawn();
}
