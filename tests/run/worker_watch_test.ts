import { assert, assertEquals } from "@std/assert";
import { draft, type RunEvent, taskSubject } from "../../src/log/event.ts";
import type { OnStall, Plan, TaskSpec } from "../../src/plan/spec.ts";
import { findTask } from "../../src/scheduler/run_state.ts";
import type { HeartbeatReading } from "../../src/watchdog/heartbeat.ts";
import { makeHeartbeat, makeSlot } from "../watchdog/fixture.ts";
import { Ledger, makePlan, makeTask } from "./fixture.ts";
import { Rig, type Script } from "./rig.ts";

const EXTRA = { pid: 2, pgid: 2, start_time: null, boot_id: null };
const WORKER_KINDS = /^worker_|^lease_renewed$/;

function onStall(on_stall: OnStall, retries = 0): TaskSpec {
  const { retry_policy } = makeTask("a");
  return makeTask("a", { on_stall, retry_policy: { ...retry_policy, max_attempts: retries } });
}

/** A rig whose task `a` prints nothing from the second `from` of its run on, until the second `to`. */
function silentRig(task: TaskSpec, script: Script, from = 0, to = Infinity, plan: Partial<Plan> = {}): Rig {
  const rig: Rig = new Rig(makePlan([task], plan), {
    progress(id, now) {
      const seconds = (now - rig.state.run.started_at) / 1000;
      return id === "a" && seconds >= from && seconds < to ? 5 : now;
    },
    ...script,
  });
  return rig;
}

function kinds(events: readonly RunEvent[], matching: RegExp): string[] {
  return events.map(({ kind }) => kind).filter((kind) => matching.test(kind));
}

Deno.test("P9: an attempt without progress is ended as stalled, and tried again as its policy says", async () => {
  const rig = silentRig(onStall("retry", 1), { outcome: (_, attempt) => attempt === 1 ? null : "success" });
  assertEquals((await rig.run()).status, "passed");
  const stalled = rig.events.find(({ kind }) => kind === "worker_stalled");
  const retried = rig.events.find(({ kind }) => kind === "retry_scheduled");
  assertEquals(stalled?.payload, {
    worker: "local",
    task_id: "a",
    attempt: 1,
    token: 1,
    since: Date.parse(stalled?.ts ?? "") - 60_000,
    reason: "neither output nor CPU time for 60 s",
  });
  assert(retried?.kind === "retry_scheduled" && retried.payload.class === "retry");
  assertEquals(retried.payload.reason, "made no progress: neither output nor CPU time for 60 s");
  assertEquals(retried.payload.outcome.result, "stalled");
  assertEquals(findTask(rig.state, "a")?.task.stalled, undefined);
});

Deno.test("on_stall kill fails the task although its policy has retries left", async () => {
  const rig = silentRig(onStall("kill", 5), { outcome: () => null });
  assertEquals((await rig.run()).status, "not_ready");
  const { task } = findTask(rig.state, "a") ?? {};
  assertEquals([task?.state, task?.attempt, task?.outcome?.result], ["failed", 1, "stalled"]);
});

Deno.test("on_stall warn says so, keeps the lease, and says that it goes on", async () => {
  const rig = silentRig(onStall("warn"), { duration: () => 1_000_000 }, 100, 800);
  assertEquals((await rig.run()).status, "passed");
  assertEquals(kinds(rig.events, WORKER_KINDS), [
    "worker_started",
    "lease_renewed",
    "lease_renewed",
    "worker_stalled",
    "lease_renewed",
    "lease_renewed",
    "lease_renewed",
    "lease_renewed",
    "worker_recovered",
    "lease_renewed",
    "worker_stopped",
  ]);
  const recovered = rig.events.find(({ kind }) => kind === "worker_recovered");
  assertEquals(recovered?.payload, { worker: "local", attempt: { task_id: "a", attempt: 1, token: 1 } });
  assertEquals(recovered?.subject, taskSubject("a"));
});

Deno.test("a run that is over before the first heartbeat tells nothing of workers", async () => {
  const rig = new Rig(makePlan([makeTask("a")]));
  await rig.run();
  assertEquals(kinds(rig.events, WORKER_KINDS), []);
  assertEquals(rig.heartbeats, []);
});

