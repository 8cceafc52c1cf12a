/**
 * What scheduling costs without I/O: every decision and every fold of a whole run, a conflict check against many tasks
 * at work, and loading a large plan. Figures are per task, so that the three sizes can be compared.
 */

import { fromFileUrl } from "@std/path";
import { draft, type EventDraft, type RunEvent, taskSubject } from "../../src/log/event.ts";
import { PathIndex } from "../../src/plan/path_index.ts";
import type { Plan } from "../../src/plan/spec.ts";
import { apply } from "../../src/run/state.ts";
import { decide } from "../../src/scheduler/decide.ts";
import { createRunState } from "../../src/scheduler/run_state.ts";
import { settleAttempt } from "../../src/scheduler/settle.ts";
import { makeOutcome, makePlan, makeTask, startPayload } from "../run/fixture.ts";
import { type Benchmark, median, medianTaken, report, take, type Taken } from "./measure.ts";

const SIZES = [10_000, 100_000, 1_000_000] as const;
const LAYER = 100;
const WORKERS = 4;
/** The tasks at work of the conflict check, and how many paths each declares. */
const AT_WORK = 1_000;
const PATHS = 100;
/** The plan that is loaded. */
const PLAN_TASKS = 100_000;
const LOADER = fromFileUrl(new URL("load_plan.ts", import.meta.url));

/** See the module. */
export const schedulerBenchmark: Benchmark = {
  name: "scheduler",
  needsBinary: false,
  async run(runs) {
    const whole = SIZES.map((size) => wholeRun(size, runs));
    // Once more, as what else the machine does may have changed meanwhile.
    whole.push(wholeRun(SIZES[0], runs));
    const micros = (ms: number, size: number) => (ms * 1000 / size).toFixed(1);
    report(`apply and decide of a whole run, ${WORKERS} workers (goal: at most 15 µs/task at 100,000)`, [
      ...whole.map(({ size, wallMs, cpuMs }) =>
        `${String(size).padStart(9)} tasks  ${micros(cpuMs, size)} µs/task of CPU, ${
          micros(wallMs, size)
        } in all`
      ),
      `per task at ${SIZES[2]} beside ${SIZES[0]}: ${
        growth(whole).toFixed(2)
      } x of CPU (goal: at most 1.5 x)`,
    ]);
    const check = (sets: readonly string[], conflicts: number) => {
      const { wallMs, cpuMs } = conflictCheck(sets, conflicts, runs);
      return `${micros(cpuMs, 1)} µs of CPU, ${micros(wallMs, 1)} in all`;
    };
    const free = pathsOf(AT_WORK);
    const taken = [...free.slice(1), ...pathsOf(AT_WORK / 2).slice(0, 1)];
    report(`Conflict check against ${AT_WORK} tasks at work with ${PATHS} paths each (goal: at most 20 µs)`, [
      `a task with one path, without a conflict: ${check(free.slice(0, 1), 0)}`,
      `a task with one path, with one:           ${check(taken.slice(-1), 1)}`,
      `a task with ${PATHS} paths, without:          ${check(free, 0)}`,
      `a task with ${PATHS} paths, with one:         ${check(taken, 1)}`,
    ]);
    await benchLoading(runs);
  },
};

/** What a run of this size takes, the median of several; the first one, which meets cold code, does not count. */
function wholeRun(size: number, runs: number): Taken & { readonly size: number } {
  const plan = layeredPlan(size);
  // A run of a million tasks takes as long as a hundred of ten thousand: one of them tells as much.
  const rounds = Math.max(1, Math.min(runs * 4, Math.floor(SIZES[2] / size)));
  if (size === SIZES[0]) runWhole(plan);
  return { size, ...medianTaken(Array.from({ length: rounds }, () => take(() => runWhole(plan)))) };
}

/** How much more CPU a task takes in the largest runs than in the smallest. */
function growth(whole: readonly (Taken & { readonly size: number })[]): number {
  const perTask = (wanted: number) =>
    median(whole.filter(({ size }) => size === wanted).map(({ cpuMs, size }) => cpuMs / size));
  return perTask(SIZES[2]) / perTask(SIZES[0]);
}

/** A plan in layers, each task with two dependencies in the layer before its own. */
function layeredPlan(size: number): Plan {
  const tasks = Array.from({ length: size }, (_, at) => {
    const before = at - at % LAYER - LAYER;
    const dependencies = before < 0 ? [] : [`t${before + at % LAYER}`, `t${before + (at + 1) % LAYER}`];
    return makeTask(`t${at}`, { dependencies });
  });
  return makePlan(tasks, { workers: WORKERS });
}

