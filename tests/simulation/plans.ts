/** Random plans with everything that the scheduler has rules for. */

import type { PayloadOf } from "../../src/log/kinds.ts";
import type { GateSpec, LoopSpec, Plan, TaskSpec } from "../../src/plan/spec.ts";
import { BASE_COMMIT, makePlan, makeTask, startPayload } from "../run/fixture.ts";
import { randomPolicy } from "./proposals.ts";
import type { Random } from "./random.ts";

/** The entries of path sets: files, directories and globs that nest, overlap, or exclude each other by suffix. */
export const ENTRIES = [
  "src/a",
  "src/b/**",
  "src/b/c.ts",
  "src/*.ts",
  "src/*.md",
  "src/A",
  "docs",
  "docs/x/y.md",
  "lib/x.ts",
  "lib/**",
  "**",
];

/** A plan of 1 to `largest` tasks, log-uniform in size. */
export function randomPlan(random: Random, largest: number): Plan {
  const count = random.logBetween(1, largest);
  const shape = {
    width: random.between(1, 8),
    depth: random.next(),
    sets: random.next(),
    pools: random.next(),
    ...randomCrowd(random.split("crowd"), count),
  };
  const tasks = Array.from({ length: count }, (_, at) => randomTask(random, at, shape));
  const workers = random.between(1, 6);
  return makePlan(tasks, {
    workers: shape.isCrowd ? Math.ceil(workers / 2) : workers,
    pools: { db: 1, gpu: 2 },
    on_failure: random.pick(["continue", "continue", "continue", "no-new", "kill"] as const),
    ...randomGates(random),
    ...random.pick([
      { lease_secs: 18, watchdog: { heartbeat_missing_secs: 6, heartbeat_stale_secs: 10 } },
      { lease_secs: 18, watchdog: { heartbeat_missing_secs: 6, heartbeat_stale_secs: 10 } },
      { lease_secs: 60, watchdog: { heartbeat_missing_secs: 20, heartbeat_stale_secs: 40 } },
      { lease_secs: 300, watchdog: { heartbeat_missing_secs: 30, heartbeat_stale_secs: 60 } },
    ]),
    budget: randomBudget(random, count, workers),
    ...randomPolicy(random.split("policy"), ENTRIES),
  });
}

/** The payload of `run_started` for a plan: sometimes with a selection, earlier durations, or no case. */
export function randomStart(random: Random, plan: Plan): PayloadOf<"run_started"> {
  const durations = plan.tasks.filter(() => random.chance(0.3)).map(({ id }) => ({
    task_id: id,
    ms: random.between(0, 60_000),
  }));
  const isWhole = random.chance(0.5);
  const selected = isWhole ? null : randomSelection(random, plan);
  return startPayload(plan, {
    durations,
    selected,
    ...randomReuse(random.split("reuse"), plan, selected),
    case_sensitive: random.chance(0.7),
    seed: String(random.between(0, 1_000_000)),
  });
}

/** The run that something is taken over of. */
const EARLIER = "20250101-000000-zzzz";

/** What an earlier run made, in runs that take over anything: tasks whose dependencies are taken over too. */
function randomReuse(
  random: Random,
  plan: Plan,
  selected: readonly string[] | null,
): Pick<PayloadOf<"run_started">, "reuse"> {
  if (random.chance(0.25)) return {};
  const chosen = new Set<string>();
  const share = Math.sqrt(random.next());
  for (const { id, isolation, dependencies } of plan.tasks) {
    const isPossible = isolation === "worktree" && selected?.includes(id) !== false &&
      dependencies.every((each) => chosen.has(each));
    if (isPossible && random.chance(share)) chosen.add(id);
  }
  const tasks = [...chosen].map((task_id, at) => ({
    task_id,
    from: { run: EARLIER, attempt: random.between(1, 3) },
    token: random.between(1, 1_000),
    base: BASE_COMMIT,
    pin: random.chance(0.8) ? earlierPin(at) : null,
    changed: { count: 0, paths: [] },
    secrets: [],
    outputs: [],
  }));
  return { reuse: { run: EARLIER, tasks } };
}

/** What marks the pins of the earlier run. */
const EARLIER_PIN = "e";

function earlierPin(at: number): string {
  return EARLIER_PIN + at.toString(16).padStart(39, "0");
}

/** Whether the pin was made by the earlier run. */
export function isEarlierPin(pin: string): boolean {
  return pin.startsWith(EARLIER_PIN);
}

/** What makes the verdict of a gate count. */
const JUDGING = { required: true, allow_fail: false, skip: false } as const;

interface Shape {
  readonly width: number;
  readonly depth: number;
  readonly sets: number;
  readonly pools: number;
  /** Whether many tasks wait at once for the same few things. */
  readonly isCrowd: boolean;
  /** The share of tasks that depend on nothing. */
  readonly first: number;
}

/** In half of the plans that are not small, so that what is parked is tried again, and parked again, in vain. */
function randomCrowd(random: Random, count: number): Pick<Shape, "isCrowd" | "first"> & Partial<Shape> {
  const isCrowd = count >= 8 && random.chance(0.5);
  return isCrowd ? { isCrowd, first: 0.7, sets: 0.5 + random.next(), pools: 1.5 } : { isCrowd, first: 0.2 };
}

