/** How far omk can follow the processes of tasks here: what it does now, and what the machine would allow besides. */

import type { Containment } from "../../process/port.ts";
import { createSupervisor } from "../../process/supervisor.ts";
import { type Finding, finding, findingOf } from "./finding.ts";
import { askProgram } from "./probe.ts";

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
    await using supervisor = await createSupervisor({ environment: env });
    return [
      ofLevel(supervisor.containment),
      ...ofBoot(supervisor.self.boot_id),
      ofProgress(await supervisor.cpuTimes()),
      ofStronger(await hasDelegatedGroup(env), await hasBubblewrap(env)),
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

/** Said plainly: what is possible is not what is done. */
function ofStronger(hasGroup: boolean, bubblewrap: "works" | "fails" | "missing"): Finding {
  const group = hasGroup ? "delegated control groups work here" : "no control group is delegated to you";
  const namespaces = {
    works: "bubblewrap works here",
    fails: "bubblewrap is installed, but may not make namespaces",
    missing: "bubblewrap is not installed",
  }[bubblewrap];
  return finding("containment", "note", `${group}, ${namespaces}; this version of omk uses neither`);
}

/**
 * Makes a control group below the own one, moves a process into it, ends it through the group, and removes it. Prints
 * `works` where all of that worked.
 */
const CONTROL_GROUP_SCRIPT = `
own=$(sed -n 's/^0:://p' /proc/self/cgroup 2>/dev/null)
root=$(sed -n 's/^[^ ]* \\([^ ]*\\) cgroup2 .*/\\1/p' /proc/self/mounts 2>/dev/null | sed -n 1p)
[ -n "$own" ] && [ -n "$root" ] || exit 0
group=$root\${own%/}/omk-probe-$$
mkdir "$group" 2>/dev/null || exit 0
if [ -w "$group/cgroup.kill" ]; then
  sh -c 'echo $$ > "$1/cgroup.procs" && exec sleep 5' sh "$group" 2>/dev/null &
  child=$!
  tries=0
  until grep -qx "$child" "$group/cgroup.procs" 2>/dev/null || [ $tries -ge 500 ]; do tries=$((tries + 1)); done
  echo 1 > "$group/cgroup.kill"
  wait "$child" 2>/dev/null
  [ $? -eq 137 ] && echo works
fi
tries=0
until rmdir "$group" 2>/dev/null || [ $tries -ge 500 ]; do tries=$((tries + 1)); done
`;

async function hasDelegatedGroup(env: Readonly<Record<string, string>>): Promise<boolean> {
  const answer = await askProgram("/bin/sh", ["-c", CONTROL_GROUP_SCRIPT], { env });
  return answer?.stdout.trim() === "works";
}

async function hasBubblewrap(env: Readonly<Record<string, string>>): Promise<"works" | "fails" | "missing"> {
  const sandbox = ["--die-with-parent", "--unshare-pid", "--ro-bind", "/", "/", "--proc", "/proc"];
  const answer = await askProgram("bwrap", [...sandbox, "true"], { env });
  return answer === null ? "missing" : answer.code === 0 ? "works" : "fails";
}
