/** One body from its start to the proof that nothing of it is left. */

import type { Clock } from "../clock.ts";
import { reasonOf } from "../errors.ts";
import { within } from "./deadline.ts";
import type { Guardian } from "./guardian.ts";
import { type LeaderEnd, leaderEnd, type LeaderTools, spawnLeader } from "./leader.ts";
import { OutputCapture } from "./output.ts";
import type { StreamRedactor } from "./output_text.ts";
import {
  type BodyOutcome,
  type BodySpec,
  type EndReason,
  type ProcessIdentity,
  type RunningBody,
  SILENT,
  type Voice,
} from "./port.ts";
import { KILL_WAIT_MS, ProcessGroup } from "./process_group.ts";
import type { ProcessTable } from "./process_table.ts";
import { RequestShellError } from "./request_shell.ts";
import { signalName, signalProcess } from "./signals.ts";
import { endStrays } from "./strays.ts";

/** What all bodies of a supervisor share. */
export interface BodyTools extends LeaderTools {
  readonly clock: Clock;
  readonly table: ProcessTable;
  readonly guardian: Guardian;
  /** The element that this omk process adds to OMK_MARK. */
  readonly mark: string;
  readonly createRedactor: () => StreamRedactor;
  /** The session of omk itself; 0 where unknown. */
  readonly ownSession: number;
  /** Leaders of the bodies that run, and so their sessions: each adds its own, and removes it when its group is gone. */
  readonly leaders: Set<number>;
}

/** What became of everything that a body had started. */
interface Cleared {
  readonly strays: number;
  readonly provenDead: boolean;
  /** Why that could not be found out. */
  readonly error?: string;
}

/** What a leader that ended by itself leaves in its group has at most this long between SIGTERM and SIGKILL. */
const LEFTOVER_GRACE_MS = 2_000;

/** A body that runs longer than this is asked for its start time. */
const IDENTIFY_AFTER_MS = 20;

/** Once all processes are gone, pipes end at once; whoever holds one open longer has escaped. */
const DRAIN_MS = 2_000;

/**
 * Starts a body in a session and group of its own, with standard input closed and both outputs captured.
 *
 * Never throws: a body that cannot be started has the outcome `spawn_error`.
 */
export function startBody(spec: BodySpec, tools: BodyTools): RunningBody {
  const output = captureOutput(spec, tools);
  try {
    tools.guardian.start();
    return new Body(spec, tools, output, spawnLeader(spec, tools));
  } catch (error) {
    return unstartedBody(output, reasonOf(error));
  }
}

/** A body that was refused with a reason: nothing was started. */
export function refuseBody(spec: BodySpec, tools: BodyTools, reason: string): RunningBody {
  return unstartedBody(captureOutput(spec, tools), reason);
}

function captureOutput(spec: BodySpec, { createRedactor, clock }: BodyTools): OutputCapture {
  return new OutputCapture({
    now: () => clock.wall(),
    path: spec.outputPath,
    limitBytes: spec.outputLimitBytes,
    createRedactor,
    onOutput: spec.onOutput,
  });
}

function unstartedBody(output: OutputCapture, error: string): RunningBody {
  return {
    identity: Promise.resolve(null),
    voice: () => SILENT,
    end: () => {},
    outcome: output.close().then((artifact) => ({
      kind: "spawn_error",
      exit_code: null,
      signal: null,
      error,
      duration_ms: 0,
      output: artifact,
      strays_ended: 0,
      proven_dead: true,
    })),
  };
}

class Body implements RunningBody {
  readonly identity: Promise<ProcessIdentity>;
  readonly outcome: Promise<BodyOutcome>;
  readonly #spec: BodySpec;
  readonly #tools: BodyTools;
  readonly #output: OutputCapture;
  readonly #child: Deno.ChildProcess;
  readonly #group: ProcessGroup;
  readonly #startedAt: number;
  /** Who asked for the end, while the leader lived; undefined: nobody. */
  #endReason: EndReason | undefined;
  /** From here on, nobody's request for an end has a part in it. */
  #leaderEnded = false;
  readonly #leaderGone = Promise.withResolvers<true>();
  /** When the grace of an asked end is over, on the monotonic clock. */
  #graceEnds = 0;
  /** Resolves when an end is asked for. */
  readonly #endAsked = Promise.withResolvers<undefined>();
  /** Aborts what waits out a grace. */
  readonly #hurry = new AbortController();

  constructor(spec: BodySpec, tools: BodyTools, output: OutputCapture, child: Deno.ChildProcess) {
    tools.guardian.add(child.pid);
    tools.leaders.add(child.pid);
    this.#spec = spec;
    this.#tools = tools;
    this.#output = output;
    this.#child = child;
    this.#group = new ProcessGroup(child.pid, tools.table, tools.clock);
    this.#startedAt = tools.clock.monotonic();
    this.identity = this.#identify();
    this.outcome = this.#supervise();
  }

