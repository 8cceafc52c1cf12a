/** Checks of the program and the machine. */

import { createSupervisor } from "../../process/supervisor.ts";
import type { Containment } from "../../process/port.ts";
import { buildInfo } from "../../version.ts";
import { formatAge } from "../render/run_table.ts";
import { type Finding, finding, findingOf } from "./finding.ts";

/** What each level promises about processes that a task leaves behind. */
const CONTAINMENT: Readonly<Record<Containment, string>> = {
  cgroup: "no process of a task outlives it",
  pidns: "no process of a task outlives it",
  mark: "no process of a task outlives it that keeps its group or its environment",
  group: "processes that leave the group of their task are not found",
};

/** A wall clock before this (2024-01-01) was never set. */
const EARLIEST_WALL_MS = Date.UTC(2024, 0, 1);

/** What runs omk, and where its runtime came from. */
export function checkVersion(): Finding {
  const { version, runtime, deno, commit } = buildInfo();
  const text = `omk ${version} on Deno ${deno}, runtime: ${runtime}${
    commit === null ? "" : `, commit ${commit.slice(0, 10)}`
  }`;
  if (runtime !== "fallback") return finding("version", "ok", text);
  return finding(
    "version",
    "warning",
    `${text}: this executable was built on a runtime that was cut from another program`,
    "use it to try omk; take a released executable for anything else",
  );
}

/** How far processes of tasks can be followed here. */
export async function checkContainment(env: Readonly<Record<string, string>>): Promise<Finding> {
  try {
    await using supervisor = await createSupervisor({ environment: env });
    const { containment } = supervisor;
    const text = `${containment}: ${CONTAINMENT[containment]}`;
    if (containment !== "group") return finding("containment", "ok", text);
    return finding(
      "containment",
      "warning",
      text,
      "mount /proc, so that omk can read the environment of processes",
    );
  } catch (error) {
    return findingOf("containment", "problem", error);
  }
}

/**
 * Whether the clock can be right: it was set, and is not behind the newest run.
 *
 * @param newest when the newest run was last seen, milliseconds; null where there is none
 */
export function checkClock(now: number, newest: number | null): Finding {
  const text = new Date(now).toISOString();
  if (now < EARLIEST_WALL_MS) {
    return finding("clock", "problem", `${text}: it was never set`, "set the clock");
  }
  if (newest !== null && newest > now + 5000) {
    const late = formatAge(newest - now);
    return finding("clock", "warning", `${text}: the newest run is ${late} ahead of it`, "set the clock");
  }
  return finding("clock", "ok", text);
}

/** Whether omk was called from inside of one of its own tasks. */
export function checkNesting(env: Readonly<Record<string, string>>): readonly Finding[] {
  if (env.OMK_MARK === undefined) return [];
  return [finding("nesting", "note", "this is the inside of a task of omk: it cannot cancel its own run")];
}
