/** The bugs of the earlier omk's watchdog and heartbeats that a test can show: none of them is here. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { draft, type RunEvent } from "../../src/log/event.ts";
import { heartbeatPath, readHeartbeat, writeHeartbeat } from "../../src/run/heartbeat_files.ts";
import { findTask } from "../../src/scheduler/run_state.ts";
import { parseHeartbeat } from "../../src/watchdog/heartbeat.ts";
import { transitionsOf } from "../../src/watchdog/transitions.ts";
import { judge, observe } from "../../src/watchdog/watch.ts";
import { createSupervisor } from "../../src/process/supervisor.ts";
import { createLocalWorker } from "../../src/worker/local_worker.ts";
import { messagesOf } from "../plan/fixture.ts";
import { makePlan, makeTask } from "../run/fixture.ts";
import { Rig } from "../run/rig.ts";
import { beatAt, makeHeartbeat, makeSlot, reading, START, THRESHOLDS, Watched } from "../watchdog/fixture.ts";

const NOBODY = { state: "started", attempt: () => undefined } as const;

function workerEvents(events: readonly RunEvent[]): string[] {
  return events.map(({ kind }) => kind).filter((kind) => kind.startsWith("worker_"));
}

Deno.test("001 bug 3.2.1: with the defaults a worker can stall before it is dead, and thresholds must fit each other", async () => {
  const check = new Watched().lookUntil(0, 60, (at) => beatAt(at, [makeSlot(1, 5)]));
  assertEquals([check.verdict, check.slots[0]?.verdict], ["healthy", "stalled"]);
  const refused = (plan: object) => messagesOf({ ...plan, tasks: [{ id: "a", run: "true" }] });
  assertEquals((await refused({ watchdog: { heartbeat_missing_secs: 5 } })).length, 1, "shorter than a beat");
  assertEquals((await refused({ watchdog: { heartbeat_stale_secs: 9 } })).length, 1, "shorter than a sample");
  assertEquals((await refused({ lease_secs: 89 })).length, 1, "shorter than three missing heartbeats");
  assertEquals(await refused({ lease_secs: 90 }), []);
});

Deno.test("001 bug 3.2.2: stale means that nothing has changed, not that the time in the file is old", () => {
  const worker = new Watched();
  assertEquals(worker.lookUntil(0, 600, (at) => beatAt(at, [makeSlot(1, at)])).slots[0]?.verdict, "healthy");
  assertEquals(worker.lookUntil(605, 665, (at) => beatAt(at, [makeSlot(1, 1)])).slots[0]?.verdict, "stalled");
});

Deno.test("001 bug 3.2.3: a command that hangs is noticed, and ended", async () => {
  const rig = new Rig(makePlan([makeTask("a")]), { outcome: () => null, progress: () => 0 });
  assertEquals((await rig.run()).status, "not_ready");
  assertEquals(findTask(rig.state, "a")?.task.outcome?.result, "stalled");
});

Deno.test("001 bug 3.2.4: a time in the future does not keep a worker healthy for as long as it is ahead", () => {
  const worker = new Watched();
  const ahead = reading(makeHeartbeat(START + 3_600_000));
  assertEquals(worker.look(0, ahead).verdict, "stalled");
  assertEquals(worker.lookUntil(5, 35, () => ahead).verdict, "dead", "it gives no other");
});

Deno.test("001 bug 3.2.5: a worker that stopped is not dead, and a new one has its time", () => {
  const stopped = reading(makeHeartbeat(START, { status: "stopped" }));
  assertEquals(new Watched().lookUntil(0, 120, () => stopped).verdict, "stopped");
  assertEquals(new Watched().look(0, { kind: "absent" }).verdict, "unknown");
});

Deno.test("001 bug 3.2.6: what is dead does not come back in silence", () => {
  const check = new Watched().look(0, beatAt(0));
  assertEquals(transitionsOf(check, { ...NOBODY, state: "dead" }), [{ kind: "recovered", slot: null }]);
});

Deno.test("001 bug 3.2.7: every process tells of a death once, and one that only looks uses nothing up", () => {
  const worker = new Watched();
  worker.look(0, beatAt(0));
  const seen = { now: START + 9_000, wall: START + 9_000, reading: beatAt(0), isGone: true };
  const display = judge(observe(worker.watch, seen), THRESHOLDS);
  const emitting = judge(observe(worker.watch, seen), THRESHOLDS);
  assertEquals(display.verdict, "dead");
  assertEquals(transitionsOf(emitting, NOBODY).map(({ kind }) => kind), ["dead"]);
  // The next process folds the log, which says so.
  assertEquals(transitionsOf(emitting, { ...NOBODY, state: "dead" }), []);
});

Deno.test("001 bug 3.2.8: a verdict that cannot be recorded ends the run with the reason", async () => {
  const rig = new Rig(makePlan([makeTask("a")]), { outcome: () => null });
  const append = rig.log.append.bind(rig.log);
  rig.log.append = (drafts, options) =>
    drafts.some(({ kind }) => kind === "worker_started")
      ? Promise.reject(new Error("the disk is on fire"))
      : append(drafts, options);
  await assertRejects(() => rig.run(), Error, "the disk is on fire");
});

Deno.test("001 bug 3.2.8: workers are told of in one order, and none is left out as it cannot be read", async () => {
  const rig: Rig = new Rig(makePlan([makeTask("a")]), {
    duration: () => 30_000,
    heartbeat: (worker) => worker === "w1" ? parseHeartbeat("{") : { kind: "absent" },
  });
  await rig.run((event) => {
    if (event.kind !== "task_started") return;
    void rig.controller?.commit(() =>
      ["w2", "w1"].map((worker) =>
        draft("worker_started", "run", "controller/1", {
          worker,
          process: { pid: 2, pgid: 2, start_time: null, boot_id: null },
          slots: 1,
        })
      )
    );
  });
  assertEquals(rig.state.run.workers?.map(({ worker, state }) => `${worker} ${state}`), [
    "w2 started",
    "w1 dead",
    "local stopped",
  ]);
});

Deno.test("001 bug 3.2.9: P12: a heartbeat holds numbers and one redacted line, and what nobody knows is unknown", async () => {
  const rig = new Rig(makePlan([makeTask("a")]), {
    duration: () => 10_000,
    line: () => `-H "Authorization: Bearer ${"a1".repeat(20)}"`,
  });
  await rig.run();
  const text = JSON.stringify(rig.heartbeats);
  assert(!text.includes("a1a1") && text.includes("[REDACTED:"), text);
  const check = new Watched().lookUntil(0, 120, (at) => beatAt(at, [makeSlot(1, 0, { cpu: null })]));
  assertEquals(check.slots[0]?.verdict, "unknown");
});

Deno.test("001 bug 3.2.10: verdicts and leases are one mechanism", async () => {
  const rig = new Rig(makePlan([makeTask("a")]), { outcome: () => null, progress: () => 0 });
  await rig.run();
  const kinds = rig.events.map(({ kind }) => kind);
  const stalled = kinds.indexOf("worker_stalled");
  assert(stalled > 0 && kinds.indexOf("task_failed") > stalled);
  assert(!kinds.slice(stalled).includes("lease_renewed"), "what stalls keeps no lease");
  assertEquals(workerEvents(rig.events), ["worker_started", "worker_stalled", "worker_stopped"]);
});

Deno.test("001 bug 3.2.11: a worker gives its heartbeat while it works", async () => {
  const rig = new Rig(makePlan([makeTask("a")]), { duration: () => 61_000 });
  await rig.run();
  assertEquals(rig.heartbeats.filter(({ slots }) => slots.length === 1).length, 12);
});

Deno.test("001 bug 3.2.11: a heartbeat is replaced as a whole: who reads it meanwhile never finds half of one", async () => {
  const run = await Deno.makeTempDir();
  const path = heartbeatPath(run, "local");
  assertEquals(await readHeartbeat(path), { kind: "absent" });
  const slots = Array.from({ length: 500 }, (_, at) => makeSlot(at, at));
  let isWriting = true;
  const writing = (async () => {
    for (let at = 0; at < 100; at++) await writeHeartbeat(path, makeHeartbeat(START + at, { slots }));
    isWriting = false;
  })();
  const found = new Set<string>();
  while (isWriting) found.add((await readHeartbeat(path)).kind);
  await writing;
  assertEquals([...found].filter((kind) => kind === "unreadable"), []);
  assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
  await Deno.remove(run, { recursive: true });
});

Deno.test("001 bug 3.2.12: an internal error is a result like any other, and nobody waits for a lease", async () => {
  await using supervisor = await createSupervisor();
  const task = makeTask("a", { isolation: "none" });
  const worker = createLocalWorker({
    runId: "r",
    plan: makePlan([task]),
    supervisor,
    workspace: null,
    // No directory can be made in a file.
    runDirectory: "/dev/null",
    storeOutputs: () => Promise.resolve({ stored: [], missing: [] }),
    isSetupError: () => false,
    directory: "/",
    env: {},
  });
  const ref = { task_id: "a", attempt: 1, token: 1 };
  const attempt = worker.start({ ref, spec: task, base: null, restore: [] });
  assertEquals([await attempt.started, (await attempt.ended).result], [null, "workspace_error"]);
  assertEquals(attempt.activity().stage, "over");
});