Deno.test("P12: heartbeats tell how far attempts are, with secrets hidden, and in the end that they stop", async () => {
  const rig = new Rig(makePlan([makeTask("a")]), {
    duration: () => 12_000,
    line: () => `token ghp_${"a".repeat(36)}`,
  });
  await rig.run();
  const [first] = rig.heartbeats;
  assertEquals(rig.heartbeats.map(({ status }) => status), ["alive", "alive", "stopped"]);
  assertEquals(first?.slots.map(({ last_line }) => last_line), ["token [REDACTED:github]"]);
  assertEquals(first?.slots.map(({ stage, progress }) => [stage, progress.cpu_ms]), [["body", 0]]);
});

Deno.test("a long gap in the controller's ticks renews every lease before any verdict", async () => {
  const rig = silentRig(onStall("retry"), { duration: () => 200_000 }, 0, 50, { lease_secs: 90 });
  let slept = false;
  await rig.run((event) => {
    if (event.kind !== "worker_started" || slept) return;
    slept = true;
    rig.clock.pass(4_000_000);
  });
  assertEquals([rig.state.run.status, findTask(rig.state, "a")?.task.attempt], ["passed", 1]);
  const after = rig.events[rig.events.findIndex(({ kind }) => kind === "worker_started") + 1];
  assertEquals(after?.kind, "lease_renewed");
  assert(!rig.events.some(({ kind }) => kind === "worker_stalled" || kind === "retry_scheduled"));
});

Deno.test("an attempt that gets on between the look and the verdict is not stalled", async () => {
  const rig: Rig = silentRig(onStall("retry"), {
    duration: () => 100_000,
    // The thirteenth heartbeat is the one that is too many.
    progress: () => rig.heartbeats.length < 13 ? 5 : 6,
  });
  assertEquals((await rig.run()).status, "passed");
  assert(!kinds(rig.events, WORKER_KINDS).includes("worker_stalled"));
});

Deno.test("a log that is slow takes no lease away from an attempt that gets on", async () => {
  const rig = new Rig(makePlan([makeTask("a"), makeTask("b")], { lease_secs: 30 }), {
    duration: () => 200_000,
  });
  const append = rig.log.append.bind(rig.log);
  rig.log.append = async (drafts, options) => {
    const isSlow = drafts.some(({ kind }) => kind === "worker_started" || kind === "lease_renewed");
    // Longer than a lease, while the controller is awake.
    if (isSlow) { for (let step = 0; step < 50; step++) await rig.clock.sleep(1_000); }
    return await append(drafts, options);
  };
  assertEquals((await rig.run()).status, "passed");
  assertEquals(["a", "b"].map((id) => findTask(rig.state, id)?.task.attempt), [1, 1]);
});

Deno.test("rests between attempts do not make a sleep count as time without progress", async () => {
  const { retry_policy } = makeTask("a");
  const policy = { ...retry_policy, max_attempts: 2, backoff_seconds: 20, backoff_multiplier: 1, jitter: 0 };
  const task = makeTask("a", { retry_policy: policy });
  // One look at each of the first two attempts, each after a rest; the machine sleeps after the first at the third.
  const script: Script = { outcome: (_, attempt) => attempt < 3 ? "signal" : null, duration: () => 6_000 };
  const rig = silentRig(task, script, 50);
  await rig.run((event, { clock }) => {
    if (event.kind !== "task_started" || event.payload.attempt !== 3) return;
    void clock.sleep(6_000).then(() => clock.pass(40_000));
  });
  const [, , started] = rig.events.filter(({ kind }) => kind === "task_started");
  const stalled = rig.events.find(({ kind }) => kind === "worker_stalled");
  const awakeMs = Date.parse(stalled?.ts ?? "") - Date.parse(started?.ts ?? "") - 40_000;
  assert(awakeMs >= 60_000, `it was silent for ${awakeMs} ms`);
});

Deno.test("the clock set back an hour changes no verdict", async () => {
  const rig = silentRig(onStall("retry"), { duration: () => 300_000 }, 1_000);
  await rig.run((event) => {
    if (event.kind === "worker_started") rig.wallOffset = -3_600_000;
  });
  assertEquals(kinds(rig.events, /^worker_/), ["worker_started", "worker_stopped"]);
});

/** A run whose task takes ten minutes, during which a second worker gives these heartbeats. */
async function withExtra(
  heartbeat: (seconds: number, wall: number) => HeartbeatReading,
  during: (event: RunEvent, rig: Rig) => void = () => undefined,
): Promise<Rig> {
  const rig: Rig = new Rig(makePlan([makeTask("a")]), {
    duration: () => 600_000,
    heartbeat: (_, now) => heartbeat((now - rig.state.run.started_at) / 1000, now),
  });
  await rig.run((event) => {
    if (event.kind === "task_started") {
      void rig.controller?.commit(() => [
        draft("worker_started", "run", "controller/1", { worker: "w2", process: EXTRA, slots: 1 }),
      ]);
    }
    during(event, rig);
  });
  return rig;
}