  voice(): Voice {
    const { bytes, heardAt } = this.#output;
    return { output_bytes: bytes, heard_at: heardAt, last_line: this.#output.lastLine() };
  }

  end(reason: EndReason, now = false): void {
    if (now) this.#hurry.abort();
    if (this.#leaderEnded || this.#endReason !== undefined) return;
    this.#endReason = reason;
    this.#endAsked.resolve(undefined);
  }

  /** A body that is over at once needs no start time, and asking for it would cost more than the body. */
  async #identify(): Promise<ProcessIdentity> {
    const { clock, table } = this.#tools;
    const isOver = await within(clock, IDENTIFY_AFTER_MS, this.#leaderGone.promise) !== undefined;
    const stat = isOver ? null : await table.stat(this.#child.pid).catch(ignoreLostHelper);
    return {
      pid: this.#child.pid,
      pgid: this.#child.pid,
      start_time: stat?.startTime ?? null,
      boot_id: table.bootId,
    };
  }

  async #supervise(): Promise<BodyOutcome> {
    const { clock } = this.#tools;
    const drained = Promise.all([
      this.#output.read("stdout", this.#child.stdout),
      this.#output.read("stderr", this.#child.stderr),
    ]);
    const leader = await this.#awaitLeader();
    const duration = clock.monotonic() - this.#startedAt;
    const cleared = await this.#clear(leader !== undefined);
    if (await within(clock, DRAIN_MS, drained) === undefined) {
      await this.#output.stop();
      await drained;
    }
    return {
      ...this.#describeEnd(leader ?? { code: null, signal: null }),
      duration_ms: Math.round(duration),
      output: await this.#output.close(),
      strays_ended: cleared.strays,
      proven_dead: cleared.provenDead,
      ...(cleared.error === undefined ? {} : { error: cleared.error }),
    };
  }

  /** The end of the leader, brought about if it takes too long or is asked for; undefined if SIGKILL did not help. */
  async #awaitLeader(): Promise<LeaderEnd | undefined> {
    const { clock } = this.#tools;
    const leader = leaderEnd(this.#child).finally(() => {
      this.#leaderEnded = true;
      this.#leaderGone.resolve(true);
    });
    const first = await within(clock, this.#spec.timeoutMs, Promise.race([leader, this.#endAsked.promise]));
    if (first !== undefined) return first;
    this.#endReason ??= "timed_out";
    this.#graceEnds = clock.monotonic() + this.#spec.graceMs;
    if (!this.#hurry.signal.aborted) {
      this.#group.terminate();
      const ended = await within(clock, this.#spec.graceMs, leader, this.#hurry.signal);
      if (ended !== undefined) return ended;
    }
    this.#group.kill();
    // In case it has left its own group.
    signalProcess(this.#child.pid, "SIGKILL");
    return await within(clock, KILL_WAIT_MS, leader);
  }

  /** Ends the group first (a member may hold the pipes), then the strays. */
  async #clear(leaderGone: boolean): Promise<Cleared> {
    const { clock, guardian, leaders, table } = this.#tools;
    try {
      const asked = this.#endReason !== undefined;
      const graceMs = asked
        ? Math.max(0, this.#graceEnds - clock.monotonic())
        : Math.min(this.#spec.graceMs, LEFTOVER_GRACE_MS);
      const group = await this.#group.end(asked, graceMs, this.#hurry.signal);
      if (leaderGone && group.gone) {
        guardian.remove(this.#child.pid);
        leaders.delete(this.#child.pid);
      }
      const strays = await endStrays({ table, clock }, { mark: this.#tools.mark, attempt: this.#spec }, {
        leader: this.#child.pid,
        ageMs: clock.monotonic() - this.#startedAt,
        leaders,
        ownSession: this.#tools.ownSession,
      });
      return {
        strays: group.outlived + strays.ended,
        provenDead: leaderGone && group.gone && strays.clear,
      };
    } catch (error) {
      // Nobody could look: what may be left stays under guard.
      return { strays: 0, provenDead: false, error: reasonOf(error) };
    }
  }

  #describeEnd(
    { code, signal }: LeaderEnd,
  ): Pick<BodyOutcome, "kind" | "exit_code" | "signal" | "end_reason"> {
    const facts = { exit_code: code, signal: signal ?? this.#signalOfShell(code) };
    if (this.#endReason === undefined) return { kind: signal === null ? "exited" : "signaled", ...facts };
    if (this.#endReason === "timed_out") return { kind: "timed_out", ...facts };
    return { kind: "ended", end_reason: this.#endReason, ...facts };
  }

  /** A shell reports the signal that ended its command as 128 + number (POSIX: more than 128). */
  #signalOfShell(code: number | null): string | null {
    const isShell = typeof this.#spec.command === "string";
    return isShell && code !== null && code > 128 ? signalName(code - 128) : null;
  }
}

/** Without the helper there is no start time; the body itself does not depend on it. */
function ignoreLostHelper(error: unknown): null {
  if (!(error instanceof RequestShellError)) throw error;
  return null;
}
