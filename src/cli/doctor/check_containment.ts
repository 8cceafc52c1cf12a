/** How far omk can follow the processes of tasks here: what it does by itself, and what can be asked for. */

import type { Containment } from "../../process/port.ts";
import { BUBBLEWRAP_HELP, ContainmentError, NO_NEEDS, type ProcessNeeds } from "../../process/containment.ts";
import { createSupervisor, type LocalSupervisor } from "../../process/supervisor.ts";
import { type Advice, type Finding, finding, findingOf } from "./finding.ts";

/** What each level promises about processes that a task leaves behind. */
const PROMISES: Readonly<Record<Containment, string>> = {
  cgroup: "no process of a task outlives it",
  pidns: "no process of a task outlives it",
  mark: "no process of a task outlives it that keeps its group or its environment",
  group: "no process of a task outlives it that keeps its group",
};

/** Looks at what omk does with processes, and really tries what it could do. */
export async function checkContainment(env: Readonly<Record<string, string>>): Promise<readonly Finding[]> {
  try {
    await using supervisor = await createSupervisor({
      environment: env,
      needs: { ...NO_NEEDS, containment: "auto" },
    });
    return [
      ofLevel(supervisor.containment),
      ...ofBoot(supervisor.self.boot_id),
      ofProgress(await supervisor.cpuTimes()),
      await ofNeed(env, { containment: "cgroup" }, ofGroups),
      await ofNeed(env, { containment: "pidns", sandbox: true }, ofBubblewrap),
      await ofNeed(env, { containment: "cgroup", memory: true, processes: true }, ofLimits),
    ];
  } catch (error) {
    return [findingOf("containment", "error", error)];
  }
}

function ofLevel(containment: Containment): Finding {
  const text = `${containment}: ${PROMISES[containment]}`;
  if (containment !== "group") return finding("containment", "ok", text);
  return finding("containment", "warning", text, {
    why: "one that leaves its group can go on working in a worktree that another task has got",
    fix: "mount /proc, so that omk can find processes by the mark in their environment",
  });
}

function ofBoot(bootId: string | null): readonly Finding[] {
  if (bootId !== null) return [];
  return [finding("boot", "note", "the system does not tell one start of the machine from another", {
    why: "after a restart, omk resume may wait for a process that only has the number of an old one",
  })];
}

/** Whether a task that works in silence can be told from one that hangs. */
function ofProgress(cpuTimes: ReadonlyMap<number, number> | null): Finding {
  if (cpuTimes !== null) return finding("progress", "ok", "the CPU time that tasks use can be measured");
  return finding("progress", "warning", "the CPU time that tasks use cannot be measured", {
    why: "a task that prints nothing is then never taken for stalled, so it may hang until its timeout_secs",
    fix: "mount /proc, or install ps",
  });
}

/** What comes of a need: the finding about a supervisor that has it, or about why none can. */
async function ofNeed(
  environment: Readonly<Record<string, string>>,
  needs: Partial<ProcessNeeds>,
  describe: (outcome: LocalSupervisor | string) => Finding,
): Promise<Finding> {
  try {
    const supervisor = await createSupervisor({ environment, needs: { ...NO_NEEDS, ...needs } });
    await using _supervisor = supervisor;
    return describe(supervisor);
  } catch (error) {
    if (!(error instanceof ContainmentError)) throw error;
    return describe(error.detail.why ?? error.message);
  }
}

function ofGroups(outcome: LocalSupervisor | string): Finding {
  if (typeof outcome !== "string") {
    return finding("control groups", "ok", "--containment cgroup works here", {
      why: "not even a process that hides (env -i setsid) outlives its task",
    });
  }
  return finding("control groups", "note", outcome, {
    why: "--containment cgroup cannot be had, in which not even a process that hides outlives its task",
    fix: "systemd-run --user --scope -p Delegate=yes omk run, where systemd manages the machine",
  });
}

function ofBubblewrap(outcome: LocalSupervisor | string): Finding {
  if (typeof outcome !== "string") {
    return finding("bubblewrap", "ok", 'it works: "sandbox" in a task and --containment pidns can be had');
  }
  return finding("bubblewrap", "note", outcome, {
    why: 'a plan with "sandbox", or --containment pidns, is refused here',
    fix: BUBBLEWRAP_HELP,
  });
}

function ofLimits(outcome: LocalSupervisor | string): Finding {
  if (typeof outcome !== "string" && outcome.memoryLimit === "task") {
    return finding("limits", "ok", "memory and processes of a task can be limited");
  }
  const advice: Advice = {
    why: "limits.memory_bytes holds for each process of a task by itself, and limits.processes is refused",
  };
  return finding("limits", "note", "no control group here limits memory and processes", advice);
}
