/** What an agent lets slip of why it fails, beside the end that it tells: troubles with its model, words on standard error. */

import { causeOf } from "./failure_text.ts";
import type { AgentEnd, AgentUpdate } from "./port.ts";
import { TailText } from "./tail_text.ts";

/** Of standard error, so much of the end is looked at. */
const LAST_COMPLAINT = 2000;

/** Collects the signs of one run. */
export class FailureSigns {
  readonly #complaint = new TailText(LAST_COMPLAINT);
  /** What it has told of its model in vain, since the model's last answer. */
  #trouble: Extract<AgentUpdate, { kind: "trouble" }> | null = null;

  /** Takes in what it has told. */
  update(update: AgentUpdate): void {
    if (update.kind === "trouble") this.#trouble = update;
    else if (isContent(update)) this.#trouble = null;
  }

  /** Takes in what it has written to standard error. */
  complain(text: string): void {
    this.#complaint.add(text);
  }

  /** The end, and why it is that, where the agent did not come to it by itself; `late`: which deadline was over. */
  explain(end: AgentEnd, late: string | null): AgentEnd {
    const isCut = late !== null || end.result === "died" || end.result === "cancelled";
    if (isCut && this.#trouble !== null) {
      const { cause, text } = this.#trouble;
      return { ...end, result: cause, detail: late === null ? text : `${late}: ${text}` };
    }
    if (late !== null) return { ...end, result: "timeout", detail: late };
    const complaint = this.#complaint.text();
    const cause = end.result === "died" ? causeOf(complaint) : undefined;
    if (cause === undefined) return end;
    return { ...end, result: cause, detail: complaint.split("\n").findLast((line) => causeOf(line)) ?? "" };
  }
}

/** Whether its model must have made what it tells. */
export function isContent({ kind }: AgentUpdate): boolean {
  return kind === "text" || kind === "thought" || kind === "tool" || kind === "plan";
}
