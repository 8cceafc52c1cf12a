/** Where a process comes from: whether a task of some omk process started it. */

import type { ProcessIdentity } from "./port.ts";
import type { ProcessTable } from "./process_table.ts";

/** `task`: it, or a process that it descends from, belongs to a task; `gone`: it has ended, so nobody can tell. */
export type Origin = "outside" | "task" | "gone";

/** What is known of tasks. */
export interface KnownTasks {
  /** Elements of OMK_MARK that omk itself was started with: whoever carries only these is no task of its own. */
  readonly inherited: ReadonlySet<string>;
  /** Leaders of the bodies at work, and so of their sessions and groups. */
  readonly leaders: ReadonlySet<number>;
}

/** No chain of parents is longer. */
const MOST_ANCESTORS = 256;

/**
 * Follows a process to the first of its ancestors, and looks at the mark, the session and the group of each. What has
 * left all of them, with a new environment, in a new session and after its parent had ended, looks like any other
 * process of the user.
 */
export async function originOf(
  process: Pick<ProcessIdentity, "pid" | "start_time">,
  table: ProcessTable,
  { inherited, leaders }: KnownTasks,
): Promise<Origin> {
  if (!await table.isRunning(process.pid, process.start_time)) return "gone";
  const chain: number[] = [];
  let pid = process.pid;
  while (pid > 1 && chain.length < MOST_ANCESTORS && !chain.includes(pid)) {
    const stat = await table.stat(pid);
    if (stat === null) break;
    if (leaders.has(pid) || leaders.has(stat.session) || leaders.has(stat.pgid)) return "task";
    chain.push(pid);
    pid = stat.parent;
  }
  const { variables } = await table.environments(chain);
  const isMarked = chain.some((each) => variables.get(each)?.marks.some((mark) => !inherited.has(mark)));
  return isMarked ? "task" : "outside";
}
