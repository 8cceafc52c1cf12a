/** What the attempts of extra workers print, shown by the omk process that conducts the run: read from their files. */

import { reasonOf } from "../errors.ts";
import type { RunEvent } from "../log/event.ts";
import { outputPath, type RunDirectory } from "../run/directory.ts";
import type { RunState } from "../scheduler/run_state.ts";
import { isActive } from "../scheduler/task_state.ts";
import { LOCAL_WORKER } from "../scheduler/workers.ts";
import { OutputTail } from "./output_tail.ts";
import type { RunView } from "./run_view.ts";

/** How often the files are looked at. */
const LOOK_MS = 200;

/** An attempt that an extra worker has in hand. */
interface Followed {
  readonly taskId: string;
  readonly attempt: number;
  readonly tail: OutputTail;
}

/** See the module. A sink of the run's events, that comes before the one of its view; dispose of it at the end. */
export class ExtraOutputs implements Disposable {
  readonly #view: Pick<RunView, "taskOutput" | "note">;
  readonly #attempts = new Map<number, Followed>();
  #directory: RunDirectory | null = null;
  #timer: ReturnType<typeof setInterval> | null = null;

  constructor(view: Pick<RunView, "taskOutput" | "note">) {
    this.#view = view;
  }

  /** The run goes on: what extra workers have in hand already is shown from its beginning. */
  begin(state: RunState, directory: RunDirectory): void {
    this.#directory = directory;
    for (const { id, state: status, attempt, token, owner } of state.tasks) {
      if (token !== null && owner !== null && isActive(status)) this.#follow(token, owner, id, attempt);
    }
  }

  /** Takes in what begins, and shows the rest of what is over. */
  event(event: RunEvent): void {
    switch (event.kind) {
      case "task_claimed":
        this.#follow(event.index, event.payload.worker, event.payload.task_id, event.payload.attempt);
        break;
      case "attempt_reported":
      case "retry_scheduled":
      case "task_failed":
      case "task_finished":
      case "task_waiting":
      case "task_cancelled":
        this.#finish(event.payload.token);
        break;
      default:
        break;
    }
  }

  [Symbol.dispose](): void {
    this.#attempts.clear();
    this.#rest();
  }

  #follow(token: number, worker: string, taskId: string, attempt: number): void {
    if (worker === LOCAL_WORKER || this.#directory === null) return;
    const tail = new OutputTail(`${this.#directory.path}/${outputPath(taskId, attempt)}`);
    this.#attempts.set(token, { taskId, attempt, tail });
    this.#timer ??= setInterval(() => {
      for (const [each, followed] of this.#attempts) this.#look(each, followed);
    }, LOOK_MS);
  }

  #finish(token: number | null): void {
    const followed = token === null ? undefined : this.#attempts.get(token);
    if (token === null || followed === undefined) return;
    this.#attempts.delete(token);
    this.#show(followed);
    if (this.#attempts.size === 0) this.#rest();
  }

  #look(token: number, followed: Followed): void {
    try {
      this.#show(followed);
    } catch (error) {
      this.#attempts.delete(token);
      this.#view.note(`warning: Cannot show what ${followed.taskId} prints: ${reasonOf(error)}`);
    }
  }

  #show({ taskId, attempt, tail }: Followed): void {
    tail.readNow((text) => this.#view.taskOutput(taskId, attempt, text));
  }

  #rest(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }
}
