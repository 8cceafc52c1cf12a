/** What a controller works with; all of it can be simulated. */

import type { CommitMeta, Identity, MergeResult, ObjectId } from "../git/port.ts";
import type { GateRunner } from "../gates/port.ts";
import type { RunEvent } from "../log/event.ts";
import type { EventLog } from "../log/port.ts";
import type { ProofWriter } from "../proof/port.ts";
import type { AttemptOutcome } from "../log/kinds.ts";
import type { ProcessIdentity } from "../process/port.ts";
import type { WorkerRecord } from "../scheduler/run_record.ts";
import type { Attempt, AttemptRequest, AttemptWorker } from "../worker/port.ts";
import type { Heartbeats } from "../watchdog/port.ts";
import type { RunDirectory } from "./directory.ts";
import type { EarlierTests } from "./earlier_tests.ts";
import type { PlanReader } from "./planning/port.ts";
import type { SnapshotKeeper } from "./run_snapshot.ts";
import type { Askers } from "./vetting.ts";

/** The part of the workspace that merges and publishes. */
export interface Merger {
  merge(head: ObjectId, pin: ObjectId, base: ObjectId, meta: CommitMeta): Promise<MergeResult>;
  /** What changed in some paths between two commits, for people. */
  diff(from: ObjectId, to: ObjectId, paths: readonly string[]): Promise<string>;
  /** The canonical patch between two commits. */
  patch(base: ObjectId, head: ObjectId): Promise<Uint8Array>;
  /** Compare-and-swap of the run's head; repeating a swap that has happened is fine. */
  advanceHead(runId: string, from: ObjectId, to: ObjectId): Promise<void>;
  /** Makes the run's refs known to the user's repository. */
  publish(runId: string): Promise<void>;
}

/** The run clock and the waits of a controller. */
export interface ControllerClock {
  /** Milliseconds since 1970 on the run clock. */
  now(): number;
  /** Wall and run clock, where they have drifted apart since this was last asked. */
  jump(): { readonly wall: number; readonly run: number } | undefined;
  /** Milliseconds that never decrease, for gaps. */
  monotonic(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Extra worker processes of this machine. */
export interface ExtraWorkers {
  /** Whether the process of a worker is there; one that is stopped is. */
  isPresent(worker: string): boolean;
  /** Waits for the guardian of a worker that is gone, and ends what is left of what it had started. */
  settle(worker: WorkerRecord): Promise<void>;
  /** Sends a signal to the process group of a body, if it is still that very process. */
  signal(body: ProcessIdentity, signal: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** The slot of an attempt that its worker has let go of; null where there is none, or where it still holds it. */
  takeOver(request: AttemptRequest, outcome: AttemptOutcome): Promise<Attempt | null>;
}

/** See the module. */
export interface RunPorts {
  readonly log: EventLog;
  readonly clock: ControllerClock;
  readonly attempts: AttemptWorker;
  /** Signs of life of the workers. */
  readonly heartbeats: Heartbeats;
  /** Absent where nobody else may work for the run. */
  readonly extra?: ExtraWorkers;
  /** Absent where every request is taken for that of a person. */
  readonly askers?: Askers;
  /** Null where no task of the run works in a worktree. */
  readonly merger: Merger | null;
  readonly gates: GateRunner;
  /** What earlier runs know of tests; absent where they are not asked. */
  readonly earlierTests?: EarlierTests;
  readonly proof: ProofWriter;
  /** Reads what lead agents answer; absent where no task of the run plans. */
  readonly planReader?: PlanReader;
  /** Author of omk's commits. */
  readonly identity: Identity;
  readonly runDirectory: RunDirectory;
  /** Undefined where nothing is to be kept. */
  readonly snapshots?: SnapshotKeeper;
  /** The directory that the plan's paths are relative to. */
  readonly directory: string;
  /** Called for each event once it is folded; what it throws ends the run as a fault of omk. */
  readonly onEvent?: (event: RunEvent) => void;
}
