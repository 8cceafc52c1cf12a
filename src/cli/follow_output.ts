/** The output of tasks and gates as it comes, attempt after attempt, while the run goes on: `omk logs --follow`. */

import type { RunEvent } from "../log/event.ts";
import { gateFileName } from "../gates/artifact_names.ts";
import type { RunDirectory } from "../run/directory.ts";
import { followRun } from "./follow_run.ts";
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
  /** Null until the file of a gate is known. */
  tail: OutputTail | null;
}

/**
 * Gives each line to `print` until the run is over, or every wanted task is at its end where tasks are wanted and no
 * gates. Resolves with whether it came to that; false where the omk process of the run is gone.
 */
export async function followOutput(
  directory: RunDirectory,
  query: OutputQuery,
  output: Output,
  print: (source: OutputSource, line: string) => void,
): Promise<boolean> {
  const follower = new OutputFollower(directory, query, print);
  let looking = Promise.resolve();
  const timer = setInterval(() => looking = looking.then(() => follower.look()), LOOK_MS);
  let isDone = false;
  try {
    const isFinished = await followRun(directory, async (event) => {
      isDone = await follower.take(event);
      return !isDone && !output.closed;
    });
    await looking;
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
  async take(event: RunEvent): Promise<boolean> {
    switch (event.kind) {
      case "task_started":
        this.#begin(event.payload.task_id, event.payload.attempt, event.payload.output);
        break;
      case "task_finished":
      case "retry_scheduled":
      case "task_waiting":
      case "task_failed":
      case "task_cancelled":
        await this.#end(`${event.payload.task_id}/${event.payload.attempt}`);
        break;
      case "gate_started":
        this.#beginGate(event.payload);
        break;
      case "gate_passed":
      case "gate_failed":
        await this.#endGate(event.payload);
        break;
      default:
        break;
    }
    return this.#isOver(event);
  }

  /** Prints what is new in all files. */
  async look(): Promise<void> {
    for (const followed of [...this.#followed.values()]) await this.#read(followed);
  }

  /** Prints what is left of all. */
  async endAll(): Promise<void> {
    for (const key of [...this.#followed.keys()]) await this.#end(key);
  }

  #isOver(event: RunEvent): boolean {
    switch (event.kind) {
      case "task_completed":
      case "task_failed":
      case "task_blocked":
      case "task_cancelled":
      case "task_waiting":
        this.#open.delete(event.payload.task_id);
        break;
      case "task_reopened":
        if (this.#query.tasks?.has(event.payload.task_id)) this.#open.add(event.payload.task_id);
        break;
      default:
        break;
    }
    return this.#query.tasks !== null && this.#query.gates === null && this.#open.size === 0;
  }

  #begin(taskId: string, attempt: number, path: string): void {
    const { tasks, gates } = this.#query;
    if (tasks === null ? gates !== null : !tasks.has(taskId)) return;
    this.#followed.set(`${taskId}/${attempt}`, {
      source: { kind: "attempt", task_id: taskId, attempt, gate: null },
      lines: new LineAssembler(),
      tail: new OutputTail(`${this.#directory.path}/${path}`),
    });
  }

  #beginGate({ gate, task_id, run_number }: GateRunRef): void {
    const { tasks, gates } = this.#query;
    const isWanted = gates === null
      ? tasks === null || (task_id !== null && tasks.has(task_id))
      : gates.has(gate);
    if (!isWanted) return;
    this.#followed.set(gateKey({ gate, task_id, run_number }), {
      source: { kind: "gate", task_id, attempt: null, gate },
      lines: new LineAssembler(),
      tail: null,
    });
  }

  /** The evidence of a gate names its file. */
  async #endGate(payload: GateRunRef & { readonly output: { readonly path: string } | null }): Promise<void> {
    const followed = this.#followed.get(gateKey(payload));
    if (followed !== undefined && payload.output !== null) {
      const path = `${this.#directory.path}/${payload.output.path}`;
      this.#taken.add(path);
      followed.tail ??= new OutputTail(path);
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

  async #read(followed: Followed): Promise<void> {
    const { source, lines } = followed;
    followed.tail ??= source.gate === null ? null : await this.#findGateFile(source.gate);
    await followed.tail?.read((text) => {
      for (const line of lines.push(text)) this.#print(source, line);
    });
  }

  /** The newest file of a gate that belongs to no run of it yet. */
  async #findGateFile(gate: string): Promise<OutputTail | null> {
    const suffix = `-${gateFileName(gate)}.log`;
    const found: string[] = [];
    try {
      for await (const { name } of Deno.readDir(`${this.#directory.path}/gates`)) {
        if (/^\d+-/.test(name) && name.replace(/^\d+/, "") === suffix) found.push(name);
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    const paths = found.sort().map((name) => `${this.#directory.path}/gates/${name}`);
    const path = paths.findLast((each) => !this.#taken.has(each));
    if (path === undefined) return null;
    this.#taken.add(path);
    return new OutputTail(path);
  }
}

/** What tells one run of a gate from the others. */
interface GateRunRef {
  readonly gate: string;
  readonly task_id: string | null;
  readonly run_number: number;
}

function gateKey({ gate, task_id, run_number }: GateRunRef): string {
  return JSON.stringify([gate, task_id, run_number]);
}
