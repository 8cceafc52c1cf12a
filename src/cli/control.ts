/** How a command asks the controller of a run for something: one request in the log, and the fact that answers it. */

import { systemClock } from "../clock.ts";
import { OmkError, UsageError } from "../errors.ts";
import type { EventDraft, RunEvent } from "../log/event.ts";
import type { ProcessIdentity } from "../process/port.ts";
import { createSupervisor } from "../process/supervisor.ts";
import type { LoadedRun } from "../run/load_run.ts";
import { sendRequest } from "../run/requests.ts";
import { decideRequests } from "../scheduler/decide_requests.ts";
import type { OpenRequest, RequestPayload } from "../scheduler/run_record.ts";
import type { CommandContext } from "./command.ts";

/** How long the controller may take to answer. */
const WAIT_MS = 30_000;

/** A request as it is appended. */
export type RequestDraft = Extract<EventDraft, { readonly kind: RequestPayload["kind"] }>;

/** Who asks, and when by the wall clock: part of every request. */
export interface Requester {
  readonly process: ProcessIdentity;
  readonly wall: number;
}

/** A wish of a person. */
export interface Wish {
  /** What cannot be done where it is refused: "Cannot pause run 20261120-…". */
  readonly failure: string;
  readonly make: (requester: Requester, actor: string) => RequestDraft;
}

/**
 * Makes sure that a command which steers runs was not called by a task of a run, as far as its environment tells.
 *
 * @throws {UsageError} where it was.
 */
export function refuseInsideTask(context: CommandContext, command: string): void {
  if (context.env.OMK_MARK !== undefined) throw insideTask(`Cannot ${command} from inside a task`);
}

/**
 * Who asks, where no task of a run is behind it: an environment can be dropped, and parents cannot. `failure` says what
 * cannot be done otherwise.
 *
 * @throws {UsageError} where a task, or what it has started, asks.
 */
export async function findAsker(context: CommandContext, failure: string): Promise<ProcessIdentity> {
  await using supervisor = await createSupervisor({ environment: context.env });
  if (await supervisor.originOf(supervisor.self, { selfIsTask: true }) === "task") throw insideTask(failure);
  return supervisor.self;
}

function insideTask(what: string): UsageError {
  return new UsageError({
    what,
    why: "this process was started by an omk run",
    fix: "call omk from outside of it",
  });
}

/**
 * Makes sure that somebody conducts the run, who can answer.
 *
 * @throws {OmkError} where the run is at its end, or its omk process is gone.
 */
export function requireController({ state, isControlled, directory }: LoadedRun, failure: string): void {
  const { phase, status } = state.run;
  if (phase === "finished") throw new OmkError({ what: failure, why: `the run is finished: ${status}` });
  if (isControlled) return;
  throw new OmkError({
    what: failure,
    why: "the omk process of the run is gone",
    fix: `go on with omk resume ${directory.runId}, or end it with omk cancel ${directory.runId}`,
  });
}

/**
 * Appends a request and waits for the fact that answers it; undefined where nobody has answered within 30 s, and at
 * once where no controller lives: then the next one answers.
 *
 * @throws {OmkError} where it is refused, with the reason; what the log tells by now is refused before it is appended.
 */
export async function ask(
  context: CommandContext,
  loaded: LoadedRun,
  { failure, make }: Wish,
): Promise<RunEvent | undefined> {
  const { directory, isControlled } = loaded;
  const process = await findAsker(context, failure);
  const request = make({ process, wall: systemClock.wall() }, `cli/${Deno.pid}`);
  const known = refusalOf(loaded, request);
  if (known !== undefined) throw new OmkError({ what: failure, why: known });
  const { answer } = await sendRequest(directory, request, {
    clock: systemClock,
    waitMs: isControlled ? WAIT_MS : 0,
  });
  if (answer.kind === "refused") throw new OmkError({ what: failure, why: answer.reason });
  return answer.kind === "answered" ? answer.event : undefined;
}

/** Why a request would be refused as far as the log tells by now; undefined where it would not. */
function refusalOf({ state }: LoadedRun, request: RequestDraft): string | undefined {
  const open: OpenRequest = { ...request, index: state.run.next_index };
  const asked = { ...state, run: { ...state.run, open_requests: [open] } };
  const refused = decideRequests(asked).find((each) => each.kind === "request_refused");
  return refused?.kind === "request_refused" ? refused.payload.reason : undefined;
}
