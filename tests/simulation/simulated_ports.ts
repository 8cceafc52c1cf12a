/** The ports of one controller process in the simulation. */

import type { GateRequest, GateResult } from "../../src/gates/port.ts";
import type { RunEvent } from "../../src/log/event.ts";
import { runDirectoryAt } from "../../src/run/directory.ts";
import type { Merger, RunPorts } from "../../src/run/ports.ts";
import { RUN_ID } from "../run/fixture.ts";
import { isEarlierPin } from "./plans.ts";
import { simulatedWorker } from "./simulated_worker.ts";
import { forever, type SimulatedProcess, type World } from "./world.ts";

/** The process behind every controller and every body. */
const SELF = { pid: 1, pgid: 1, start_time: null, boot_id: null };

/** A controller looks for news so often; it alone sleeps exactly so long. */
const POLL_MS = 200;

/** See the module. `onEvent` sees each event once the controller has folded it. */
export function simulatedPorts(
  world: World,
  process: SimulatedProcess,
  onEvent: (event: RunEvent) => void,
): RunPorts {
  const attempts = simulatedWorker(world, process);
  return {
    log: world.logFor(process),
    clock: {
      now: () => world.now(),
      jump: () => world.log.clock.jump(),
      monotonic: () => world.clock.monotonic(),
      sleep: (ms, signal) => process.sleep(ms, signal, ms === POLL_MS ? Infinity : 0),
    },
    attempts,
    extra: {
      isPresent: (worker) => world.hands.get(worker)?.process.isAlive === true,
      settle: () => process.sleep(world.random.split("settle").between(0, 2_000)),
      signal: () => Promise.resolve(),
      takeOver: (request, outcome) => attempts.takeOver(request, outcome),
    },
    heartbeats: {
      process: SELF,
      wall: () => world.clock.wall(),
      cpuTimes: () => process.isAlive ? Promise.resolve(new Map([[SELF.pid, 0]])) : forever(),
      write: () => process.isAlive ? Promise.resolve() : forever(),
      read(worker) {
        if (!process.isAlive) return forever();
        if (world.watched.isUnreadable(worker)) {
          return Promise.resolve({ kind: "unreadable", reason: "simulated" });
        }
        const heartbeat = world.hands.get(worker)?.heartbeat ?? null;
        return Promise.resolve(heartbeat === null ? { kind: "absent" } : { kind: "read", heartbeat });
      },
      isAlive: () => Promise.resolve(true),
    },
    merger: simulatedMerger(world, process),
    gates: { run: (request) => runGate(world, process, request) },
    proof: {
      async write() {
        await process.sleep(world.random.split("proof").between(0, 500));
        const sha256 = "0".repeat(64);
        const proof = { path: "proof.json", bytes: 1, kept_bytes: 1, truncated: false, sha256 };
        return process.isAlive ? { proof, failure: null, patch: null } : await forever();
      },
    },
    identity: { name: "omk", email: "omk@localhost" },
    runDirectory: runDirectoryAt("/nowhere", RUN_ID),
    directory: "/project",
    onEvent: (event) => {
      if (process.isAlive) onEvent(event);
    },
  };
}

/** Merges that conflict by chance; the same merge always ends the same way. */
function simulatedMerger(world: World, process: SimulatedProcess): Merger {
  const random = world.random.split("merges");
  const proneShare = world.random.split("prone").pick([0.1, 0.3, 0.8]);
  return {
    async merge(head, pin, _base, { date, message }) {
      await process.sleep(random.chance(0.5) ? 0 : random.between(0, 1_000));
      if (!process.isAlive) return await forever();
      // Some tasks get in the way of others again and again, and a few until they fail of it: after faults have stopped too.
      const place = world.random.split(`merges of ${/Omk-Task: .*/.exec(message)?.[0]}`).next();
      const rate = place < world.hopelessShare
        ? Infinity
        : place < proneShare
        ? 4
        : isEarlierPin(pin)
        ? 1.5
        : 0.1;
      const conflicts = () => {
        if (rate === Infinity) world.faults.count("merge_conflicted");
        return rate === Infinity || world.faults.strikes("merge_conflicted", rate);
      };
      // What conflicts once conflicts again: only a new head or a new pin can change that.
      if (world.remembered(`${pin} on ${head}`, conflicts)) {
        return { kind: "conflict", paths: ["same.txt"], detail: "simulated" };
      }
      const commit = world.object(`merge of ${pin} on ${head} at ${date}`);
      return { kind: "merged", commit, tree: world.object(`tree of ${commit}`) };
    },
    diff: () => process.isAlive ? Promise.resolve("") : forever(),
    patch: () => process.isAlive ? Promise.resolve(new Uint8Array()) : forever(),
    async advanceHead(_run, from, to) {
      await process.sleep(random.between(0, 20));
      if (!process.isAlive) return await forever();
      world.advanceHead(from, to);
    },
    publish: () => process.sleep(random.between(0, 20)),
  };
}

async function runGate(world: World, process: SimulatedProcess, request: GateRequest): Promise<GateResult> {
  const { gate, runNumber, tree, commit, task, signal } = request;
  // While a slow gate judges, much is finished that the next batch of merges takes.
  const longest = world.random.split(`pace of ${gate.name}`).pick([3_000, 60_000]);
  await process.sleep(world.random.split(`gate ${gate.name} ${runNumber}`).between(0, longest), signal);
  if (!process.isAlive) return await forever();
  const evidence = {
    gate: gate.name,
    scope: gate.scope,
    run_number: runNumber,
    required: gate.required,
    tree,
    commit,
    task_id: task?.id ?? null,
    token: task?.token ?? null,
    definition: "0".repeat(64),
    exit_code: 0,
    signal: null,
    timed_out: false,
    duration_ms: 1,
    output: null,
    changed: [],
    untracked: [],
    counts: null,
  };
  if (signal.aborted) {
    const reason = "was ended before it came to a verdict";
    const unjudged = { ...evidence, exit_code: null, signal: "SIGTERM", reason, infrastructure: false };
    return { passed: false, evidence: { ...unjudged, ended: true } };
  }
  if (!world.faults.strikes("gate_failed", 0.3)) return { passed: true, evidence };
  const failure = { ...evidence, exit_code: 1, reason: "exited with 1", infrastructure: false };
  return { passed: false, evidence: failure };
}
