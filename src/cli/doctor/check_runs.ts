/** Checks of what earlier runs left: unfinished and old ones, pins without a run, worktrees set aside. */

import { decode, runGit } from "../../git/command.ts";
import { listSlots } from "../../git/retention.ts";
import { SlotPool } from "../../git/slot_pool.ts";
import { runDirectory } from "../../run/directory.ts";
import { listRunIds } from "../../run/find_run.ts";
import { findLeftovers } from "../clean/leftovers.ts";
import { glanceAtRun, type RunGlance } from "../glance.ts";
import { counted } from "../render/text.ts";
import { type Finding, finding, findingOf } from "./finding.ts";

/** Runs of one kind that are named. */
const NAMED = 3;

/** What was found of the runs, and when the newest was last seen (milliseconds; null where there is none). */
export interface RunFindings {
  readonly findings: readonly Finding[];
  readonly newest: number | null;
}

/** How the runs of a place are looked at. */
export interface RunQuestion {
  /** omk's home. */
  readonly home: string;
  /** Null outside a repository, and where git cannot be asked. */
  readonly commonDir: string | null;
  /** Wall clock, milliseconds. */
  readonly now: number;
  /** The age from which finished runs may go, milliseconds, and as the user writes it. */
  readonly keep: { readonly ms: number; readonly text: string };
}

/** Glances at all runs of a place. */
export async function checkRuns({ home, commonDir, now, keep }: RunQuestion): Promise<RunFindings> {
  const ids = await listRunIds(home);
  const runs = await Promise.all(ids.map((id) => glanceAtRun(runDirectory(home, id), now)));
  const old = runs.filter((run) => run.finished_at !== null && now - Date.parse(run.finished_at) > keep.ms);
  const findings = [
    ...ofInterrupted(runs.filter((run) => run.standing === "interrupted")),
    ...ofUnreadable(runs.filter((run) => run.standing === "unreadable")),
    ...ofOld(old, keep.text),
    ...ofLeftovers(await findLeftovers(home, now)),
    ...commonDir === null ? [] : await checkPins(commonDir, new Set(ids)),
  ];
  const seen = runs.flatMap((run) => run.finished_at ?? run.started_at ?? []).map((ts) => Date.parse(ts));
  return {
    findings: findings.length > 0
      ? findings
      : [finding("runs", "ok", `${counted(runs.length, "run")}, none interrupted`)],
    newest: seen.length === 0 ? null : Math.max(...seen),
  };
}

function ofInterrupted(runs: readonly RunGlance[]): readonly Finding[] {
  if (runs.length === 0) return [];
  const [first] = runs.toReversed();
  return [finding("runs", "warning", `${counted(runs.length, "run")} interrupted: ${named(runs)}`, {
    why: "their tasks are not done, and their worktrees are held",
    fix: `omk resume ${first?.run_id} goes on with one, omk cancel ${first?.run_id} ends it`,
  })];
}

function ofUnreadable(runs: readonly RunGlance[]): readonly Finding[] {
  if (runs.length === 0) return [];
  const [first] = runs.toReversed();
  return [finding("runs", "warning", `${counted(runs.length, "run")} that cannot be read: ${named(runs)}`, {
    why: "they can be neither resumed nor verified",
    fix: `omk log verify ${first?.run_id} says what is wrong`,
  })];
}

function ofOld(runs: readonly RunGlance[], keep: string): readonly Finding[] {
  if (runs.length === 0) return [];
  return [
    finding("runs", "note", `${counted(runs.length, "run")} that ended longer than ${keep} ago`, {
      fix: "omk clean removes them, and keeps what is on no branch",
    }),
  ];
}

function ofLeftovers(paths: readonly string[]): readonly Finding[] {
  if (paths.length === 0) return [];
  const found = `what is left of ${counted(paths.length, "run")} that began or went only half`;
  return [finding("runs", "note", found, { fix: "omk clean removes it" })];
}

/** Refs of runs whose files are gone keep what those runs made from being forgotten, and nothing else knows them. */
async function checkPins(commonDir: string, known: ReadonlySet<string>): Promise<readonly Finding[]> {
  const { stdout } = await runGit(["for-each-ref", "--format=%(refname)", "refs/omk/"], {
    cwd: commonDir,
    profile: "local",
    env: { GIT_DIR: commonDir },
  });
  const runIds = decode(stdout).split("\n").flatMap((ref) => ref.split("/")[2] ?? []);
  const lost = [...new Set(runIds)].filter((id) => !known.has(id)).sort();
  const [first] = lost;
  if (first === undefined) return [];
  const ids = lost.slice(0, NAMED).join(", ") + (lost.length > NAMED ? `, … (${lost.length} in all)` : "");
  return [finding("pins", "note", `refs of ${counted(lost.length, "run")} whose files are gone: ${ids}`, {
    why: "they keep the work of those runs, which git would else forget",
    fix: `git log --stat refs/omk/${first}/head shows one; git for-each-ref --format='delete %(refname)' ` +
      `refs/omk/${first} | git update-ref --stdin removes it`,
  })];
}

/** Looks at the worktrees of a repository; `directory` need not exist. */
export async function checkSlots(directory: string): Promise<readonly Finding[]> {
  try {
    if (!(await Deno.stat(directory)).isDirectory) return [];
    const slots = await listSlots(new SlotPool(directory));
    const aside = slots.filter((slot) => slot.state === "set_aside");
    if (aside.length === 0) return [finding("slots", "ok", counted(slots.length, "worktree"))];
    const list = aside.slice(0, NAMED).map((slot) =>
      `${slot.path} (${slot.reason ?? "no reason is recorded"})`
    ).join(", ");
    return [finding("slots", "warning", `${counted(aside.length, "worktree")} set aside: ${list}`, {
      why: "what is in them could not be pinned, and is nowhere else",
      fix: "take from them what you need, then omk clean --discard",
    })];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    return [findingOf("slots", "warning", error)];
  }
}

function named(runs: readonly RunGlance[]): string {
  const more = runs.length > NAMED ? ` and ${runs.length - NAMED} more` : "";
  return runs.slice(-NAMED).map((run) => run.run_id).toReversed().join(", ") + more;
}
