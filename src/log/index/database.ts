/**
 * The database file of the index. It is a cache: nothing is lost with it, so what cannot be used is made anew, and
 * what cannot be written is done without.
 */

import type { DatabaseSync } from "node:sqlite";
import { InfraError, reasonOf } from "../../errors.ts";

/** Counts the changes of the schema; a file of another version is made anew. */
const SCHEMA_VERSION = 1;

/** How long a process waits for another that writes, in milliseconds: all of it stands still meanwhile. */
export const BUSY_MS = 5000;
/** As the logs themselves: for the owner only. */
const PRIVATE = 0o600;

/**
 * `events` has a row for each event. `task` is the task that the event is about or that its payload names; `gate` the
 * gate that its payload names; `payload` is JSON. `runs` says how far each log has been read: `position` is written
 * together with the rows before it, so that no event is missing or doubled whenever a process dies.
 */
const SCHEMA = `
CREATE TABLE runs (
  run_id TEXT PRIMARY KEY,
  position TEXT NOT NULL,
  problem TEXT
) WITHOUT ROWID;
CREATE TABLE events (
  run_id TEXT NOT NULL,
  event_index INTEGER NOT NULL,
  id TEXT NOT NULL,
  ts TEXT NOT NULL,
  schema_version INTEGER NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  task TEXT,
  actor TEXT NOT NULL,
  gate TEXT,
  payload TEXT NOT NULL
);
CREATE UNIQUE INDEX events_by_run ON events (run_id, event_index);
CREATE INDEX events_by_kind ON events (kind, ts);
CREATE INDEX events_by_subject ON events (subject);
CREATE INDEX events_by_task ON events (task) WHERE task IS NOT NULL;
CREATE INDEX events_by_gate ON events (gate) WHERE gate IS NOT NULL;
PRAGMA user_version = ${SCHEMA_VERSION};
`;

/** The index cannot be opened, read or written. The logs are as they were, and hold all that it would. */
export class IndexUnavailableError extends InfraError {
  override readonly name = "IndexUnavailableError";

  /** The file. */
  readonly path: string;

  /** Builds the message from the parts. */
  constructor(path: string, cause: unknown) {
    super({
      what: "Cannot use the index",
      where: path,
      why: reasonOf(cause),
      fix: "the logs hold everything: once the file can be written, omk index --rebuild makes it anew",
      cause,
    });
    this.path = path;
  }
}

/**
 * Opens the database for writing; creates it where it is missing, of another version, or no database.
 *
 * @param path where it is; in memory without it
 * @param busyMs how long it waits for another process that writes
 * @throws {IndexUnavailableError}
 */
export async function openDatabase(path: string | undefined, busyMs = BUSY_MS): Promise<DatabaseSync> {
  // Loaded when it is needed: most calls of omk never are.
  const { DatabaseSync } = await import("node:sqlite");
  if (path === undefined) {
    const database = new DatabaseSync(":memory:");
    database.exec(SCHEMA);
    return database;
  }
  const open = async () => {
    // Created here, so that nobody else may read it; the files beside it take its mode.
    (await Deno.open(path, { read: true, write: true, create: true, mode: PRIVATE })).close();
    const database = new DatabaseSync(path);
    try {
      database.exec(
        `PRAGMA busy_timeout = ${busyMs}; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;`,
      );
      return prepareSchema(database) ? database : undefined;
    } catch (error) {
      database.close();
      throw error;
    }
  };
  try {
    return await open() ?? await remake(path, open);
  } catch (error) {
    if (!isDamaged(error)) throw new IndexUnavailableError(path, error);
  }
  try {
    return await remake(path, open);
  } catch (error) {
    throw new IndexUnavailableError(path, error);
  }
}

/** Removes the database with the files beside it; those that are missing do not matter. */
export async function removeDatabase(path: string): Promise<void> {
  for (const file of [path, `${path}-wal`, `${path}-shm`, `${path}-journal`]) {
    try {
      await Deno.remove(file);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw new IndexUnavailableError(path, error);
    }
  }
}

/** Whether an error of the database says that its file is damaged, or was never a database. */
export function isDamaged(error: unknown): boolean {
  return error instanceof Error && /not a database|malformed|no such (?:table|column)/.test(error.message);
}

async function remake(path: string, open: () => Promise<DatabaseSync | undefined>): Promise<DatabaseSync> {
  await removeDatabase(path);
  const database = await open();
  if (database === undefined) throw new Error("another omk writes it in another format");
  return database;
}

/** Creates the tables in an empty database; false (and closed) where they are of another version. */
function prepareSchema(database: DatabaseSync): boolean {
  // Two processes may find it empty: the second waits here, and then finds the tables.
  database.exec("BEGIN IMMEDIATE");
  const version = versionOf(database);
  if (version === 0) database.exec(SCHEMA);
  database.exec("COMMIT");
  if (version === 0 || version === SCHEMA_VERSION) return true;
  database.close();
  return false;
}

function versionOf(database: DatabaseSync): number {
  return Number(database.prepare("PRAGMA user_version").get()?.user_version);
}
