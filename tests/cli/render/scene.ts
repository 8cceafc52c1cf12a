/** Runs as views see them: a state, and the events that made it. */

import { draft, type EventDraft, type RunEvent, taskSubject } from "../../../src/log/event.ts";
import type { OutcomeResult } from "../../../src/log/kinds.ts";
import type { RunView } from "../../../src/cli/run_view.ts";
import type { RunState } from "../../../src/scheduler/run_state.ts";
import { settleAttempt } from "../../../src/scheduler/settle.ts";
import type { Plan, TaskSpec } from "../../../src/plan/spec.ts";
import { type RunDirectory, runDirectoryAt } from "../../../src/run/directory.ts";
import { decideAll, end, pin, refOf, start } from "../../scheduler/steps.ts";
import { Ledger, makeOutcome, makePlan, RUN_ID } from "../../run/fixture.ts";

/** A started run whose events go to a view as they are folded. */
export class Scene {
  readonly ledger: Ledger;
  /** There are no files unless a test makes some. */
  readonly directory: RunDirectory;
  readonly #view: RunView | undefined;
  #shown = 0;

  constructor(
    tasks: readonly TaskSpec[],
    overrides: Partial<Plan> = {},
    view?: RunView,
    directory = "/nowhere",
  ) {
    this.directory = runDirectoryAt(directory, RUN_ID);
    this.ledger = new Ledger(makePlan(tasks, overrides)).start();
    this.#view = view;
    this.#tell();
  }

  get state(): RunState {
    return this.ledger.state;
  }

  /** Lets the scheduler do what is to be done now. */
  go(): this {
    decideAll(this.ledger);
    return this.#tell();
  }

  /** Appends facts. */
  add(...drafts: readonly EventDraft[]): readonly RunEvent[] {
    const added = this.ledger.add(drafts);
    this.#tell();
    return added;
  }

  /** The body of a claimed task starts. */
  start(id: string): this {
    start(this.ledger, id);
    return this.#tell();
  }

  /** A claimed task runs and ends; where it succeeds it has changed nothing. */
  end(id: string, result: OutcomeResult): this {
    end(this.ledger, id, result);
    return this.#tell();
  }

  /** The body of a task that has started ends. */
  settle(id: string, result: OutcomeResult): this {
    this.ledger.add(
      settleAttempt(this.state, refOf(this.ledger, id), makeOutcome(result), [], this.ledger.now),
    );
    return this.#tell();
  }

  /** A started task's work is pinned and the task finished, so that it waits for its merge. */
  finish(id: string): this {
    pin(this.ledger, id);
    this.ledger.add([draft("task_finished", taskSubject(id), "controller/1", {
      ...refOf(this.ledger, id),
      outcome: makeOutcome("success"),
      outputs: [],
    })]);
    return this.#tell();
  }

  /** A gate of the run begins, and ends as told. */
  gate(name: string, result?: "passed" | "failed", reason = "it exited with 1"): this {
    return this.#gate(name, null, result, reason);
  }

  /** A gate of a task that has started fails. */
  taskGate(name: string, taskId: string): this {
    return this.#gate(name, taskId, "failed", "exited with 1");
  }

  #gate(name: string, taskId: string | null, result: "passed" | "failed" | undefined, reason: string): this {
    const subject = taskId === null ? "run" : taskSubject(taskId);
    const run = {
      gate: name,
      scope: taskId === null ? "run" : "task",
      run_number: 1,
      required: true,
      tree: this.state.run.head?.tree ?? null,
      commit: this.state.run.head?.commit ?? null,
      task_id: taskId,
      token: taskId === null ? null : refOf(this.ledger, taskId).token,
    } as const;
    this.add(draft("gate_started", subject, "controller/1", run));
    const evidence = {
      ...run,
      definition: "d".repeat(64),
      exit_code: result === "passed" ? 0 : 1,
      signal: null,
      timed_out: false,
      duration_ms: 1500,
      output: null,
      changed: [],
      untracked: [],
      counts: null,
    };
    if (result === "passed") this.add(draft("gate_passed", subject, "controller/1", evidence));
    if (result === "failed") {
      this.add(draft("gate_failed", subject, "controller/1", { ...evidence, reason, infrastructure: false }));
    }
    return this;
  }

  #tell(): this {
    for (const event of this.ledger.events.slice(this.#shown)) this.#view?.event(event, this.state);
    this.#shown = this.ledger.events.length;
    return this;
  }
}
