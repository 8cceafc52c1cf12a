import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import type { RunEvent } from "../../src/log/event.ts";
import { readRunLog } from "../../src/log/reader.ts";
import type { Plan } from "../../src/plan/spec.ts";
import { runDirectoryAt } from "../../src/run/directory.ts";
import { loadRunPlan } from "../../src/run/load_run.ts";
import { apply } from "../../src/run/state.ts";
import { decide, isQuiet, nextWake } from "../../src/scheduler/decide.ts";
import { createRunState, type RunState, runStateJson } from "../../src/scheduler/run_state.ts";
import { restoreState, snapshotOf } from "../../src/scheduler/state_snapshot.ts";

const CORPUS = fromFileUrl(new URL("../corpus", import.meta.url));

/** All that comes of a state: its text, and what is decided from it now and when time has passed. */
function consequences(state: RunState): string {
  const { run, index, plan } = state;
  const now = run.last_ts;
  return JSON.stringify([
    runStateJson(state),
    [...index.active],
    [...index.unstartable].sort((a, b) => a - b),
    plan.tasks.map((
      _,
      ordinal,
    ) => [index.rankOf(ordinal), index.readinessOf(ordinal), index.pathMs(ordinal)]),
    index.claims,
    isQuiet(state),
    [0, 1_000, 3_600_000].map((ms) => [nextWake(state, now + ms) ?? null, decide(state, now + ms)]),
  ]);
}

/** Checks that a snapshot behind any event gives all states behind it. */
function checkEverySplit(plan: Plan, events: readonly RunEvent[]): void {
  const wholes: string[] = [];
  const snapshots: string[] = [];
  const whole = createRunState(plan);
  for (const event of events) {
    apply(whole, event);
    snapshots.push(JSON.stringify(snapshotOf(whole)));
    wholes.push(consequences(whole));
  }
  for (const [split, text] of snapshots.entries()) {
    const state = restoreState(plan, JSON.parse(text));
    assertEquals(consequences(state), wholes[split], `restored behind event ${split}`);
    for (const event of events.slice(split + 1)) {
      apply(state, event);
      assert(
        consequences(state) === wholes[event.index],
        `restored behind event ${split}, at event ${event.index}`,
      );
    }
  }
}

for (const { name } of Deno.readDirSync(CORPUS)) {
  Deno.test(`P1: the recorded run ${name} folds the same from a snapshot behind any of its events`, async () => {
    const directory = runDirectoryAt(`${CORPUS}/${name}`, name);
    const { plan } = await loadRunPlan(directory);
    checkEverySplit(plan, await Array.fromAsync(readRunLog(directory.events)));
  });
}