/** A run from its plan to the end of its last task, where nothing is written and everything succeeds. */
function runWhole(plan: Plan): void {
  const state = createRunState(plan);
  const outcome = makeOutcome("success");
  const process = { pid: 1, pgid: 1, start_time: null, boot_id: null };
  let now = Date.UTC(2026, 0, 2);
  let index = 0;
  const claims: { readonly task_id: string; readonly attempt: number; readonly token: number }[] = [];
  let ts = new Date(now).toISOString();
  const add = (drafts: readonly EventDraft[]) => {
    for (const each of drafts) {
      const event: RunEvent = { index, id: "0", run_id: "r", ts, schema_version: 1, ...each };
      index += 1;
      apply(state, event);
      if (event.kind === "task_claimed") {
        const { task_id, attempt } = event.payload;
        claims.push({ task_id, attempt, token: event.index });
      }
    }
  };
  add([draft("run_started", "run", "controller/1", startPayload(plan))]);
  while (true) {
    add(decide(state, now));
    const ref = claims.shift();
    if (ref === undefined) break;
    if (ref.token % WORKERS === 0) {
      now += 1;
      ts = new Date(now).toISOString();
    }
    add([
      draft("task_started", taskSubject(ref.task_id), "controller/1", {
        ...ref,
        process,
        slot: "w1",
        output: "",
      }),
    ]);
    add(settleAttempt(state, ref, outcome, [], now));
  }
  if (state.index.count("completed") !== plan.tasks.length) {
    throw new Error("The run did not come to its end");
  }
}

/** The paths that a task of the conflict check declares: its own, in one tree with those of the others. */
function pathsOf(task: number): string[] {
  return Array.from({ length: PATHS }, (_, at) => `packages/p${task % 50}/src/m${task}/file${at}.ts`);
}

/** What one conflict check takes for a task that writes these paths. */
function conflictCheck(writes: readonly string[], conflicts: number, runs: number): Taken {
  const index = new PathIndex();
  for (let task = 0; task < AT_WORK; task++) index.add(`t${task}`, { reads: [], writes: pathsOf(task) });
  const sets = { reads: [], writes };
  const checks = 2_000;
  const rounds = Array.from({ length: runs + 1 }, () =>
    take(() => {
      let found = 0;
      for (let check = 0; check < checks; check++) found += index.conflictsWith(sets).length;
      if (found !== checks * conflicts) throw new Error(`Found ${found} conflicts in ${checks} checks`);
    }));
  const { wallMs, cpuMs } = medianTaken(rounds.slice(1));
  return { wallMs: wallMs / checks, cpuMs: cpuMs / checks };
}

/** Loading and validating a plan of 100,000 tasks in a process of its own, whose peak of memory is the figure. */
async function benchLoading(runs: number): Promise<void> {
  const scratch = await Deno.makeTempDir({ prefix: "omk-bench-" });
  const path = `${scratch}/omk.jsonc`;
  const tasks = layeredPlan(PLAN_TASKS).tasks.map(({ id, dependencies }, at) => ({
    id,
    run: `make ${id}`,
    dependencies,
    write_set: [`packages/p${at % 500}/src/${id}.ts`],
  }));
  await Deno.writeTextFile(path, JSON.stringify({ version: 1, gates: [], tasks }));
  const loads: { readonly ms: number; readonly cpu_ms: number; readonly peak_bytes: number }[] = [];
  for (let round = 0; round < runs; round++) {
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-check", "-A", LOADER, path],
      stdin: "null",
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    loads.push(JSON.parse(new TextDecoder().decode(stdout)));
  }
  const { size } = await Deno.stat(path);
  report(
    `Loading a plan of ${PLAN_TASKS} tasks, ${(size / 1e6).toFixed(0)} MB (goal: under 3 s and 500 MB)`,
    [
      `${(median(loads.map(({ cpu_ms }) => cpu_ms)) / 1000).toFixed(2)} s of CPU, ` +
      `${(median(loads.map(({ ms }) => ms)) / 1000).toFixed(2)} s in all, ` +
      `peak ${(median(loads.map(({ peak_bytes }) => peak_bytes)) / 1e6).toFixed(0)} MB of the process`,
    ],
  );
  await Deno.remove(scratch, { recursive: true });
}
