/** The prompt of a task: the template, filled with what the plan says and with what earlier attempts failed with. */

import type { RunEvent } from "../log/event.ts";
import { redactText } from "../log/redact.ts";
import { type Plan, promptOf, type TaskSpec } from "../plan/spec.ts";
import { describeOutcome } from "../scheduler/retry.ts";
import type { EarlierAttempt, Evidence } from "../worker/prompt/earlier.ts";
import { findingLines } from "../worker/prompt/review_prompt.ts";
import { checkText, taskValues } from "../worker/prompt/task_values.ts";
import { fillTemplate } from "../worker/prompt/template.ts";
import { AttemptHistory, type AttemptRecord } from "./attempt_history.ts";

/** Of a file that shows what went wrong, so many bytes of its end are read. */
const EVIDENCE_BYTES = 64_000;

/** What a prompt is made of, beside the task. */
export interface PromptSource {
  readonly runId: string;
  /** Absolute directory of the run's files. */
  readonly directory: string;
  readonly template: Plan["prompt_template"];
  /** The attempt that gets the prompt, from 1. */
  readonly attempt: number;
  readonly answer?: string;
  /** The iteration of its loop, with what the gate printed about the one before, absolute; absent where it is no loop. */
  readonly iteration?: { readonly number: number; readonly gateLog?: string } | undefined;
  /** The log of the run; read only where there were earlier attempts. */
  readonly events: () => AsyncIterable<RunEvent>;
}

/** See the module. Nothing in it has the shape of a secret (P12). */
export async function taskPrompt(spec: TaskSpec, source: PromptSource): Promise<string> {
  const { runId, attempt, answer, template, iteration } = source;
  const values = taskValues(spec, promptOf(spec) ?? "", {
    runId,
    attempt,
    ...(iteration === undefined
      ? {}
      : { iteration: iteration.number, check: await checkOf(spec, iteration) }),
    earlier: attempt > 1 ? await earlierAttempts(spec.id, source) : [],
    ...(answer === undefined ? {} : { answer }),
  });
  return redactText(fillTemplate(values, template));
}

/** What the gate of the loop said of the iteration before; "" in the first. */
async function checkOf(
  { loop }: TaskSpec,
  { number, gateLog }: NonNullable<PromptSource["iteration"]>,
): Promise<string> {
  if (loop === undefined || number === 1) return "";
  return checkText(loop.until, gateLog === undefined ? "" : await tailOf(gateLog));
}

async function earlierAttempts(taskId: string, source: PromptSource): Promise<readonly EarlierAttempt[]> {
  const history = new AttemptHistory();
  for await (const event of source.events()) history.take(event);
  const ended = history.of(taskId).filter((each) => each.attempt < source.attempt && each.end !== null);
  return await Promise.all(ended.map(async (each, at) => ({
    attempt: each.attempt,
    reason: reasonOf(each),
    // Only that of the latest is told.
    evidence: at === ended.length - 1 ? await evidenceOf(each, source.directory) : [],
  })));
}

function reasonOf({ outcome, end, conflicts, reviews }: AttemptRecord): string {
  const conflict = conflicts.at(-1);
  if (conflict !== undefined) {
    return `conflicts with what was merged before it in ${conflict.paths.join(", ")}`;
  }
  if (reviews.some(({ verdict }) => verdict === "blocked")) return `was sent back: ${end?.reason}`;
  if (outcome !== null && outcome.result !== "success") return describeOutcome(outcome);
  return `ended: ${end?.reason ?? "nothing is known of it"}`;
}

async function evidenceOf(record: AttemptRecord, directory: string): Promise<readonly Evidence[]> {
  const files: { readonly what: string; readonly path: string; readonly limit?: number }[] = [];
  for (const gate of record.gates) {
    if (gate.result === "failed" && gate.ended === undefined && gate.output !== null) {
      files.push({ what: `output of the check "${gate.gate}"`, path: gate.output.path });
    }
  }
  const diffs = record.conflicts.at(-1)?.diffs;
  if (diffs !== undefined) files.push({ what: "changes of both sides", path: diffs });
  const problems = record.outcome?.planning?.problems;
  if (problems !== undefined) {
    files.push({ what: "plan, and what is wrong with it", path: problems.path, limit: EVIDENCE_BYTES });
  }
  const found = await Promise.all(files.map(async ({ path, ...rest }) => {
    const text = await tailOf(`${directory}/${path}`);
    return text.trim() === "" ? [] : [{ ...rest, text }];
  }));
  return [...found.flat(), ...findingsOf(record)];
}

/** What reviews found; of one that has passed too, as warnings are worth knowing. */
function findingsOf({ reviews }: AttemptRecord): readonly Evidence[] {
  return reviews.filter(({ findings }) => findings.length > 0).map(({ review, findings }) => ({
    what: `findings of the review "${review.task_id}"`,
    text: redactText(findingLines(findings)),
  }));
}

/** The end of a file; "" where it is gone: a prompt does without it. */
async function tailOf(path: string): Promise<string> {
  try {
    using file = await Deno.open(path);
    const { size } = await file.stat();
    await file.seek(Math.max(0, size - EVIDENCE_BYTES), Deno.SeekMode.Start);
    return await new Response(file.readable).text();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
