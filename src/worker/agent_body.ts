/** An agent as the body of an attempt: what it is started with, and what its evidence makes of the outcome. */

import { systemClock } from "../clock.ts";
import { OmkError } from "../errors.ts";
import type { Artifact, AttemptOutcome } from "../log/kinds.ts";
import { redactText } from "../log/redact.ts";
import { isAgentWork } from "../plan/agent_work.ts";
import { isReadOnly } from "../plan/read_only.ts";
import type { AgentSpec } from "../plan/spec.ts";
import { writeArtifact } from "../process/artifact_file.ts";
import type { BodySpec } from "../process/port.ts";
import { readBoundedFile } from "../process/result_file.ts";
import { agentOutcome, strayedOutcome } from "./agents/agent_outcome.ts";
import type { AgentRun } from "./agents/agent_run.ts";
import { startAgent } from "./agents/start_agent.ts";
import type { ApprovalDesk, PermissionPlace } from "./approval/port.ts";
import type { LocalWorkerOptions } from "./local_worker.ts";
import type { AttemptRequest, IterationRequest } from "./port.ts";
import { pickOutcome } from "./review/pick.ts";
import { reviewOutcome } from "./review/review_outcome.ts";

/** Where nobody answers, everything is denied. */
const NO_DESK: ApprovalDesk = {
  decide: () => Promise.resolve({ decision: "deny", reason: "nobody decides over permissions here" }),
};

/** See the module. */
export class AgentBody {
  readonly #options: LocalWorkerOptions;
  readonly #request: AttemptRequest;
  /** Absolute path of the files of the attempt. */
  readonly #directory: string;
  /** The agent that the task names; undefined where no agent does it. */
  readonly #agent: { readonly name: string; readonly spec: AgentSpec } | undefined;
  /** Tells what has changed outside of the worktree since the agent was started; null where nobody looks. */
  #outside: (() => Promise<readonly string[]>) | null = null;

  /** `directory`: absolute path of the files of the attempt. */
  constructor(options: LocalWorkerOptions, request: AttemptRequest, directory: string) {
    this.#options = options;
    this.#request = request;
    this.#directory = directory;
    const { agent: name = "" } = request.spec;
    const spec = options.plan.agents?.[name];
    this.#agent = !isAgentWork(request.spec) || spec === undefined ? undefined : { name, spec };
  }

  /** The variables that the agent has of its own; undefined where no agent does the task. */
  get env(): AgentSpec["env"] | undefined {
    return this.#agent?.spec.env;
  }

  /** Absolute path of the file that the agent may write its answer to, where the answer is the result. */
  get replyFile(): string {
    return `${this.#directory}/reply.json`;
  }

  /**
   * Starts the agent; of a loop, for this iteration.
   *
   * @throws {OmkError} where the plan has no agent for the task
   */
  async start(
    place: PermissionPlace,
    body: Omit<BodySpec, "command">,
    iteration: Partial<IterationRequest>,
  ): Promise<AgentRun> {
    const { supervisor, approvals, workspace, watchOutside } = this.#options;
    const { ref, spec, prompt } = this.#request;
    const agent = this.#agent;
    if (agent === undefined) {
      throw new OmkError({ what: `Cannot do the prompt of "${spec.id}"`, why: "its plan has no such agent" });
    }
    const { number } = iteration;
    this.#outside = agent.spec.checkout === "watch" ? await watchOutside?.() ?? null : null;
    return await startAgent({
      clock: systemClock,
      supervisor,
      ...agent,
      prompt: await prompt?.(
        // Where there is no repository, nothing has changed.
        async (from, to) => await workspace?.diff(from, to, []) ?? "",
        number === undefined ? undefined : { ...iteration, number },
      ) ?? "",
      promptFile: `${this.#directory}/prompt${number === undefined ? "" : `-${number}`}.md`,
      desk: approvals?.(ref, spec) ?? NO_DESK,
      place,
      body,
    });
  }

  /** What the agent has said lowers the outcome, and so does what has changed where it had no business. */
  async judge(run: AgentRun, outcome: AttemptOutcome): Promise<AttemptOutcome> {
    const agent = this.#agent;
    if (agent === undefined) return outcome;
    const evidence = await run.evidence;
    const { spec, review } = this.#request;
    const reply = isReadOnly(spec) ? await this.#replyOf(evidence.said) : null;
    const judged = {
      ...agentOutcome(outcome, agent.name, agent.spec, evidence),
      ...(reply === null ? {} : { reply: await this.#keepReply(reply) }),
    };
    const strayed = await this.#outside?.() ?? [];
    const isWorse = judged.result === "cancelled" || judged.result === "wrote_outside";
    const end = strayed.length === 0 || isWorse ? judged : strayedOutcome(judged, strayed);
    if (reply === null || review === undefined) return end;
    const { code, candidates } = review;
    return candidates === undefined
      ? reviewOutcome(end, reply, code)
      : pickOutcome(end, reply, code, candidates);
  }

  /** What the agent said, or wrote into the file for it: the result of such a task. */
  async #replyOf(said: string): Promise<string> {
    const written = await readBoundedFile(this.replyFile);
    return redactText(written === null ? said : new TextDecoder().decode(written));
  }

  async #keepReply(text: string): Promise<Artifact> {
    const { task_id, attempt } = this.#request.ref;
    const path = `tasks/${task_id}/${attempt}/reply.md`;
    return await writeArtifact(this.#options.runDirectory, path, text);
  }
}
