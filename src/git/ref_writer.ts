/** Moving refs of a repository through a process that stays. */

import type { GitOptions } from "./command.ts";
import { GitError, RefMovedError } from "./errors.ts";
import { GitProcess } from "./git_process.ts";
import { zeroId } from "./objects.ts";
import type { ObjectId } from "./port.ts";

/** A move of one ref, made only if it still has the value `from`; null: it must not exist, or shall not. */
export interface RefUpdate {
  readonly ref: string;
  readonly from: ObjectId | null;
  readonly to: ObjectId | null;
}

const LINE_END = 10;

/** See the module. */
export class RefWriter {
  readonly #process: GitProcess;

  /** Takes how git is run in the repository. */
  constructor(options: GitOptions) {
    this.#process = new GitProcess(["update-ref", "--stdin"], options);
  }

  /** Ends the process. */
  async close(): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }

  /**
   * Moves refs, all or none.
   *
   * @throws {RefMovedError} where one does not have the value that it should be moved from.
   */
  async update(updates: readonly RefUpdate[]): Promise<void> {
    const lines = updates.flatMap(({ ref, from, to }) => {
      if (to !== null) return [`update ${ref} ${to} ${from ?? zeroId(to)}\n`];
      return from === null ? [] : [`delete ${ref} ${from}\n`];
    });
    try {
      await this.#commit(lines);
    } catch (error) {
      if (!(error instanceof GitError) || !/cannot lock ref/.test(error.failure.stderr)) throw error;
      throw new RefMovedError({
        what: "Cannot move a ref of the run",
        where: updates.map((update) => update.ref).join(", "),
        why: error.failure.stderr.trim(),
        fix: "see who else writes below refs/omk/",
        cause: error,
      });
    }
  }

  /** Points refs at commits, whatever they were before; all or none. */
  async set(refs: ReadonlyMap<string, ObjectId>): Promise<void> {
    await this.#commit([...refs].map(([ref, to]) => `update ${ref} ${to}\n`));
  }

  async #commit(lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return;
    await this.#process.ask(`start\n${lines.join("")}commit\n`, async (answer) => {
      // "start: ok" and "commit: ok".
      await answer.until(LINE_END);
      await answer.until(LINE_END);
    });
  }
}
