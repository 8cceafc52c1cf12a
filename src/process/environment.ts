/** The environment of a task: omk's own without what would reach git or another omk, and what the plan adds. */

import { UsageError } from "../errors.ts";
import type { EnvValue } from "../plan/spec.ts";

/** What a task is told about itself. */
export interface TaskIds {
  readonly run_id: string;
  readonly task_id: string;
  readonly attempt: number;
  /** Absolute path of the file that the task may write its result to. */
  readonly result: string;
  /** Absolute path of the file that its agent may write the answer to; absent where its result is what it changes. */
  readonly reply?: string;
  /** What a person answered to its latest question; absent where none was. */
  readonly answer?: string;
  /** Absolute path of what its work conflicted with at the latest merge; absent where it did not. */
  readonly conflict?: string;
  /** Number of the iteration of its loop, from 1; absent where it is none. */
  readonly iteration?: number;
  /**
   * Absolute path of what the gate printed that its work has failed: that of its loop, or one that refused an earlier
   * attempt; absent where there is none.
   */
  readonly gateLog?: string;
}

/** Names that omk gives, so a plan may not. */
const RESERVED: ReadonlySet<string> = new Set([
  "OMK_RUN_ID",
  "OMK_TASK_ID",
  "OMK_ATTEMPT",
  "OMK_RESULT",
  "OMK_REPLY",
  "OMK_ANSWER",
  "OMK_CONFLICT",
  "OMK_ITERATION",
  "OMK_GATE_LOG",
  "OMK_MARK",
  "OMK_GUARDIAN",
  "OMK_KEY",
]);

/** The signing key, which never reaches a task, under whatever name. */
const SIGNING_KEY = "OMK_KEY";

/** Where a shell was; wrong in the directory of a task, and every shell sets them itself. */
const DIRECTORIES: ReadonlySet<string> = new Set(["PWD", "OLDPWD"]);

/**
 * Builds the environment of a task: omk's own variables but `GIT_*` (`GIT_CONFIG_*` stays), `OMK_*`
 * and the shell's directories; then the plan's, each `{from}` replaced by omk's own variable of that name; then
 * `OMK_RUN_ID`, `OMK_TASK_ID`, `OMK_ATTEMPT`, `OMK_RESULT`, where an agent is asked `OMK_REPLY`, after an answer
 * `OMK_ANSWER`, after a conflict `OMK_CONFLICT`, after a gate that was failed `OMK_GATE_LOG`, and in a loop
 * `OMK_ITERATION`. `OMK_MARK` is the supervisor's to add.
 *
 * @throws {UsageError} for a reserved or impossible name, and where `{from}` names a variable that is not set.
 */
export function taskEnvironment(
  own: Readonly<Record<string, string>>,
  ids: TaskIds,
  planEnv: Readonly<Record<string, EnvValue>>,
): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(own)) {
    if (isInherited(name)) env[name] = value;
  }
  for (const [name, value] of Object.entries(planEnv)) env[name] = planValue(own, ids.task_id, name, value);
  env["OMK_RUN_ID"] = ids.run_id;
  env["OMK_TASK_ID"] = ids.task_id;
  env["OMK_ATTEMPT"] = String(ids.attempt);
  env["OMK_RESULT"] = ids.result;
  if (ids.reply !== undefined) env["OMK_REPLY"] = ids.reply;
  if (ids.answer !== undefined) env["OMK_ANSWER"] = ids.answer;
  if (ids.conflict !== undefined) env["OMK_CONFLICT"] = ids.conflict;
  if (ids.iteration !== undefined) env["OMK_ITERATION"] = String(ids.iteration);
  if (ids.gateLog !== undefined) env["OMK_GATE_LOG"] = ids.gateLog;
  return env;
}

function isInherited(name: string): boolean {
  if (name.startsWith("GIT_")) return name.startsWith("GIT_CONFIG_");
  return !name.startsWith("OMK_") && !DIRECTORIES.has(name);
}

function planValue(
  own: Readonly<Record<string, string>>,
  taskId: string,
  name: string,
  value: EnvValue,
): string {
  const where = `task "${taskId}", env "${name}"`;
  if (RESERVED.has(name)) {
    throw new UsageError({ what: "Cannot set a variable that omk gives its tasks", where });
  }
  if (!/^[^=\0]+$/.test(name)) {
    throw new UsageError({ what: "Cannot set a variable with an empty name, or with = or NUL in it", where });
  }
  const text = typeof value === "string" ? value : ownValue(own, value.from, where);
  if (text.includes("\0")) throw new UsageError({ what: "Cannot set a variable to a value with NUL", where });
  return text;
}

function ownValue(own: Readonly<Record<string, string>>, from: string, where: string): string {
  if (from === SIGNING_KEY) throw new UsageError({ what: "Cannot give the signing key to a task", where });
  const value = Object.hasOwn(own, from) ? own[from] : undefined;
  if (value !== undefined) return value;
  throw new UsageError({
    what: `Cannot take a value from the variable "${from}"`,
    where,
    why: "it is not set in the environment of omk",
    fix: `set ${from}, or remove the entry from the plan`,
  });
}
