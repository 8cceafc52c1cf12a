/** What keeps the processes of one body together, and ends what is left of them. */

import type { Clock } from "../clock.ts";
import type { BodyGroup, ControlGroups } from "./control_groups.ts";
import { bubblewrapArguments } from "./bubblewrap.ts";
import type { Passage } from "./leader.ts";
import type { BodySpec, Containment } from "./port.ts";
import { type GroupReport, ProcessGroup } from "./process_group.ts";
import type { ProcessTable } from "./process_table.ts";
import { signalProcess } from "./signals.ts";
import { endStrays, type StrayReport } from "./strays.ts";

/** What all enclosures of a supervisor share. */
export interface EnclosureTools {
  readonly clock: Clock;
  readonly table: ProcessTable;
  /** The element that this omk process adds to OMK_MARK. */
  readonly mark: string;
  /** Control groups for bodies; null where they are not used. */
  readonly groups: ControlGroups | null;
  /** Absolute path of bwrap(1); null where it is not needed, or cannot be used. */
  readonly bubblewrap: string | null;
  /** The level of all bodies; one with a sandbox has a process namespace besides. */
  readonly containment: Containment;
  /** The session of omk itself; 0 where unknown. */
  readonly ownSession: number;
  /** Leaders of the bodies that run, and so their sessions: each adds its own, and removes it when its group is gone. */
  readonly leaders: Set<number>;
}

/** What is asked for when a body is to be cleared. */
export interface Clearing {
  /** When its leader was started, on the monotonic clock. */
  readonly startedAt: number;
  /** Whether its leader has ended. */
  readonly leaderGone: boolean;
  /** Whether its processes have been asked to end. */
  readonly asked: boolean;
  /** How long they have for that from now on. */
  readonly graceMs: number;
  /** Ends that time. */
  readonly hurry: AbortSignal;
}

/** What became of everything that a body had started. */
export interface Cleared {
  /** How many processes outlived their leader and were ended. */
  readonly strays: number;
  readonly provenDead: boolean;
  readonly limit?: "memory" | "processes";
}

/** Bytes in the unit of ulimit. */
const KIB = 1024;

/** A body's place before it is started. */
export class Enclosure {
  /** What its leader has to go through. */
  readonly passage: Passage;
  readonly #spec: BodySpec;
  readonly #tools: EnclosureTools;
  readonly #cell: BodyGroup | null;
  readonly #isNamespace: boolean;

  /** Throws a RangeError where a sandbox is asked for and bubblewrap was not prepared. */
  constructor(spec: BodySpec, tools: EnclosureTools) {
    const { sandbox, limits = {}, cwd } = spec;
    this.#spec = spec;
    this.#tools = tools;
    this.#isNamespace = tools.containment === "pidns" || sandbox !== undefined;
    if (this.#isNamespace && tools.bubblewrap === null) throw new RangeError("There is no bubblewrap");
    this.#cell = tools.groups?.lease(limits) ?? null;
    this.passage = {
      entrance: (this.#cell?.entrance ?? "") +
        (tools.groups?.limitsMemory === true ? "" : ulimit(limits.memoryBytes)),
      wrapper: this.#isNamespace ? [tools.bubblewrap ?? "", ...bubblewrapArguments({ cwd, sandbox })] : [],
    };
  }

  /** Nothing was started. */
  cancel(): void {
    this.#cell?.cancel();
  }

  /** The enclosure of the leader that was started. */
  enclose(leader: number): Enclosed {
    this.#tools.leaders.add(leader);
    return new Enclosed(leader, this.#spec, this.#tools, this.#isNamespace, this.#cell);
  }
}

/** Where no control group limits the memory of all processes, the system limits that of each one. */
function ulimit(memoryBytes: number | undefined): string {
  return memoryBytes === undefined ? "" : `ulimit -d ${Math.ceil(memoryBytes / KIB)} || exit 125; `;
}

/** The processes of a body that was started. */
export class Enclosed {
  /** Whether an exit code over 128 stands for a signal, as bubblewrap has it. */
  readonly isNamespace: boolean;
  readonly #leader: number;
  readonly #spec: BodySpec;
  readonly #tools: EnclosureTools;
  readonly #group: ProcessGroup;
  readonly #cell: BodyGroup | null;

  /** Made by {@linkcode Enclosure.enclose}. */
  constructor(
    leader: number,
    spec: BodySpec,
    tools: EnclosureTools,
    isNamespace: boolean,
    cell: BodyGroup | null,
  ) {
    this.#leader = leader;
    this.#spec = spec;
    this.#tools = tools;
    this.isNamespace = isNamespace;
    this.#cell = cell;
    this.#group = new ProcessGroup(leader, tools.table, tools.clock);
  }

  /** Asks the processes to end. Rejects where a namespace cannot be looked into. */
  async terminate(): Promise<void> {
    if (this.isNamespace) await this.#group.terminateInside();
    else this.#group.terminate();
  }

  /** Kills the group and its leader. */
  kill(): void {
    this.#group.kill();
    // In case it has left its own group.
    signalProcess(this.#leader, "SIGKILL");
  }

  /** Ends the group first (a member may hold the pipes), then what has left it. Rejects where nobody could look. */
  async clear(clearing: Clearing, onGroupGone: () => void): Promise<Cleared> {
    const group = await this.#endGroup(clearing);
    if (clearing.leaderGone && group.gone) {
      onGroupGone();
      this.#tools.leaders.delete(this.#leader);
    }
    const rest = await this.#endRest(clearing);
    return {
      strays: group.outlived + rest.ended,
      provenDead: clearing.leaderGone && group.gone && rest.clear,
      ...(rest.limit === undefined ? {} : { limit: rest.limit }),
    };
  }

  async #endGroup({ asked, graceMs, hurry }: Clearing): Promise<GroupReport> {
    if (this.isNamespace) return await this.#group.endNamespace();
    return await this.#group.end(asked, graceMs, hurry);
  }

  /** What has left the group: it is in the control group still, or has ended with the namespace, or has the mark. */
  async #endRest(
    { startedAt }: Clearing,
  ): Promise<StrayReport & { readonly limit?: "memory" | "processes" }> {
    if (this.#cell !== null) return await this.#cell.clear();
    if (this.isNamespace || this.#tools.containment === "group") return { ended: 0, clear: true };
    const { table, clock, mark, leaders, ownSession } = this.#tools;
    return await endStrays({ table, clock }, { mark, attempt: this.#spec }, {
      leader: this.#leader,
      ageMs: clock.monotonic() - startedAt,
      leaders,
      ownSession,
    });
  }
}
