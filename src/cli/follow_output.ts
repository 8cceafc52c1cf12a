/** The output of tasks and gates as it comes, attempt after attempt, while the run goes on: `omk logs --follow`. */

import type { RunEvent } from "../log/event.ts";
import type { PayloadOf } from "../log/kinds.ts";
import { outputPath, type RunDirectory } from "../run/directory.ts";
import { gateKey } from "../run/attempt_history.ts";
import { followRun } from "./follow_run.ts";
import { gateFiles } from "./gate_files.ts";
import type { Output } from "./output.ts";
import { OutputTail } from "./output_tail.ts";
import { LineAssembler } from "./render/attempt_lines.ts";

/** How often files are looked at. */
const LOOK_MS = 200;

/** Whose output is wanted. */
export interface OutputQuery {
  /** Ids of tasks; null: all. */
  readonly tasks: ReadonlySet<string> | null;
  /** Names of gates; null: all. */
  readonly gates: ReadonlySet<string> | null;
  /** Only this attempt of the tasks; null: one after the other. */
  readonly attempt: number | null;
  /** Of what was printed before, only the last lines of each attempt and gate; null: all. */
  readonly lastLines: number | null;
  /** Index of the first event that comes while this follows; those before it are the past. */
  readonly liveFrom: number;
}

/** Where lines come from; the names are those of `omk logs --json`. */
export interface OutputSource {
  readonly kind: "attempt" | "gate";
  readonly task_id: string | null;
  readonly attempt: number | null;
  readonly gate: string | null;
}

interface Followed {
  readonly source: OutputSource;
  readonly lines: LineAssembler;
  /** See `OutputTail`. */
  readonly lastLines: number | null;
  /** Null until the file of a gate is known. */
  tail: OutputTail | null;
}

/**
 * Gives each line to `print` until the run is over, or every wanted task (its wanted attempt) is at its end where tasks
 * are wanted and no gates. Resolves with whether it came to that; false where the omk process of the run is gone.
 */
export async function followOutput(
  directory: RunDirectory,
  query: OutputQuery,
  output: Output,
  print: (source: OutputSource, line: string) => void,
): Promise<boolean> {
  const follower = new OutputFollower(directory, query, print);
  let looking = Promise.resolve();
  const timer = setInterval(() => {
    looking = looking.then(() => follower.look());
    // It is told at the end, below.
    looking.catch(() => {});
  }, LOOK_MS);
  let isDone = false;
  try {
    const isFinished = await followRun(directory, async (event) => {
      isDone = await follower.take(event);
      return !isDone && !output.closed;
    });
    await looking;
    await follower.look();
    await follower.endAll();
    return isFinished || isDone || output.closed;
  } finally {
    clearInterval(timer);
  }
}

/** See {@linkcode followOutput}. */
class OutputFollower {
  readonly #directory: RunDirectory;
  readonly #query: OutputQuery;
  readonly #print: (source: OutputSource, line: string) => void;
  readonly #followed = new Map<string, Followed>();
  readonly #open: Set<string>;
  /** Files of gates that belong to a run of one already. */
  readonly #taken = new Set<string>();
  /** Whether all of the past was taken: before, files are read where something ended only. */
  #isLive = false;
  /** What is done to the files comes one after the other, or a piece would be read twice. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    directory: RunDirectory,
    query: OutputQuery,
    print: (source: OutputSource, line: string) => void,
  ) {
    this.#directory = directory;
    this.#query = query;
    this.#print = print;
    this.#open = new Set(query.tasks ?? []);
  }

  /** Takes note of what begins and ends; resolves with whether all that is wanted is at its end. */
  take(event: RunEvent): Promise<boolean> {
    return this.#inTurn(() => this.#take(event));
  }