function randomTask(random: Random, at: number, shape: Shape): TaskSpec {
  const isolation = random.chance(0.85) ? "worktree" : "none";
  const chance = random.next();
  const write_set = chance < 0.5 * shape.sets
    ? [random.pick(ENTRIES), ...(random.chance(0.2) ? [random.pick(ENTRIES)] : [])]
    : chance < 0.7 * shape.sets
    ? []
    : null;
  return makeTask(`t${at}`, {
    ...(random.chance(0.15) ? { loop: randomLoop(random, at) } : {}),
    dependencies: randomDependencies(random, at, shape),
    trigger_rule: random.pick(
      ["all_success", "all_success", "all_success", "one_success", "all_done"] as const,
    ),
    priority: random.pick([0, 0, 0, 1, 5, -3]),
    pool: random.chance(0.5 * shape.pools) ? random.pick(["db", "gpu"]) : null,
    isolation,
    write_set: isolation === "none" && write_set === null ? (random.chance(0.5) ? ["**"] : []) : write_set,
    read_set: random.chance(0.3 * shape.sets) ? [random.pick(ENTRIES)] : [],
    outputs: random.chance(0.25) ? [`out/${at}.json`] : [],
    gates: randomTaskGates(random, at),
    ...randomTaskBudget(random.split(`budget ${at}`)),
    retry_declared: random.chance(0.5),
    on_stall: random.pick(["retry", "retry", "warn", "kill"] as const),
    retry_policy: {
      max_attempts: random.between(0, 3),
      backoff_seconds: random.chance(0.2) ? 0 : random.next() * 10,
      backoff_multiplier: random.pick([1, 2, 3]),
      max_backoff_seconds: 30,
      jitter: random.chance(0.5) ? random.next() : 0,
      terminal_on_permanent_failure: random.chance(0.8),
    },
  });
}

/** Up to three tasks before this one: its neighbours in a plan of chains, any in a plan of layers. */
function randomDependencies(random: Random, at: number, { width, depth, first }: Shape): string[] {
  if (at === 0 || random.chance(first)) return [];
  const found = new Set<number>();
  for (let left = random.between(0, 3); left > 0; left--) {
    found.add(random.chance(depth) ? Math.max(0, at - random.between(1, width)) : random.between(0, at - 1));
  }
  return [...found].map((each) => `t${each}`);
}

function randomTaskGates(random: Random, at: number): GateSpec[] {
  const gates = random.chance(0.15) ? [randomGate(random, `check${at}`, "task")] : [];
  const more = random.split(`more gates ${at}`);
  return more.chance(0.1) ? [...gates, randomGate(more, `also${at}`, "task")] : gates;
}

function randomLoop(random: Random, at: number): LoopSpec {
  const until = { ...randomGate(random, `until${at}`, "task"), ...JUDGING };
  return { run: "true", max_iterations: random.between(1, 4), until };
}

function randomGate(random: Random, name: string, scope: GateSpec["scope"]): GateSpec {
  const pool = random.split(`pool of ${name}`);
  return {
    name,
    command: "true",
    required: random.chance(0.8),
    timeout_secs: 60,
    scope,
    retries: random.pick([0, 0, 1, 2]),
    allow_fail: random.chance(0.1),
    skip: random.chance(0.1),
    output_fails: false,
    reports: [],
    ...(pool.chance(0.25) ? { pool: pool.pick(["db", "gpu"]) } : {}),
  };
}

/** Gates that may judge merges too, of which one then always does. */
function randomGates(random: Random): Pick<Plan, "gates" | "gate_each"> {
  const gates = Array.from(
    { length: random.pick([0, 1, 1, 2]) },
    (_, at) => randomGate(random, `g${at}`, "run"),
  );
  const more = random.split("more gates");
  if (more.chance(0.3)) gates.push(randomGate(more, "g8", "run"), randomGate(more, "g9", "run"));
  const gate_each = random.split("gate each").pick(["off", "task", "batch", "batch", "batch"] as const);
  if (gate_each === "off") return { gates };
  const judging = { ...randomGate(random.split("judging"), "each", "run"), ...JUDGING };
  return { gates: [...gates, judging], gate_each };
}

function randomBudget(random: Random, count: number, workers: number): Plan["budget"] {
  const more = random.split("more budgets");
  // Fewer attempts than workers: only then more could begin at once than are left.
  const scarce = random.split("scarce attempts");
  const attempts = scarce.chance(0.06) ? { attempts: scarce.between(1, workers) } : {};
  return {
    time_secs: random.chance(0.15) || more.chance(0.2) ? more.between(5, 20 * count + 60) : null,
    ...(more.chance(0.15) ? { attempts: more.between(1, count) } : {}),
    ...(random.chance(0.15) ? { attempts: random.between(1, 2 * count + 1) } : {}),
    ...(random.chance(0.1) ? { tokens: random.between(100, 3000 * count) } : {}),
    ...(random.chance(0.15) ? { usd: random.between(1, 3 * count + 3) } : {}),
    ...attempts,
  };
}

function randomTaskBudget(random: Random): Pick<TaskSpec, "budget"> {
  if (random.chance(0.85)) return {};
  return {
    budget: random.chance(0.7) ? { usd: random.between(1, 5) } : { tokens: random.between(100, 4_000) },
  };
}

function randomSelection(random: Random, plan: Plan): string[] {
  const chosen = new Set(plan.tasks.filter(() => random.chance(0.5)).map(({ id }) => id));
  for (const { id, dependencies } of [...plan.tasks].reverse()) {
    if (chosen.has(id)) dependencies.forEach((each) => chosen.add(each));
  }
  return plan.tasks.map(({ id }) => id).filter((id) => chosen.has(id));
}
