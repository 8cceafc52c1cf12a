/** The control groups (cgroup v2) of an omk process: one below its own, and in it one for each body at work. */

import type { Clock } from "../clock.ts";
import { shellQuote } from "./shell_quote.ts";

/** Asks the helper shell. */
export type Ask = (request: string) => Promise<readonly string[]>;

/** What the groups of bodies can limit. */
export interface GroupControllers {
  readonly memory: boolean;
  readonly processes: boolean;
}

/** What a group allows its processes together; absent: any amount. */
export interface GroupLimits {
  readonly memoryBytes?: number | undefined;
  readonly processes?: number | undefined;
}

/** What a body had left in its group. */
export interface GroupRemains {
  /** How many processes were ended. */
  readonly ended: number;
  /** False where some could not be ended in time. */
  readonly clear: boolean;
  /** The limit that it met, if any: memory that the kernel took back by killing, or forks that it refused. */
  readonly limit?: "memory" | "processes";
}

/** A group that a body has for its life. */
export interface BodyGroup {
  /** Shell commands that make it, set its limits and enter it; each ends with a semicolon. */
  readonly entrance: string;
  /** Ends what is left in it and gives it back. To be called once. */
  clear(): Promise<GroupRemains>;
  /** Gives it back: nothing has entered it. */
  cancel(): void;
}

/** A group below omk's own was opened, or why that cannot be. */
export type OpenedGroups =
  | { readonly kind: "open"; readonly groups: ControlGroups }
  | { readonly kind: "refused"; readonly reason: string };

/** SIGKILL works at once, except in an uninterruptible wait; after this long a process counts as not ended. */
const END_TIMEOUT_MS = 5_000;

/** Between two looks at a group that is ending: at first, and at most. */
const SHORTEST_POLL_MS = 1;
const LONGEST_POLL_MS = 50;

/** What is to be written into a group so that it limits nothing. */
const UNLIMITED = "max";

/** What a group has counted since it was made. */
interface Counted {
  /** How often the kernel killed for want of memory. */
  readonly kills: number;
  /** How often it refused a fork. */
  readonly refusals: number;
}

const NOTHING_COUNTED: Counted = { kills: 0, refusals: 0 };

/** What a group reports. */
interface GroupState extends Counted {
  readonly populated: boolean;
  readonly processes: number;
}

/** The name of the groups of the omk process with this mark. */
export function groupName(mark: string): string {
  return `omk-${mark}`;
}

/** See the module. Groups are made when they are first needed, and used again by later bodies. */
export class ControlGroups {
  /** Where the groups lie, absolute. */
  readonly path: string;
  readonly #ask: Ask;
  readonly #clock: Clock;
  #controllers: GroupControllers = { memory: false, processes: false };
  /** Groups that are empty, with what each had counted when its last body left. */
  readonly #free: { readonly number: number; readonly counted: Counted }[] = [];
  #made = 0;

  private constructor(path: string, ask: Ask, clock: Clock) {
    this.path = path;
    this.#ask = ask;
    this.#clock = clock;
  }

  /**
   * Makes the group of the omk process with this mark, after trying that it works: where the system has left that to
   * the user, or wherever it can be done.
   */
  static async open(
    mark: string,
    where: "delegated" | "any",
    ask: Ask,
    clock: Clock,
  ): Promise<OpenedGroups> {
    const [answer = "nogroup the helper gave no answer"] = await ask(
      `group-open ${where} ${groupName(mark)}`,
    );
    const [verb, ...rest] = answer.split(" ");
    if (verb !== "group") return { kind: "refused", reason: rest.join(" ") };
    return { kind: "open", groups: new ControlGroups(rest.join(" "), ask, clock) };
  }

  /** Has the groups limit memory and processes from now on, as far as they can here. */
  async enableLimits(): Promise<GroupControllers> {
    const [answer = ""] = await this.#ask(`group-limits ${this.path}`);
    const enabled = answer.split(" ");
    this.#controllers = { memory: enabled.includes("memory"), processes: enabled.includes("pids") };
    return this.#controllers;
  }

