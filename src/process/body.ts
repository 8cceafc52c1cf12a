/** One body from its start to the proof that nothing of it is left. */

import { reasonOf } from "../errors.ts";
import { within } from "./deadline.ts";
import { BodyInputPipe } from "./body_input.ts";
import { type Cleared, type Enclosed, Enclosure, type EnclosureTools } from "./enclosure.ts";
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
import { KILL_WAIT_MS } from "./process_group.ts";
import { RequestShellError } from "./request_shell.ts";
import { signalName } from "./signals.ts";

/** What all bodies of a supervisor share. */
export interface BodyTools extends LeaderTools, EnclosureTools {
  readonly guardian: Guardian;
  readonly createRedactor: () => StreamRedactor;
}

/** What a leader that ended by itself leaves in its group has at most this long between SIGTERM and SIGKILL. */
const LEFTOVER_GRACE_MS = 2_000;

/** A body that runs longer than this is asked for its start time. */
const IDENTIFY_AFTER_MS = 20;

/** Once all processes are gone, pipes end at once; whoever holds one open longer has escaped. */
const DRAIN_MS = 2_000;

/**
 * Starts a body in a session and group of its own, with both outputs captured.
 *
 * Never throws: a body that cannot be started has the outcome `spawn_error`.
 */
export function startBody(spec: BodySpec, tools: BodyTools): RunningBody {
  const output = captureOutput(spec, tools);
  let enclosure: Enclosure | undefined;
  try {
    tools.guardian.start();
    enclosure = new Enclosure(spec, tools);
    return new Body(spec, tools, output, spawnLeader(spec, enclosure.passage, tools), enclosure);
  } catch (error) {
    enclosure?.cancel();
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
  readonly #enclosed: Enclosed;
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

  constructor(
    spec: BodySpec,
    tools: BodyTools,
    output: OutputCapture,
    child: Deno.ChildProcess,
    enclosure: Enclosure,
  ) {
    tools.guardian.add(child.pid);
    this.#spec = spec;
    this.#tools = tools;
    this.#output = output;
    this.#child = child;
    this.#enclosed = enclosure.enclose(child.pid);
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
    const { converse } = this.#spec;
    const input = converse === undefined ? null : new BodyInputPipe(this.#child.stdin);
    const { stdout } = this.#child;
    const drained = Promise.all([
      this.#output.read("stdout", input === null ? stdout : converse?.({ input, stdout }) ?? stdout),
      this.#output.read("stderr", this.#child.stderr),
    ]);
    const leader = await this.#awaitLeader();
    void input?.close();
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
      ...(cleared.limit === undefined ? {} : { limit_met: cleared.limit }),
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
      // What cannot be asked is killed after the grace.
      void this.#enclosed.terminate().catch(ignoreLostHelper);
      const ended = await within(clock, this.#spec.graceMs, leader, this.#hurry.signal);
      if (ended !== undefined) return ended;
    }
    this.#enclosed.kill();
    return await within(clock, KILL_WAIT_MS, leader);
  }

  async #clear(leaderGone: boolean): Promise<Cleared & { readonly error?: string }> {
    const { clock, guardian } = this.#tools;
    const asked = this.#endReason !== undefined;
    try {
      return await this.#enclosed.clear({
        startedAt: this.#startedAt,
        leaderGone,
        asked,
        graceMs: asked
          ? Math.max(0, this.#graceEnds - clock.monotonic())
          : Math.min(this.#spec.graceMs, LEFTOVER_GRACE_MS),
        hurry: this.#hurry.signal,
      }, () => guardian.remove(this.#child.pid));
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

  /** A shell reports the signal that ended its command as 128 + number (POSIX: more than 128); so does bubblewrap. */
  #signalOfShell(code: number | null): string | null {
    const isShell = typeof this.#spec.command === "string" || this.#enclosed.isNamespace;
    return isShell && code !== null && code > 128 ? signalName(code - 128) : null;
  }
}

/** Without the helper there is no start time; the body itself does not depend on it. */
function ignoreLostHelper(error: unknown): null {
  if (!(error instanceof RequestShellError)) throw error;
  return null;
}
