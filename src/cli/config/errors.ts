/** A configuration that cannot be used. */

import { type PlanProblem, ProblemsError } from "../../plan/problem.ts";

/** The configuration file cannot be used; with all its problems. */
export class ConfigError extends ProblemsError {
  override readonly name = "ConfigError";

  /** Takes at least one problem. */
  constructor(problems: readonly PlanProblem[]) {
    super("Cannot use the configuration", problems);
  }
}