  /** Whether a group limits the memory of its processes together. */
  get limitsMemory(): boolean {
    return this.#controllers.memory;
  }

  /** A group for one body. */
  lease(limits: GroupLimits = {}): BodyGroup {
    const { number, counted } = this.#free.pop() ?? { number: ++this.#made, counted: NOTHING_COUNTED };
    const path = `${this.path}/${number}`;
    return {
      entrance: this.#entrance(path, limits),
      clear: async () => {
        const { state, ended } = await endGroup(path, this.#ask, this.#clock);
        if (!state.populated) this.#free.push({ number, counted: state });
        const limit = limitMet(counted, state);
        return { ended, clear: !state.populated, ...(limit === undefined ? {} : { limit }) };
      },
      cancel: () => {
        this.#free.push({ number, counted });
      },
    };
  }

  /** Removes the groups. What still has processes stays, as does what is above it. */
  async close(): Promise<void> {
    await this.#ask(`group-remove ${this.path}`);
  }

  #entrance(path: string, limits: GroupLimits): string {
    const { memory, processes } = this.#controllers;
    const set = (name: string, value: string) =>
      `echo ${value} >${shellQuote(`${path}/${name}`)} || exit 125; `;
    return [
      // The PATH of a task need not lead to mkdir.
      `[ -d ${shellQuote(path)} ] || command -p mkdir ${shellQuote(path)} || exit 125; `,
      memory ? set("memory.max", String(limits.memoryBytes ?? UNLIMITED)) : "",
      // Without this the rest goes to swap, and the task with its limit makes the whole machine slow.
      memory ? `! [ -w ${shellQuote(`${path}/memory.swap.max`)} ] || ` : "",
      memory ? set("memory.swap.max", limits.memoryBytes === undefined ? UNLIMITED : "0") : "",
      // A task without one of its processes is no task: the kernel ends all of them.
      memory ? set("memory.oom.group", "1") : "",
      processes ? set("pids.max", String(limits.processes ?? UNLIMITED)) : "",
      set("cgroup.procs", "0"),
    ].join("");
  }
}

/**
 * Ends what a dead omk process with this mark has left in its groups, wherever they are, and removes them. Returns
 * how many processes were found.
 */
export async function endGroupsOf(mark: string, ask: Ask, clock: Clock): Promise<number> {
  let ended = 0;
  for (const line of await ask(`group-find ${groupName(mark)}`)) {
    const path = line.replace(/^found /, "");
    ended += (await endGroup(path, ask, clock)).ended;
    await ask(`group-remove ${path}`);
  }
  return ended;
}

/** Kills what is in a group, and below it, until it is empty. */
async function endGroup(
  path: string,
  ask: Ask,
  clock: Clock,
): Promise<{ readonly state: GroupState; readonly ended: number }> {
  let state = await stateOf(path, ask);
  const ended = state.processes;
  const deadline = clock.monotonic() + END_TIMEOUT_MS;
  for (let poll = SHORTEST_POLL_MS; state.populated; poll = Math.min(poll * 2, LONGEST_POLL_MS)) {
    if (clock.monotonic() > deadline) break;
    await ask(`group-kill ${path}`);
    await clock.sleep(poll);
    state = await stateOf(path, ask);
  }
  return { state, ended };
}

async function stateOf(path: string, ask: Ask): Promise<GroupState> {
  const [answer = ""] = await ask(`group-state ${path}`);
  const [, populated, processes, kills, refusals] = answer.split(" ").map(Number);
  return {
    populated: populated !== 0,
    processes: processes ?? 0,
    kills: kills ?? 0,
    refusals: refusals ?? 0,
  };
}

function limitMet(before: Counted, after: Counted): GroupRemains["limit"] {
  if (after.kills > before.kills) return "memory";
  return after.refusals > before.refusals ? "processes" : undefined;
}
