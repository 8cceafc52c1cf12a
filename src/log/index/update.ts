/**
 * Brings the index up to date with the logs. How far a log has been read is written in the transaction that writes
 * the rows, so each event is in the index once, whoever dies and however many processes do this at once.
 */

import type { DatabaseSync, StatementSync } from "node:sqlite";
import { type Clock, systemClock } from "../../clock.ts";
import { reasonOf } from "../../errors.ts";
import { LOG_START, type ScannedCommit } from "../commit_scanner.ts";
import { LogIoError } from "../errors.ts";
import { isDamage, scanLog } from "../scan.ts";
import { INSERT_EVENT, rowOf } from "./event_row.ts";
import type { LogPosition } from "../port.ts";

/** A run whose events are to be in the index. */
export interface IndexedRun {
  readonly runId: string;
  /** Path of its log. */
  readonly log: string;
}

/** How an update is watched. */
export interface UpdateOptions {
  /** Called now and then while it goes on. */
  readonly onProgress?: (progress: UpdateProgress) => void;
  /** Keeps runs that were not named; otherwise they are gone, and forgotten. */
  readonly keepsOthers?: boolean;
  readonly clock?: Clock;
}

/** How far an update is. */
export interface UpdateProgress {
  readonly runsDone: number;
  readonly runs: number;
  /** Events that it has added so far. */
  readonly events: number;
}

/** What an update has done. */
export interface UpdateReport {
  /** Runs whose logs had something new. */
  readonly runsRead: number;
  /** Events that were added. */
  readonly eventsRead: number;
  /** Runs that were forgotten, since they are not there any more. */
  readonly runsRemoved: number;
  /** Logs that could not be read to their end; what stands before the problem is in the index. */
  readonly problems: readonly { readonly run_id: string; readonly why: string }[];
}

/** How often progress is told, in milliseconds. */
const PROGRESS_MS = 1000;

/** See {@linkcode UpdateReport}. Throws the database's own errors. */
export async function updateIndex(
  database: DatabaseSync,
  runs: readonly IndexedRun[],
  { onProgress, keepsOthers = false, clock = systemClock }: UpdateOptions,
): Promise<UpdateReport> {
  const table = new RunTable(database);
  const runsRemoved = keepsOthers ? 0 : table.keepOnly(new Set(runs.map(({ runId }) => runId)));
  let told = clock.monotonic();
  let eventsRead = 0;
  let runsRead = 0;
  const problems: { readonly run_id: string; readonly why: string }[] = [];
  for (const [runsDone, run] of runs.entries()) {
    const before = eventsRead;
    const why = await readRun(table, run, (count) => {
      eventsRead += count;
      if (onProgress === undefined || clock.monotonic() - told < PROGRESS_MS) return;
      told = clock.monotonic();
      onProgress({ runsDone, runs: runs.length, events: eventsRead });
    });
    if (why !== undefined) problems.push({ run_id: run.runId, why });
    if (eventsRead > before) runsRead++;
  }
  return { runsRead, eventsRead, runsRemoved, problems };
}

/** Forgets these runs. Throws the database's own errors. */
export function forgetRuns(database: DatabaseSync, runIds: Iterable<string>): void {
  const table = new RunTable(database);
  for (const runId of runIds) table.forget(runId);
}

/** Adds what a log has more than the index; returns why it could not be read to its end. */
async function readRun(
  table: RunTable,
  run: IndexedRun,
  count: (events: number) => void,
): Promise<string | undefined> {
  for (;;) {
    const start = table.positionOf(run.runId);
    try {
      const isDone = await readOn(table, run, start, count);
      if (isDone) return undefined;
    } catch (error) {
      if (!(isDamage(error) || error instanceof LogIoError)) throw error;
      // A log that was salvaged or put back is another than the one that was read: it is read from its beginning.
      if (start === undefined || !isDamage(error) || table.positionOf(run.runId) !== start) {
        table.setProblem(run.runId, reasonOf(error));
        return reasonOf(error);
      }
      table.forget(run.runId);
    }
  }
}

/** Reads a log from a place on; false if another process has moved that place meanwhile. */
async function readOn(
  table: RunTable,
  { runId, log }: IndexedRun,
  start: string | undefined,
  count: (events: number) => void,
): Promise<boolean> {
  const position: LogPosition = start === undefined ? { ...LOG_START, runId } : JSON.parse(start);
  let stored = start;
  // The index vouches for nothing, and omk log verify is there for the sums.
  for await (const commits of scanLog(log, { position, checkSums: false })) {
    const moved = table.add(runId, stored, commits);
    if (moved === undefined) return false;
    stored = moved;
    count(commits.reduce((sum, { events }) => sum + events.length, 0));
  }
  if (stored === undefined) table.add(runId, undefined, []);
  return true;
}

/** The statements on the tables, each in a transaction of its own. */
class RunTable {
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #position: StatementSync;
  readonly #move: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#insert = database.prepare(INSERT_EVENT);
    this.#position = database.prepare("SELECT position FROM runs WHERE run_id = ?");
    this.#move = database.prepare("REPLACE INTO runs (run_id, position, problem) VALUES (?, ?, NULL)");
  }

  /** How far the log of a run has been read, as JSON text; undefined where it has not been. */
  positionOf(runId: string): string | undefined {
    const position = this.#position.get(runId)?.position;
    return position === undefined ? undefined : String(position);
  }

  /** Adds commits, if the log has still been read up to `expected`; returns up to where it has been read now. */
  add(runId: string, expected: string | undefined, commits: readonly ScannedCommit[]): string | undefined {
    return this.#transaction(() => {
      if (this.positionOf(runId) !== expected) return undefined;
      for (const { events } of commits) {
        for (const event of events) this.#insert.run(...rowOf(event));
      }
      const after = JSON.stringify(commits.at(-1)?.after ?? { ...LOG_START, runId });
      this.#move.run(runId, after);
      return after;
    });
  }

  setProblem(runId: string, problem: string): void {
    this.#database.prepare(
      "INSERT INTO runs (run_id, position, problem) VALUES (?, ?, ?) " +
        "ON CONFLICT (run_id) DO UPDATE SET problem = excluded.problem",
    ).run(runId, JSON.stringify({ ...LOG_START, runId }), problem);
  }

  /** Forgets a run. */
  forget(runId: string): void {
    this.#transaction(() => {
      this.#database.prepare("DELETE FROM events WHERE run_id = ?").run(runId);
      this.#database.prepare("DELETE FROM runs WHERE run_id = ?").run(runId);
    });
  }

  /** Forgets all runs but these; returns how many there were. */
  keepOnly(runIds: ReadonlySet<string>): number {
    const known = this.#database.prepare("SELECT run_id FROM runs").all().map((row) => String(row.run_id));
    const gone = known.filter((runId) => !runIds.has(runId));
    for (const runId of gone) this.forget(runId);
    return gone.length;
  }

  #transaction<T>(work: () => T): T {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      this.#database.exec("ROLLBACK");
      throw error;
    }
  }
}
