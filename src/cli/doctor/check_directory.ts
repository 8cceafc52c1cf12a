/** Checks of the directories that omk writes to: permission, locks, kind of file system, space, time. */

import { reasonOf } from "../../errors.ts";
import { counted, formatBytes } from "../render/text.ts";
import { type FileSystemFacts, type FileSystemProbe, isNetworkType, machineProbe } from "./file_system.ts";
import { type Advice, type Finding, finding } from "./finding.ts";

/** With less free space a run will soon fail. */
const LITTLE_BYTES = 1024 ** 3;
/** With less, a run should not even begin. */
const TOO_LITTLE_BYTES = 100 * 1024 ** 2;
/** With fewer files left, a run will soon fail: a worktree has one for each of the project's. */
const FEW_FILES = 50_000;
/** With fewer, a run should not even begin. */
const TOO_FEW_FILES = 1_000;
/** A file system whose clock is further away belongs to another machine. */
const CLOCK_SKEW_MS = 5000;

/** A directory that omk writes to; it need not exist yet. */
export interface StateDirectory {
  /** `state` or `worktrees`. */
  readonly check: string;
  readonly path: string;
  /** Whether omk does without it; then what is wrong with it is a warning. */
  readonly optional: boolean;
}

/** Tries what omk does in a directory. Nothing is left behind. */
export async function checkDirectory(
  directory: StateDirectory,
  probe: FileSystemProbe = machineProbe,
): Promise<readonly Finding[]> {
  const { check, path, optional } = directory;
  const level = optional ? "warning" : "error";
  let existing = path;
  let file: string;
  try {
    existing = await nearestExisting(path);
    file = await Deno.makeTempFile({ dir: existing, prefix: ".omk-probe-" });
  } catch (error) {
    const found = `${path} cannot be written to: ${reasonOf(error)}`;
    return [finding(check, level, found, unwritableAdvice(directory, existing))];
  }
  try {
    const facts = await probe.facts(existing);
    const problems = [
      await checkLock(directory, existing, file, probe),
      checkType(check, existing, facts.type),
      await checkTime(check, file),
    ].filter((each) => each !== null);
    const note = existing === path ? "" : " (not made yet)";
    const type = facts.type === null ? "" : `, on ${facts.type}`;
    const well = `${path}${note}: it can be written to, locked and synced${type}`;
    const isBad = problems.some((each) => each.level === "error");
    return [
      ...(isBad ? [] : [finding(check, "ok", well)]),
      ...problems,
      ...checkSpace(check, existing, facts),
    ];
  } finally {
    await Deno.remove(file);
  }
}

function unwritableAdvice({ check, optional }: StateDirectory, existing: string): Advice {
  if (check !== "worktrees") {
    return { why: "a run cannot keep its log", fix: `make ${existing} writable, or call omk somewhere else` };
  }
  return {
    why: optional
      ? "worktrees then lie in the git directory, where tasks may see files of the checkout"
      : "omk uses no other directory than the chosen one",
    fix: `make ${existing} writable, or set OMK_WORKTREE_DIR to a directory that is`,
  };
}

/** Two processes must not hold one lock, and a sync must not fail: the log depends on both. */
async function checkLock(
  { check }: StateDirectory,
  existing: string,
  file: string,
  probe: FileSystemProbe,
): Promise<Finding | null> {
  const verdict = await probe.tryLock(file);
  const advice = {
    why: "two omk processes could write to one log, or to one worktree, at once",
    fix: check === "worktrees"
      ? "set OMK_WORKTREE_DIR to a directory on a local file system"
      : "keep the repository on a local file system",
  };
  switch (verdict.kind) {
    case "exclusive":
      return null;
    case "shared":
      return finding(check, "error", `the file system of ${existing} lets two hold one lock at once`, advice);
    case "refused":
      return finding(
        check,
        "error",
        `the file system of ${existing} cannot lock or sync files: ${verdict.reason}`,
        advice,
      );
  }
}

function checkType(check: string, existing: string, type: string | null): Finding | null {
  if (type === null) return null;
  if (isNetworkType(type)) {
    return finding(check, "warning", `${existing} is on a network file system (${type})`, {
      why: "its locks hold among the processes of this machine, but may be lost when its server is away",
      fix: check === "worktrees"
        ? "set OMK_WORKTREE_DIR to a directory on a local disk"
        : "run omk on one machine at a time, better in a clone on a local disk",
    });
  }
  if (type !== "tmpfs" && type !== "ramfs") return null;
  return finding(check, "note", `${existing} is in memory (${type})`, {
    why: "what is in it is gone when the machine restarts, whatever is synced",
  });
}

async function checkTime(check: string, file: string): Promise<Finding | null> {
  const { mtime } = await Deno.stat(file);
  const skew = Math.abs((mtime?.getTime() ?? Date.now()) - Date.now());
  if (skew < CLOCK_SKEW_MS) return null;
  const found = `the clock of its file system is ${Math.round(skew / 1000)} s away from that of the machine`;
  return finding(check, "warning", found, {
    why: "ages of files cannot be compared with the time of the machine",
    fix: "set both clocks",
  });
}

function checkSpace(check: string, existing: string, facts: FileSystemFacts): readonly Finding[] {
  const { freeBytes, freeFiles } = facts;
  const findings: Finding[] = [];
  const advice = {
    why: "a log or a worktree that cannot be written ends a run",
    fix: "make room; omk clean removes old runs, omk clean --slots worktrees too",
  };
  if (freeBytes !== null) {
    const level = freeBytes < TOO_LITTLE_BYTES ? "error" : freeBytes < LITTLE_BYTES ? "warning" : "ok";
    const found = `${formatBytes(freeBytes)} free at ${existing}`;
    findings.push(finding(`${check} space`, level, found, level === "ok" ? {} : advice));
  }
  if (freeFiles !== null && freeFiles < FEW_FILES) {
    const level = freeFiles < TOO_FEW_FILES ? "error" : "warning";
    findings.push(
      finding(
        `${check} space`,
        level,
        `room for only ${counted(freeFiles, "more file")} at ${existing}`,
        advice,
      ),
    );
  }
  return findings;
}

/** The deepest part of a path that exists, directory or not. */
async function nearestExisting(path: string): Promise<string> {
  for (let at = path;; at = at.slice(0, at.lastIndexOf("/"))) {
    try {
      if (at === "") return "/";
      await Deno.stat(at);
      return at;
    } catch (error) {
      const { NotFound, NotADirectory, PermissionDenied } = Deno.errors;
      if (![NotFound, NotADirectory, PermissionDenied].some((each) => error instanceof each)) throw error;
    }
  }
}