  /** Prints what is new in all files. */
  look(): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.#isLive) return;
      for (const followed of [...this.#followed.values()]) {
        await this.#findFile(followed);
        await this.#read(followed);
      }
    });
  }

  /** Prints what is left of all. */
  endAll(): Promise<void> {
    return this.#inTurn(async () => {
      for (const key of [...this.#followed.keys()]) await this.#end(key);
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #take(event: RunEvent): Promise<boolean> {
    const { lastLines, liveFrom } = this.#query;
    const shown = event.index < liveFrom ? lastLines : null;
    switch (event.kind) {
      case "task_started":
        this.#begin(event.payload, shown);
        break;
      case "attempt_pinned":
        await this.#endIteration(event.payload, shown);
        break;
      case "task_finished":
      case "retry_scheduled":
      case "task_waiting":
      case "task_failed":
      case "task_cancelled":
        await this.#end(`${event.payload.task_id}/${event.payload.attempt}`);
        if (event.payload.attempt === this.#query.attempt) this.#open.delete(event.payload.task_id);
        break;
      case "gate_started":
        this.#beginGate(event.payload, shown);
        break;
      case "gate_passed":
      case "gate_failed":
        await this.#endGate(event.payload);
        break;
      default:
        break;
    }
    this.#noteEnd(event);
    this.#isLive ||= event.index >= liveFrom - 1;
    // Where not all of the past is known, a task that had ended may have been reopened since.
    return this.#isLive && this.#query.tasks !== null && this.#query.gates === null && this.#open.size === 0;
  }

  /** Which of the wanted tasks go on. */
  #noteEnd(event: RunEvent): void {
    switch (event.kind) {
      case "task_completed":
      case "task_failed":
      case "task_blocked":
      case "task_cancelled":
      case "task_waiting":
        this.#open.delete(event.payload.task_id);
        break;
      case "task_reopened":
        if (this.#query.attempt === null && this.#query.tasks?.has(event.payload.task_id)) {
          this.#open.add(event.payload.task_id);
        }
        break;
      default:
        break;
    }
  }

  #begin(
    { task_id, attempt, output }: Pick<PayloadOf<"task_started">, "task_id" | "attempt" | "output">,
    lastLines: number | null,
  ): void {
    const { tasks, gates, attempt: wanted } = this.#query;
    if (tasks === null ? gates !== null : !tasks.has(task_id)) return;
    if (wanted !== null && attempt !== wanted) return;
    this.#followed.set(`${task_id}/${attempt}`, {
      source: { kind: "attempt", task_id, attempt, gate: null },
      lines: new LineAssembler(),
      lastLines,
      tail: new OutputTail(`${this.#directory.path}/${output}`, lastLines),
    });
  }

  /** After an iteration of a loop the next one has a file of its own. */
  async #endIteration(
    { task_id, attempt, iteration }: PayloadOf<"attempt_pinned">,
    lastLines: number | null,
  ): Promise<void> {
    if (iteration === undefined) return;
    await this.#end(`${task_id}/${attempt}`);
    this.#begin({ task_id, attempt, output: outputPath(task_id, attempt, iteration + 1) }, lastLines);
  }

  #beginGate({ gate, task_id, run_number }: GateRunRef, lastLines: number | null): void {
    const { tasks, gates, attempt } = this.#query;
    const isWanted = gates === null
      ? attempt === null && (tasks === null || (task_id !== null && tasks.has(task_id)))
      : gates.has(gate);
    if (!isWanted) return;
    this.#followed.set(gateKey({ gate, task_id, run_number }), {
      source: { kind: "gate", task_id, attempt: null, gate },
      lines: new LineAssembler(),
      lastLines,
      tail: null,
    });
  }

  /** The evidence of a gate names its file; until then it may have been taken for one that was left unfinished. */
  async #endGate(payload: GateRunRef & { readonly output: { readonly path: string } | null }): Promise<void> {
    const followed = this.#followed.get(gateKey(payload));
    if (payload.output !== null) {
      this.#taken.add(payload.output.path);
      const tail = followed === undefined ? null : this.#tailOf(payload.output.path, followed);
      if (followed !== undefined && tail?.path !== followed.tail?.path) followed.tail = tail;
    }
    await this.#end(gateKey(payload));
  }

  async #end(key: string): Promise<void> {
    const followed = this.#followed.get(key);
    if (followed === undefined) return;
    this.#followed.delete(key);
    await this.#read(followed);
    for (const line of followed.lines.flush()) this.#print(followed.source, line);
  }

  async #read({ source, lines, tail }: Followed): Promise<void> {
    await tail?.read((text) => {
      for (const line of lines.push(text)) this.#print(source, line);
    });
  }

  /** Gives a gate that is running the newest file of its name that belongs to no run of it yet. */
  async #findFile(followed: Followed): Promise<void> {
    const { gate } = followed.source;
    if (followed.tail !== null || gate === null) return;
    const path = (await gateFiles(this.#directory.path, gate, this.#taken)).at(-1);
    if (path === undefined) return;
    this.#taken.add(path);
    followed.tail = this.#tailOf(path, followed);
  }

  #tailOf(path: string, { lastLines }: Followed): OutputTail {
    return new OutputTail(`${this.#directory.path}/${path}`, lastLines);
  }
}

type GateRunRef = Pick<PayloadOf<"gate_started">, "gate" | "task_id" | "run_number">;
