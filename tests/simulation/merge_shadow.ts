/** What the events say of merges that gates judge, and the promise that nothing else gets into the head (P7). */

import type { RunEvent } from "../../src/log/event.ts";
import type { PayloadOf } from "../../src/log/kinds.ts";
import type { Plan } from "../../src/plan/spec.ts";
import type { Broken } from "./run_shadow.ts";

/** A merge that was made. */
interface Made {
  readonly task: string;
  readonly parent: string;
  readonly commit: string;
  readonly tree: string;
}

/** See the module. */
export class MergeShadow {
  /** Names of the gates that judge merges. */
  readonly #gates: readonly string[];
  /** The latest merge of each task that was staged. */
  readonly #made = new Map<string, Made>();
  readonly #passed = new Set<string>();
  /** The merges that are judged, in their order; those in the head already are left out. */
  #judged: Made[] = [];
  #batch = 0;
  #head = "";
  #tree = "";
  #baseTree = "";

  constructor({ gate_each, gates }: Plan) {
    this.#gates = gate_each === undefined ? [] : (gates ?? [])
      .filter(({ required, allow_fail, skip }) => required && !allow_fail && !skip).map(({ name }) => name);
  }

  /** Checks an event against what came before it. */
  read(event: RunEvent, broken: Broken): void {
    switch (event.kind) {
      case "run_started":
        this.#head = event.payload.base?.commit ?? "";
        this.#tree = this.#baseTree = event.payload.base?.tree ?? "";
        break;
      case "merge_staged": {
        const { task_id, head, commit, tree } = event.payload;
        if (this.#gates.length === 0) broken("nobody judges what is staged");
        this.#made.set(task_id, { task: task_id, parent: head, commit, tree });
        break;
      }
      case "merge_judging":
        this.#judge(event.payload, broken);
        break;
      case "gate_started":
        if (event.payload.merges !== undefined) this.#checkGate(event.payload, broken);
        break;
      case "gate_passed":
      case "gate_failed": {
        const { merges, gate, tree } = event.payload;
        if (merges === undefined) break;
        const key = `${merges.batch} ${gate} ${tree}`;
        if (event.kind === "gate_passed") this.#passed.add(key);
        else this.#passed.delete(key);
        break;
      }
      case "task_completed":
        if (event.payload.commit !== null) this.#land(event.payload, broken);
        break;
      case "proof_writing":
        if (!this.#isGood(this.#tree) && this.#tree !== this.#baseTree) {
          broken("P7: the head is a tree on which gates have not passed");
        }
        break;
      default:
        break;
    }
  }

  #judge({ batch, head, commit, tasks }: PayloadOf<"merge_judging">, broken: Broken): void {
    if (batch !== ++this.#batch) broken(`batch ${this.#batch} was due`);
    this.#judged = tasks.flatMap((id) => this.#made.get(id) ?? []);
    const line = [head, ...this.#judged.map((each) => each.commit)];
    if (head !== this.#head || this.#judged.some(({ parent }, at) => parent !== line[at])) {
      broken("what is judged does not lie on the head");
    }
    if (line.at(-1) !== commit || this.#judged.length !== tasks.length) broken("something else is judged");
  }

  #checkGate({ tree, merges }: PayloadOf<"gate_started">, broken: Broken): void {
    const last = this.#judged[(merges?.tasks.length ?? 0) - 1];
    if (last?.tree !== tree) broken("the gate judges another tree than that of its merges");
  }

  #land({ task_id, commit, tree }: PayloadOf<"task_completed">, broken: Broken): void {
    if (this.#gates.length > 0) {
      const first = this.#judged[0];
      if (first?.task !== task_id || first.commit !== commit) {
        broken(`${task_id} is not the next to be in the head`);
      }
      if (!this.#judged.some((each) => this.#isGood(each.tree))) {
        broken(`P7: no gate has passed with ${task_id}`);
      }
      this.#judged = this.#judged.slice(1);
    }
    this.#head = commit ?? "";
    this.#tree = tree ?? "";
  }

  /** Whether all gates have passed on a tree, in whatever batch. */
  #isGood(tree: string): boolean {
    const batches = Array.from({ length: this.#batch }, (_, at) => at + 1);
    return this.#gates.every((gate) => batches.some((batch) => this.#passed.has(`${batch} ${gate} ${tree}`)));
  }
}
