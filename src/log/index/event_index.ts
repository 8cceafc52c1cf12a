/** The index: the events of all runs in one database, for queries across runs. */

import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import { reasonOf, UsageError } from "../../errors.ts";
import type { FreeEvent } from "../event.ts";
import type { EventFilter } from "../event_filter.ts";
import { IndexUnavailableError, isDamaged, openDatabase, removeDatabase } from "./database.ts";
import { conditionOf, EVENT_COLUMNS, eventOf } from "./event_row.ts";
import { forgetRuns, type IndexedRun, updateIndex, type UpdateOptions, type UpdateReport } from "./update.ts";

/** The rows of a query. */
export interface QueryResult {
  /** Names of the columns, in their order. */
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<string, SQLOutputValue>>[];
}

/** How many events are taken from the database at a time. */
const PAGE_ROWS = 500;

/** What a query may begin with: nothing that changes anything. */
const QUESTION = /^(?:\s|--[^\n]*\n|\/\*(?:[^*]|\*(?!\/))*\*\/)*(?:select|with|values|explain)\b/i;
/** What may stand behind a statement. */
const NOTHING = /^(?:\s|;|--[^\n]*(?:\n|$)|\/\*(?:[^*]|\*(?!\/))*\*\/)*$/;

/** See the module. */
export class EventIndex implements Disposable {
  readonly #path: string | undefined;
  #database: DatabaseSync;

  private constructor(path: string | undefined, database: DatabaseSync) {
    this.#path = path;
    this.#database = database;
  }

  /**
   * Opens the index, and creates it where there is none that can be used.
   *
   * @param path the file; without it the index is in memory, and empty
   * @param busyMs how long it waits for another process that writes
   * @throws {IndexUnavailableError}
   */
  static async open(path?: string, busyMs?: number): Promise<EventIndex> {
    return new EventIndex(path, await openDatabase(path, busyMs));
  }

  /** Opens the index as an empty one: what was in the file is gone. */
  static async create(path: string): Promise<EventIndex> {
    await removeDatabase(path);
    return await EventIndex.open(path);
  }

  /**
   * Reads what the logs of these runs have more than the index, and forgets other runs. What happens in a log
   * meanwhile may be missing.
   *
   * @throws {IndexUnavailableError}; a log that cannot be read is reported, and keeps no other from being read
   */
  async update(runs: readonly IndexedRun[], options: UpdateOptions = {}): Promise<UpdateReport> {
    try {
      return await updateIndex(this.#database, runs, options);
    } catch (error) {
      if (this.#path === undefined || !isDamaged(error)) throw this.#unavailable(error);
      await this.#remake(this.#path);
    }
    try {
      return await updateIndex(this.#database, runs, options);
    } catch (error) {
      throw this.#unavailable(error);
    }
  }

  /**
   * Reads what the log of this run has more than the index; other runs stay as they are.
   *
   * @throws {IndexUnavailableError}
   * @returns why the log could not be read to its end; undefined where it could
   */
  async updateRun(run: IndexedRun): Promise<string | undefined> {
    try {
      return (await updateIndex(this.#database, [run], { keepsOthers: true })).problems[0]?.why;
    } catch (error) {
      throw this.#unavailable(error);
    }
  }

  /**
   * Forgets these runs.
   *
   * @throws {IndexUnavailableError}
   */
  forget(runIds: Iterable<string>): void {
    try {
      forgetRuns(this.#database, runIds);
    } catch (error) {
      throw this.#unavailable(error);
    }
  }

  /** The events that pass the filter: run by run, in the order of run ids, and in the order of each log. */
  *events(filter: EventFilter): Generator<FreeEvent, void> {
    const { sql, values } = conditionOf(filter);
    // Page by page, each read to its end: the runtime's own iteration over rows hides errors of the database.
    const page = this.#database.prepare(
      `SELECT ${EVENT_COLUMNS} FROM events WHERE ${sql} AND (run_id, event_index) > (?, ?) ` +
        `ORDER BY run_id, event_index LIMIT ${PAGE_ROWS}`,
    );
    let last: FreeEvent | undefined;
    for (;;) {
      const rows = page.all(...values, last?.run_id ?? "", last?.index ?? -1);
      for (const row of rows) {
        last = eventOf(row);
        yield last;
      }
      if (rows.length < PAGE_ROWS) return;
    }
  }

  /** How many runs and events it holds, and its size in bytes. */
  counts(): { readonly runs: number; readonly events: number; readonly bytes: number } {
    const row = this.#database.prepare(
      "SELECT (SELECT count(*) FROM runs) AS runs, (SELECT count(*) FROM events) AS events, " +
        "page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()",
    ).get();
    return { runs: Number(row?.runs), events: Number(row?.events), bytes: Number(row?.bytes) };
  }

  /**
   * Answers a question in SQL. The database cannot be changed by it, nor by anything from then on.
   *
   * @throws {UsageError} if it is no question, not a single one, or not SQL.
   */
  query(sql: string): QueryResult {
    if (!QUESTION.test(sql)) throw refused(sql, "a query begins with SELECT, WITH, VALUES or EXPLAIN");
    this.#database.exec("PRAGMA query_only = ON");
    try {
      const statement = this.#database.prepare(sql);
      const rest = sql.slice(statement.sourceSQL.length);
      if (!NOTHING.test(rest)) {
        throw refused(sql, `only one statement at a time, and "${rest.trim()}" is more`);
      }
      const columns = statement.columns().map(({ name }) => name);
      const twice = columns.find((name, at) => columns.indexOf(name) !== at);
      if (twice !== undefined) throw refused(sql, `two columns are called "${twice}": name one with AS`);
      return { columns, rows: statement.all() };
    } catch (error) {
      throw error instanceof UsageError ? error : refused(sql, reasonOf(error), error);
    }
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    // While nothing may be changed, the files beside the database would stay.
    this.#database.exec("PRAGMA query_only = OFF");
    this.#database.close();
  }

  async #remake(path: string): Promise<void> {
    this.#database.close();
    await removeDatabase(path);
    this.#database = await openDatabase(path);
  }

  #unavailable(error: unknown): IndexUnavailableError {
    return error instanceof IndexUnavailableError
      ? error
      : new IndexUnavailableError(this.#path ?? "in memory", error);
  }
}

function refused(sql: string, why: string, cause?: unknown): UsageError {
  return new UsageError({
    what: "Cannot answer the query",
    where: sql.trim(),
    why,
    fix: "see omk query --help for the tables",
    cause,
  });
}
