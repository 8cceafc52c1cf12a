/** The log of a long run, as its controller would have written it. */

import { sha256 } from "../../src/digest.ts";
import { draft, type EventDraft } from "../../src/log/event.ts";
import { openRunLog } from "../../src/log/file_log.ts";
import type { TaskSpec } from "../../src/plan/spec.ts";
import type { RunDirectory } from "../../src/run/directory.ts";
import { VERSION } from "../../src/version.ts";
import { recordRun } from "../cli/fixture.ts";
import { makeOutcome, makePlan, makeTask } from "../run/fixture.ts";

/** The run that is recorded. */
export const RUN_ID = "20260102-030405-abcd";
const TASKS = 20_000;
const EVENTS_EACH = 5;
/** How many events its log has, `run_started` included. */
export const EVENTS = TASKS * EVENTS_EACH;
/** What a task needs that works in the directory itself. */
export const IN_PLACE = { isolation: "none", write_set: [] } as const;
const ACTOR = "controller/1";

/** Records a run in `scratch`, a directory outside of any repository, that has completed all tasks but those of `left`. */
export async function recordTasks(scratch: string, left: readonly TaskSpec[]): Promise<RunDirectory> {
  const tasks = Array.from({ length: TASKS }, (_, at) => makeTask(`t${at}`, IN_PLACE));
  const home = `${scratch}/state/omk/${sha256(scratch).slice(0, 16)}`;
  const drafts = tasks.flatMap(({ id }, at) => completed(id, at * EVENTS_EACH + 1)).slice(0, EVENTS - 1);
  const plan = makePlan([...tasks, ...left]);
  const directory = await recordRun(home, RUN_ID, plan, [], {
    base: null,
    directory: scratch,
    versions: { omk: VERSION, runtime: Deno.version.deno, git: null, os: Deno.build.os },
  });
  await using log = await openRunLog(directory.events, { runId: RUN_ID, durability: "none" });
  // As a controller commits them: a few at a time.
  for (let at = 0; at < drafts.length; at += EVENTS_EACH) {
    await log.append(drafts.slice(at, at + EVENTS_EACH));
  }
  return directory;
}

function completed(task_id: string, token: number): EventDraft[] {
  const ref = { task_id, attempt: 1, token };
  const subject = `task/${task_id}` as const;
  const outcome = makeOutcome("success");
  const claim = { task_id, attempt: 1, worker: "local", lease_expires: 1, base: null };
  const process = { pid: 99, pgid: 99, start_time: null, boot_id: null };
  return [
    draft("task_claimed", subject, ACTOR, claim),
    draft("task_started", subject, ACTOR, {
      ...ref,
      process,
      slot: null,
      output: `tasks/${task_id}/1/output.log`,
    }),
    draft("task_finished", subject, ACTOR, { ...ref, outcome, outputs: [] }),
    draft("task_completed", subject, ACTOR, { ...ref, commit: null, tree: null }),
    draft("usage_recorded", subject, ACTOR, { ...ref, metric: "tokens", amount: 1, quality: "measured" }),
  ];
}
