/** Answers the agents of a run that ask for leave: by the policy of the plan, or by a person. Each is in the log. */

import { draft, type EventDraft, taskSubject } from "../log/event.ts";
import { DEFAULT_APPROVAL, type ToolKind } from "../plan/approval.ts";
import type { TaskSpec } from "../plan/spec.ts";
import { reasonOf } from "../errors.ts";
import { controllerActor } from "../scheduler/decide.ts";
import { isCurrent } from "../scheduler/settle.ts";
import type { AttemptRef } from "../scheduler/task_state.ts";
import { judge } from "../worker/approval/judge.ts";
import { deny, type Judgement } from "../worker/approval/judgement.ts";
import type {
  ApprovalDesk,
  PermissionAnswer,
  PermissionPlace,
  PermissionRequest,
} from "../worker/approval/port.ts";
import { seeRequest } from "../worker/approval/request.ts";
import type { ControllerHandle } from "./controller_handle.ts";

/** Nobody reads more of a command before saying yes, characters; nor does the log take more. */
const LONGEST_COMMAND = 16_000;
/** Of the agent's own words, so many characters are kept. */
const LONGEST_TITLE = 500;
/** And so many of the paths that it names. */
const MOST_PATHS = 100;

/** What a reviewer gets no leave to, whatever the policy is; what it changes all the same fails it. */
const CHANGING: readonly ToolKind[] = ["edit", "delete", "move"];

/** See the module. One for each controller. */
export class ApprovalOffice {
  readonly #controller: ControllerHandle;
  /** How many requests this run has had. */
  #count: number;

  constructor(controller: ControllerHandle) {
    this.#controller = controller;
    this.#count = controller.state.run.approvals?.count ?? 0;
  }

  /** The desk of one attempt. */
  deskOf(ref: AttemptRef, spec: TaskSpec): ApprovalDesk {
    return {
      decide: async (request, place, signal) => {
        try {
          return await this.#decide(ref, spec, request, place, signal);
        } catch (error) {
          // What went wrong ends the run where it has to; the agent gets a no in any case.
          return { decision: "deny", reason: `it could not be decided: ${reasonOf(error)}` };
        }
      },
    };
  }

  async #decide(
    ref: AttemptRef,
    spec: TaskSpec,
    request: PermissionRequest,
    place: PermissionPlace,
    signal: AbortSignal,
  ): Promise<PermissionAnswer> {
    const { state } = this.#controller;
    const policy = state.plan.approval ?? DEFAULT_APPROVAL;
    const limit = { writeSet: spec.write_set, caseSensitive: state.run.case_sensitive };
    const judgement = spec.review !== undefined && CHANGING.includes(request.tool)
      ? deny("a reviewer changes nothing")
      : shownWhole(judge(policy, await seeRequest(request, place), limit), request);
    const approval = String(++this.#count);
    const decided = Promise.withResolvers<PermissionAnswer>();
    const giveUp = () => decided.resolve({ decision: "deny", reason: "the attempt has ended" });
    const unsubscribe = this.#controller.ports.log.subscribe(({ kind, payload }) => {
      if (kind === "approval_decided" && payload.approval === approval) decided.resolve(payload);
      else if (!isCurrent(state, ref)) giveUp();
    });
    try {
      signal.addEventListener("abort", giveUp, { once: true });
      this.#controller.signal.addEventListener("abort", giveUp, { once: true });
      if (signal.aborted || this.#controller.signal.aborted) giveUp();
      await this.#controller.commit((current, now) => {
        if (!isCurrent(current, ref)) {
          giveUp();
          return [];
        }
        const expires = now + policy.timeout_secs * 1000;
        return requestEvents(controllerActor(current), ref, approval, request, judgement, expires);
      });
      const { decision, reason } = await decided.promise;
      return { decision, reason };
    } finally {
      unsubscribe();
      signal.removeEventListener("abort", giveUp);
      this.#controller.signal.removeEventListener("abort", giveUp);
    }
  }
}

/** Nobody says yes to what cannot be shown as a whole. */
function shownWhole(judgement: Judgement, { command = "" }: PermissionRequest): Judgement {
  if (judgement.decision !== "ask" || command.length <= LONGEST_COMMAND) return judgement;
  return deny("its command is too long to be put to a person");
}

function requestEvents(
  actor: string,
  ref: AttemptRef,
  approval: string,
  { tool, title, command, paths }: PermissionRequest,
  { decision, reason }: Judgement,
  expires: number,
): EventDraft[] {
  const subject = taskSubject(ref.task_id);
  const asked = draft("approval_requested", subject, actor, {
    ...ref,
    approval,
    tool: command === undefined ? tool : "execute",
    detail: title.slice(0, LONGEST_TITLE),
    ...(command === undefined ? {} : { command: command.slice(0, LONGEST_COMMAND) }),
    ...(paths.length === 0 ? {} : { paths: paths.slice(0, MOST_PATHS) }),
    ...(decision === "ask" ? { expires } : {}),
  });
  if (decision === "ask") return [asked];
  return [
    asked,
    draft("approval_decided", subject, actor, { ...ref, approval, decision, reason, by: "policy" }),
  ];
}
