/** The result of a verification: one check after the other, each with what was expected and found. */

import { reasonOf } from "../errors.ts";
import type { RunStatus } from "../log/kinds.ts";

/** One thing that must hold. */
export interface Check {
  /** Names the check for machines: `log`, `plan`, `tree`, … */
  readonly name: string;
  readonly ok: boolean;
  /** What holds; or what was expected and what was found. */
  readonly detail: string;
}

/** What a verification came to. */
export interface VerifyReport {
  readonly run_id: string | null;
  /** The status that was recomputed from the log; null where it could not be. */
  readonly status: RunStatus | null;
  /** Whether every check that was made holds. */
  readonly ok: boolean;
  /** In the order in which they were made; what a failed check makes impossible is not made. */
  readonly checks: readonly Check[];
  /** The first that does not hold. */
  readonly first_failure: Check | null;
}

/** Why a check does not hold. Thrown inside a check, it becomes its detail. */
export class CheckFailure extends Error {
  override readonly name = "CheckFailure";
}

/** Fails a check unless a value is the expected one. */
export function expectEqual(what: string, expected: unknown, found: unknown): void {
  if (expected === found) return;
  throw new CheckFailure(`${what}: expected ${show(expected)}, found ${show(found)}`);
}

/** Collects checks. */
export class Checks {
  readonly #checks: Check[] = [];

  /**
   * Makes a check; `body` resolves with what holds. Resolves with false where it threw, whatever that was: what
   * cannot be read cannot be vouched for.
   */
  async make(name: string, body: () => string | Promise<string>): Promise<boolean> {
    return await this.take(name, async () => ({ value: true, detail: await body() })) ?? false;
  }

  /** Makes a check that brings what later ones need; null where it does not hold. */
  async take<T>(
    name: string,
    body: () => Promise<{ readonly value: T; readonly detail: string }>,
  ): Promise<T | null> {
    try {
      const { value, detail } = await body();
      this.#checks.push({ name, ok: true, detail });
      return value;
    } catch (error) {
      this.#checks.push({ name, ok: false, detail: reasonOf(error) });
      return null;
    }
  }

  /** The report on what was checked. */
  report(run_id: string | null, status: RunStatus | null): VerifyReport {
    const first_failure = this.#checks.find((check) => !check.ok) ?? null;
    return { run_id, status, ok: first_failure === null, checks: this.#checks, first_failure };
  }
}

function show(value: unknown): string {
  return value === null || value === undefined ? "nothing" : String(value);
}
