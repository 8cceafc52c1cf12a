/** Which level of containment an omk process has: what was asked for, or the best that costs the tasks nothing. */

import type { Clock } from "../clock.ts";
import { UsageError } from "../errors.ts";
import type { ContainmentChoice } from "../plan/spec.ts";
import { probeBubblewrap } from "./bubblewrap.ts";
import { ControlGroups, type GroupControllers } from "./control_groups.ts";
import type { Containment } from "./port.ts";
import type { ProcessTable } from "./process_table.ts";

/** What a run asks of the machine before anything of it starts. */
export interface ProcessNeeds {
  /**
   * `auto` is control groups where the system has left them to this user, else marks, else groups. A process namespace
   * is never its choice: it takes set-user-id programs and the sight of other processes from tasks.
   */
  readonly containment: ContainmentChoice;
  /** Whether some task has a limit of memory, and of processes. */
  readonly memory: boolean;
  readonly processes: boolean;
  /** Whether some task has a sandbox. */
  readonly sandbox: boolean;
}

/** What commands need that start no task: the marks, which cost nothing to find. */
export const NO_NEEDS: ProcessNeeds = {
  containment: "mark",
  memory: false,
  processes: false,
  sandbox: false,
};

/** What the needs have come to. */
export interface ContainmentMeans {
  readonly level: Containment;
  readonly groups: ControlGroups | null;
  /** Absolute path of bwrap; null where it is not needed. */
  readonly bubblewrap: string | null;
  /** Whose memory a limit of memory limits; null where none is asked for. */
  readonly memoryLimit: "task" | "process" | null;
}

/** What was asked for cannot be had here. Nothing was started. */
export class ContainmentError extends UsageError {
  override readonly name = "ContainmentError";
}

/** What is looked at. */
export interface ContainmentTools {
  readonly table: ProcessTable;
  readonly clock: Clock;
  readonly mark: string;
  /** omk's own environment. */
  readonly environment: Readonly<Record<string, string>>;
}

const NO_CONTROLLERS: GroupControllers = { memory: false, processes: false };

const DELEGATE = "start omk in a group of its own: systemd-run --user --scope -p Delegate=yes omk run";

/**
 * Finds out what there is, and takes of it what is needed.
 *
 * @throws {ContainmentError} for what was asked for and cannot be had (P10)
 */
export async function prepareContainment(
  needs: ProcessNeeds,
  tools: ContainmentTools,
): Promise<ContainmentMeans> {
  const bubblewrap = await requireBubblewrap(needs, tools);
  const level = simpleLevel(needs, tools.table);
  const groups = await openGroups(needs, tools);
  try {
    const hasLimits = needs.memory || needs.processes;
    const controllers = hasLimits ? await groups?.enableLimits() ?? NO_CONTROLLERS : NO_CONTROLLERS;
    requireLimits(needs, controllers);
    return {
      level: needs.containment === "pidns" ? "pidns" : groups === null ? level : "cgroup",
      groups,
      bubblewrap,
      memoryLimit: !needs.memory ? null : controllers.memory ? "task" : "process",
    };
  } catch (error) {
    await groups?.close();
    throw error;
  }
}

/** What holds without control groups and namespaces. */
function simpleLevel({ containment }: ProcessNeeds, { marksReadable }: ProcessTable): Containment {
  return marksReadable && containment !== "group" ? "mark" : "group";
}

async function openGroups(
  { containment, memory, processes }: ProcessNeeds,
  { mark, table, clock }: ContainmentTools,
): Promise<ControlGroups | null> {
  const isWanted = containment === "cgroup" || containment === "auto" ||
    (containment === "pidns" && (memory || processes));
  if (!isWanted) return null;
  const where = containment === "cgroup" ? "any" : "delegated";
  const opened = await ControlGroups.open(mark, where, (request) => table.request(request), clock);
  if (opened.kind === "open") return opened.groups;
  if (containment !== "cgroup") return null;
  throw new ContainmentError({
    what: 'Cannot keep tasks in control groups, as containment "cgroup" asks',
    why: opened.reason,
    fix: `${DELEGATE}, or leave the choice to omk: --containment auto`,
  });
}

async function requireBubblewrap(
  { containment, sandbox }: ProcessNeeds,
  { environment }: ContainmentTools,
): Promise<string | null> {
  if (containment !== "pidns" && !sandbox) return null;
  const probe = await probeBubblewrap(environment, sandbox);
  if (probe.kind === "works") return probe.program;
  throw new ContainmentError({
    what: sandbox
      ? "Cannot run tasks in a sandbox, as the plan asks"
      : 'Cannot give tasks a process namespace, as containment "pidns" asks',
    why: probe.reason,
    fix: `install it and allow it (${BUBBLEWRAP_HELP}), or remove ${
      sandbox ? '"sandbox" from the plan' : "the request"
    }`,
  });
}

/** What makes bubblewrap work, where it does not. */
export const BUBBLEWRAP_HELP =
  "apt-get install bubblewrap; unprivileged user namespaces must be on, and a container needs a /proc of its own";

function requireLimits({ memory, processes }: ProcessNeeds, controllers: GroupControllers): void {
  if (processes && !controllers.processes) {
    throw new ContainmentError({
      what: 'Cannot limit how many processes a task has, as "limits.processes" asks',
      why: "only a control group with the controller pids can, and omk has none here",
      fix: `${DELEGATE}, or remove the limit`,
    });
  }
  if (memory && !controllers.memory && Deno.build.os !== "linux") {
    throw new ContainmentError({
      what: 'Cannot limit the memory of a task, as "limits.memory_bytes" asks',
      why: "this system has no control groups, and does not keep the limits of single processes",
      fix: "remove the limit, or run on Linux",
    });
  }
}
