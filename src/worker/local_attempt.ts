/** One attempt in a process of this machine: its place, its body, and what it leaves. */

import { OmkError } from "../errors.ts";
import type { CommitMeta, Pin, Slot, SlotHolder, Workspace } from "../git/port.ts";
import type { AttemptOutcome } from "../log/kinds.ts";
import { redactText } from "../log/redact.ts";
import { isReadOnly } from "../plan/read_only.ts";
import type { Command } from "../plan/spec.ts";
import { taskEnvironment, type TaskIds } from "../process/environment.ts";
import {
  type BodyOutcome,
  type BodySpec,
  type EndReason,
  type ProcessIdentity,
  type RunningBody,
  SILENT,
} from "../process/port.ts";
import { readResultFile } from "../process/result_file.ts";
import { AgentBody } from "./agent_body.ts";
import { bodyOutcome, failureOutcome } from "./outcome.ts";
import type { LocalWorkerOptions } from "./local_worker.ts";
import { prepareSandbox, removeEmptyResult } from "./sandbox.ts";
import type {
  Activity,
  Attempt,
  AttemptRequest,
  CollectedOutputs,
  IterationRequest,
  SlotFate,
} from "./port.ts";

/** Between SIGTERM and SIGKILL. */
const GRACE_MS = 10_000;
/** A set-up that takes longer is ended. */
const SETUP_TIMEOUT_MS = 30 * 60_000;
/** What stands for the body of an iteration that is kept already: the attempt starts and ends like any other. */
const NO_COMMAND = ":";
/** How much of a failed set-up's output its error tells. */
const SETUP_TAIL_BYTES = 2_000;

/** What a body runs in, besides its command and its place. */
interface BodyFrame {
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly outputPath: string;
  readonly isTask: boolean;
  /** Limits and sandbox of the body; a set-up has none. */
  readonly enclosure?: Pick<BodySpec, "limits" | "sandbox">;
}

/** See the module. */
export class LocalAttempt implements Attempt {
  readonly ref: Attempt["ref"];
  readonly started: Attempt["started"];
  readonly ended: Attempt["ended"];
  readonly #options: LocalWorkerOptions;
  readonly #request: AttemptRequest;
  readonly #started = Promise.withResolvers<
    { readonly process: ProcessIdentity; readonly slot: string | null } | null
  >();
  readonly #ended = Promise.withResolvers<AttemptOutcome>();
  /** What runs now: the set-up, then the body. */
  #body: RunningBody | null = null;
  #stage: Activity["stage"] = "setup";
  #pid: number | null = null;
  #slot: Slot | null = null;
  readonly #agent: AgentBody;
  #end: { readonly reason: EndReason; readonly now: boolean } | null = null;

  constructor(options: LocalWorkerOptions, request: AttemptRequest) {
    this.#options = options;
    this.#request = request;
    this.ref = request.ref;
    this.#agent = new AgentBody(options, request, this.#directory());
    this.started = this.#started.promise;
    this.ended = this.#ended.promise;
  }