/** What the log says of the second worker. */
function ofExtra(rig: Rig): string[] {
  return rig.events.flatMap((event) => {
    if (!("worker" in event.payload) || event.payload.worker !== "w2") return [];
    return [`${event.kind}${"reason" in event.payload ? `: ${event.payload.reason}` : ""}`];
  });
}

Deno.test("another worker is dead when its heartbeats end, once, and recovers when they come back", async () => {
  const rig = await withExtra((seconds, wall) => {
    const at = seconds < 100 ? wall : seconds < 300 ? rigStart(seconds, wall) + 100_000 : wall;
    return { kind: "read", heartbeat: makeHeartbeat(at) };
  });
  assertEquals(ofExtra(rig), [
    "worker_started",
    "worker_dead: no heartbeat for 35 s",
    "worker_recovered",
  ]);
  assertEquals(rig.state.run.workers?.find(({ worker }) => worker === "w2")?.state, "started");
});

Deno.test("another worker is dead when its process is gone, but not when it has stopped", async () => {
  const gone = await withExtra(
    (_, wall) => ({ kind: "read", heartbeat: makeHeartbeat(wall) }),
    (event, rig) => {
      if (event.kind === "worker_started") rig.gone.add(EXTRA.pid);
    },
  );
  assertEquals(ofExtra(gone), ["worker_started", "worker_dead: its process is gone"]);
  const stopped = await withExtra((_, wall) => ({
    kind: "read",
    heartbeat: makeHeartbeat(wall, { status: "stopped" }),
  }));
  assertEquals(ofExtra(stopped), ["worker_started", "worker_stopped: it has stopped"]);
});

Deno.test("P3: what another worker tells of an attempt that is not its own stalls nothing", async () => {
  const rig = await withExtra((_, wall) => ({
    kind: "read",
    heartbeat: makeHeartbeat(wall, { slots: [makeSlot(1, 0, { task_id: "a" })] }),
  }));
  assertEquals(ofExtra(rig), ["worker_started"]);
});

Deno.test("the worker of a process that died is dead when the next one gives its first sign of life", async () => {
  const rig = new Rig(makePlan([makeTask("a"), makeTask("b")]), { duration: () => 20_000 });
  const others = { pid: 99, pgid: 99, start_time: "1", boot_id: null };
  await rig.run((event) => {
    if (event.kind !== "task_started" || event.payload.task_id !== "a") return;
    void rig.controller?.commit(() => [
      draft("worker_started", "run", "controller/1", { worker: "local", process: others, slots: 1 }),
    ]);
  });
  assertEquals(kinds(rig.events, /^worker_/), [
    "worker_started",
    "worker_dead",
    "worker_started",
    "worker_stopped",
  ]);
});

Deno.test("the fold refuses what is said of workers and stalls that are not there", () => {
  const ledger = new Ledger(makePlan([makeTask("a")])).start();
  const say = (kind: "worker_dead" | "worker_stopped", worker: string) =>
    ledger.add([draft(kind, "run", "controller/1", { worker, reason: "so" })]);
  const ref = { task_id: "a", attempt: 1, token: 9 };
  say("worker_dead", "w1");
  ledger.add([draft("worker_recovered", "run", "controller/1", { worker: "w1" })]);
  ledger.add([draft("worker_recovered", taskSubject("a"), "controller/1", { worker: "w1", attempt: ref })]);
  ledger.add([draft("worker_stalled", taskSubject("a"), "controller/1", { worker: "w1", ...ref, since: 0 })]);
  assertEquals(ledger.state.run.violations.length, 4);
  assertEquals(ledger.state.run.workers, undefined);
  ledger.add([draft("worker_started", "run", "controller/1", { worker: "w1", process: EXTRA, slots: 2 })]);
  say("worker_stopped", "w1");
  assertEquals(ledger.state.run.workers, [
    { worker: "w1", process: EXTRA, slots: 2, state: "stopped", since: ledger.now, reason: "so" },
  ]);
});

function rigStart(seconds: number, wall: number): number {
  return wall - seconds * 1000;
}
