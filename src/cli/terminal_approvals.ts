/** Puts what agents ask leave for to the person at the terminal of the run, and takes the answers. */

import { reasonOf } from "../errors.ts";
import type { RunEvent } from "../log/event.ts";
import type { OpenApproval } from "../scheduler/run_record.ts";
import type { RunState } from "../scheduler/run_state.ts";
import { approvalLines } from "./render/approval_lines.ts";

/** An answer of the person. */
export interface GivenAnswer {
  readonly approval: string;
  readonly decision: "allow" | "deny";
}

/** What it works with. */
export interface TerminalApprovalsPorts {
  /** Shows a line. */
  readonly say: (line: string) => void;
  /** Lines that the person types; asked for with the first question, so that nothing is read without one. */
  readonly lines: () => AsyncIterable<string>;
  /** Passes an answer on. */
  readonly give: (answer: GivenAnswer) => Promise<void>;
}

/** An answer names its question: what was typed before the question was shown answers none. */
const ANSWER = /^\s*(y|yes|n|no)\s+(\d+)\s*$/i;

/** See the module. */
export class TerminalApprovals {
  readonly #ports: TerminalApprovalsPorts;
  #isReading = false;

  constructor(ports: TerminalApprovalsPorts) {
    this.#ports = ports;
  }

  /** Takes note of an event that is folded. */
  see(event: RunEvent, state: RunState): void {
    if (event.kind !== "approval_requested" || event.payload.expires === undefined) return;
    const open = state.run.approvals?.open.find(({ approval }) => approval === event.payload.approval);
    if (open === undefined) return;
    this.#put(open, state.run.last_ts);
    if (this.#isReading) return;
    this.#isReading = true;
    this.#read(state).catch((error) =>
      this.#ports.say(`warning: answers cannot be read: ${reasonOf(error)}`)
    );
  }

  #put(open: OpenApproval, now: number): void {
    for (const line of approvalLines(open, now)) this.#ports.say(line);
    this.#ports.say(`   type "y ${open.approval}" to allow it, or "n ${open.approval}"`);
  }

  /** The state is that of the run, and grows. */
  async #read(state: RunState): Promise<void> {
    const { say, give, lines } = this.#ports;
    for await (const line of lines()) {
      const [, word, approval] = ANSWER.exec(line) ?? [];
      const { open = [] } = state.run.approvals ?? {};
      if (word === undefined || approval === undefined) {
        const [first] = open;
        if (first !== undefined && line.trim() !== "") {
          say(`type "y ${first.approval}" or "n ${first.approval}"`);
        }
      } else if (open.some((each) => each.approval === approval)) {
        await give({ approval, decision: /^y/i.test(word) ? "allow" : "deny" });
      } else {
        say(`no approval ${approval} is open`);
      }
    }
  }
}

/** The lines of standard input as they come. */
export async function* typedLines(): AsyncGenerator<string> {
  let rest = "";
  for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}