  /** Starts the work; what goes wrong becomes the outcome. */
  begin(): void {
    this.#work().then(
      (outcome) => this.#finish(outcome),
      (error) =>
        this.#finish(
          failureOutcome(this.#options.isSetupError(error) ? "setup_failed" : "workspace_error", error),
        ),
    );
  }

  /** Takes over what another process left in a slot, or, without one, in the directory itself. */
  adopt(slot: Slot | null, outcome: AttemptOutcome): void {
    this.#slot = slot;
    this.#finish(outcome);
  }

  async again(iteration: IterationRequest): Promise<AttemptOutcome> {
    try {
      return await this.#runBody(this.#request.spec.loop?.run ?? null, iteration);
    } catch (error) {
      return failureOutcome("workspace_error", error);
    } finally {
      this.#stage = "over";
    }
  }

  end(reason: EndReason, now = false): void {
    if (this.#end === null || now) this.#end = { reason, now };
    this.#body?.end(reason, now);
  }

  slot(): string | null {
    return this.#slot?.name ?? null;
  }

  activity(): Activity {
    return { stage: this.#stage, pid: this.#pid, voice: this.#body?.voice() ?? SILENT };
  }

  async collectOutputs(): Promise<CollectedOutputs> {
    return await this.#options.storeOutputs(this.#place(), this.#request.spec.outputs);
  }

  async pin(meta: CommitMeta, iteration?: number): Promise<Pin> {
    const { workspace, slot } = this.#held();
    return await workspace.pin(slot, this.#holder(), meta, this.#options.plan.limits, iteration);
  }

  async release(fate: SlotFate): Promise<void> {
    const { workspace, slot } = this.#held();
    await workspace.release(slot, fate);
  }

  /** Frees the slot's lock without clearing its record: the run's controller, and nobody else, takes it from here. */
  async letGo(): Promise<void> {
    const { workspace } = this.#options;
    if (workspace !== null && this.#slot !== null) await workspace.letGo(this.#slot);
  }

  async #work(): Promise<AttemptOutcome> {
    const { spec, ref, base, iteration } = this.#request;
    // Some microseconds; the asynchronous form costs a trip to another thread for each task.
    Deno.mkdirSync(this.#directory(), { recursive: true, mode: 0o700 });
    if (base !== null) await this.#acquire(base);
    if (spec.loop !== undefined && iteration !== undefined) {
      return await this.#runBody(iteration.isKept ? NO_COMMAND : spec.loop.run ?? null, iteration);
    }
    const output = `tasks/${ref.task_id}/${ref.attempt}/output.log`;
    return await this.#runBody(spec.run ?? null, { timeoutMs: spec.timeout_secs * 1000, output });
  }

  /** Runs a command, or, without one, the agent of the task. */
  async #runBody(
    command: Command | null,
    how: Pick<IterationRequest, "timeoutMs" | "output"> & Partial<IterationRequest>,
  ): Promise<AttemptOutcome> {
    if (this.#end !== null) return failureOutcome("cancelled", "it was ended before it started");
    const { spec } = this.#request;
    const ids = this.#ids(how);
    const env = taskEnvironment(this.#ownEnvironment(this.#slot?.gitConfig), ids, {
      ...this.#agent.env,
      ...spec.env,
    });
    const what = {
      env,
      timeoutMs: how.timeoutMs,
      outputPath: `${this.#options.runDirectory}/${how.output}`,
      isTask: true,
      enclosure: this.#enclosure(env, ids.result),
    };
    const cwd = this.#place(spec.cwd);
    const place = { root: this.#place(), cwd };
    const agent = command === null
      ? this.#hold(await this.#agent.start(place, this.#bodySpec(cwd, what), how))
      : null;
    const body = agent ?? this.#run(command ?? NO_COMMAND, cwd, what);
    const process = await body.identity;
    this.#pid = process?.pid ?? null;
    this.#stage = "body";
    this.#started.resolve(process === null ? null : { process, slot: this.slot() });
    const ended = await body.outcome;
    if (spec.sandbox !== undefined) removeEmptyResult(ids.result);
    const reported = await readResultFile(ids.result, redactText);
    const result = ids.result.slice(this.#options.runDirectory.length + 1);
    const outcome = bodyOutcome(ended, { output: how.output, result }, reported);
    return agent === null ? outcome : await this.#agent.judge(agent, outcome);
  }

  async #acquire(base: string): Promise<void> {
    const { workspace, plan } = this.#options;
    if (workspace === null) return;
    this.#slot = await workspace.acquire({
      kind: "task",
      holder: this.#holder(),
      base,
      worktree: plan.worktree,
      restore: this.#request.restore,
      work: this.#request.iteration?.work ?? null,
      runSetup: (command, cwd, gitConfig) => this.#setUp(command, cwd, gitConfig),
    });
  }

  async #setUp(
    command: Command,
    cwd: string,
    gitConfig: string,
  ): Promise<{ exit_code: number | null; output_tail: string }> {
    const outputPath = `${this.#directory()}/setup.log`;
    const env = taskEnvironment(this.#ownEnvironment(gitConfig), this.#ids(), {});
    const body = this.#run(command, cwd, { env, timeoutMs: SETUP_TIMEOUT_MS, outputPath, isTask: false });
    const outcome = await body.outcome;
    return {
      exit_code: exitCodeOf(outcome),
      output_tail: (await Deno.readTextFile(outputPath)).slice(-SETUP_TAIL_BYTES),
    };
  }

  #run(
    command: Command,
    cwd: string,
    what: BodyFrame,
  ): RunningBody {
    return this.#hold(this.#options.supervisor.run({ command, ...this.#bodySpec(cwd, what) }));
  }

  #hold<T extends RunningBody>(body: T): T {
    this.#body = body;
    if (this.#end !== null) body.end(this.#end.reason, this.#end.now);
    return body;
  }

  #bodySpec(cwd: string, what: BodyFrame): Omit<BodySpec, "command"> {
    const { plan, onOutput } = this.#options;
    const { task_id, attempt } = this.ref;
    return {
      task_id,
      attempt,
      cwd,
      env: what.env,
      timeoutMs: what.timeoutMs,
      graceMs: GRACE_MS,
      outputPath: what.outputPath,
      outputLimitBytes: this.#request.spec.limits?.output_bytes ?? plan.limits.output_bytes,
      ...what.enclosure,
      ...(onOutput === undefined || !what.isTask ? {} : {
        onOutput: (text: string, stream: "stdout" | "stderr") => onOutput(task_id, attempt, text, stream),
      }),
    };
  }

  #enclosure(
    env: Readonly<Record<string, string>>,
    result: string,
  ): Pick<BodySpec, "limits" | "sandbox"> {
    const { plan, workspace, directory } = this.#options;
    const { limits, sandbox } = this.#request.spec;
    return {
      limits: {
        memoryBytes: limits?.memory_bytes ?? plan.limits.memory_bytes,
        processes: limits?.processes ?? plan.limits.processes,
      },
      ...(sandbox === undefined ? {} : {
        sandbox: prepareSandbox(sandbox, {
          root: this.#place(),
          repository: this.#slot?.repository ?? null,
          commonDir: workspace?.info.commonDir ?? null,
          directory,
          env,
          result,
        }),
      }),
    };
  }

  #finish(outcome: AttemptOutcome): void {
    this.#stage = "over";
    this.#started.resolve(null);
    this.#ended.resolve(outcome);
  }

  #directory(): string {
    return `${this.#options.runDirectory}/tasks/${this.ref.task_id}/${this.ref.attempt}`;
  }

  /** omk's own environment, with the slot's global git configuration in the place of the user's (P13). */
  #ownEnvironment(gitConfig: string | undefined): Readonly<Record<string, string>> {
    const { env } = this.#options;
    return gitConfig === undefined ? env : { ...env, GIT_CONFIG_GLOBAL: gitConfig };
  }

  #ids(iteration: Partial<IterationRequest> = {}): TaskIds {
    const { task_id, attempt } = this.ref;
    const { answer, conflict } = this.#request;
    const { number, gateLog = this.#request.gateLog } = iteration;
    return {
      run_id: this.#options.runId,
      task_id,
      attempt,
      result: `${this.#directory()}/result${number === undefined ? "" : `-${number}`}.json`,
      ...(isReadOnly(this.#request.spec) ? { reply: this.#agent.replyFile } : {}),
      ...(answer === undefined ? {} : { answer }),
      ...(conflict === undefined ? {} : { conflict: conflict.diffs }),
      ...(number === undefined ? {} : { iteration: number }),
      ...(gateLog === undefined ? {} : { gateLog }),
    };
  }

  /** Where the attempt works: its slot, or the directory itself. */
  #place(cwd = ""): string {
    const root = this.#slot?.path ?? this.#options.directory;
    return cwd === "" ? root : `${root}/${cwd}`;
  }

  #holder(): SlotHolder {
    return { run_id: this.#options.runId, ...this.ref };
  }

  #held(): { readonly workspace: Workspace; readonly slot: Slot } {
    const { workspace } = this.#options;
    if (workspace === null || this.#slot === null) {
      throw new OmkError({
        what: `Cannot pin attempt ${this.ref.attempt} of "${this.ref.task_id}"`,
        why: "it has no slot",
      });
    }
    return { workspace, slot: this.#slot };
  }
}

function exitCodeOf(outcome: BodyOutcome): number | null {
  return outcome.kind === "exited" ? outcome.exit_code : null;
}
