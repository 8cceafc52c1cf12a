import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import type { RunEvent } from "../../src/log/event.ts";
import { openRunLog } from "../../src/log/file_log.ts";
import { readRunLog } from "../../src/log/reader.ts";
import { writeSnapshot } from "../../src/log/snapshots.ts";
import { verifyLog } from "../../src/log/verify.ts";
import type { Plan } from "../../src/plan/spec.ts";
import { runDirectoryAt } from "../../src/run/directory.ts";
import { foldRun, loadRun, loadRunPlan } from "../../src/run/load_run.ts";
import { keepSnapshots, restoreRun } from "../../src/run/run_snapshot.ts";
import { apply, applyAll } from "../../src/run/state.ts";
import { decide, isQuiet, nextWake } from "../../src/scheduler/decide.ts";
import { createRunState, type RunState, runStateJson } from "../../src/scheduler/run_state.ts";
import { restoreState, snapshotOf } from "../../src/scheduler/state_snapshot.ts";
import { VERSION } from "../../src/version.ts";
import { PlainPlace, recordRun, storyDrafts, storyPlan } from "../cli/fixture.ts";
import { RUN_ID } from "./fixture.ts";

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
    ) => [index.ranks.of(ordinal), index.readinessOf(ordinal), index.ranks.pathMs(ordinal)]),
    index.claims,
    isQuiet(state),
    [0, 1_000, 3_600_000].map((ms) => [nextWake(state, now + ms) ?? null, decide(state, now + ms)]),
  ]);
}

/** Checks that a snapshot behind any event gives all states behind it, and that it does not matter when decisions are asked for. */
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
    const unasked = applyAll(createRunState(plan), events.slice(0, split + 1));
    assertEquals(consequences(unasked), wholes[split], `asked for the first time behind event ${split}`);
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

for (const { name, isDirectory } of Deno.readDirSync(CORPUS)) {
  if (!isDirectory) continue;
  Deno.test(`P1: the recorded run ${name} folds the same from a snapshot behind any of its events`, async () => {
    const directory = runDirectoryAt(`${CORPUS}/${name}`, name);
    const { plan } = await loadRunPlan(directory);
    checkEverySplit(plan, await Array.fromAsync(readRunLog(directory.events)));
  });
}

Deno.test("keepSnapshots() keeps a state when it is due, and loadRun() goes on from it as if it had folded all", async () => {
  await using place = await PlainPlace.make();
  const plan = storyPlan();
  const directory = await recordRun(place.home, RUN_ID, plan, storyDrafts("active"));
  const stored = await loadRunPlan(directory);
  const failures: string[] = [];
  await using log = await openRunLog(directory.events, { runId: RUN_ID, durability: "none" });
  const { state, snapshotIndex } = await foldRun(directory, stored, {}, async (position, fold) => {
    for await (const event of log.read(position)) fold(event);
  });
  assertEquals(snapshotIndex, -1);
  const keeper = keepSnapshots(directory.events, log, {
    last: snapshotIndex,
    every: 13,
    onFailure: (why) => failures.push(why),
  });
  assertEquals(log.head().index, 12);
  const kept = keeper.keep(state, false);
  await kept;
  assert(kept !== undefined && keeper.keep(state, false) === undefined, "it is kept once");
  const appended = await log.append(storyDrafts("failed").slice(storyDrafts("active").length));
  assertEquals(keeper.keep(state, true), undefined, "the state is not the fold of all that was told");
  for (const event of appended) apply(state, event);

  const passedOver: string[] = [];
  const onPassedOver = (path: string, why: string) => passedOver.push(`${path.replace(/.*\//, "")}: ${why}`);
  const restored = await restoreRun(directory.events, stored, { onPassedOver });
  assertEquals([restored?.state.run.next_index, restored?.position.index], [13, 12]);
  assertEquals(runStateJson((await loadRun(directory)).state), runStateJson(state));
  assertEquals((await loadRun(directory, { until: 5 })).state.run.next_index, 6);

  // Nothing but a snapshot tells this name: who sees the events folds them all, who verifies looks at nothing else.
  const tell = async (changes: Record<string, unknown>) => {
    const { state, position } = await restoreRun(directory.events, stored) ?? {};
    assert(position !== undefined && state !== undefined);
    const run = { ...state.run, name: "from a snapshot", ...changes };
    await writeSnapshot(directory.events, { position, state: { omk: VERSION, ...snapshotOf(state), run } });
  };
  await tell({});
  assertEquals((await loadRun(directory)).state.run.name, "from a snapshot");
  assertEquals((await loadRun(directory, { onEvent: () => {} })).state.run.name, "a story");
  assertEquals((await verifyLog(directory.events)).verdict, "verified");

  await tell({ plan_digest: "f".repeat(64) });
  assertEquals((await loadRun(directory, { onPassedOver })).state.run.name, "a story");
  assertEquals(passedOver, ["snapshot-12.json: it is of a run with another plan"]);
  const old = { omk: "0.0.1", ...snapshotOf(state) };
  await writeSnapshot(directory.events, { position: log.position(), state: old });
  await loadRun(directory, { onPassedOver });
  assertEquals(passedOver[1], `snapshot-14.json: it was kept by omk 0.0.1, and this is omk ${VERSION}`);

  const nowhere = keepSnapshots(`${directory.path}/gone/events.jsonl`, log, {
    last: -1,
    every: 1,
    onFailure: (why) => failures.push(why),
  });
  await nowhere.keep(state, false);
  assertEquals(failures.length, 1);
});
