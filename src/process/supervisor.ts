/** The supervisor of an omk process: it starts bodies, and answers for their ends. */

import { type Clock, systemClock } from "../clock.ts";
import { UsageError } from "../errors.ts";
import { type BodyTools, refuseBody, startBody } from "./body.ts";
import { type ContainmentMeans, NO_NEEDS, prepareContainment, type ProcessNeeds } from "./containment.ts";
import { endGroupsOf } from "./control_groups.ts";
import { Guardian } from "./guardian.ts";
import { type Origin, originOf } from "./origin.ts";
import type { StreamRedactor } from "./output_text.ts";
import type { BodySpec, Containment, ProcessIdentity, RunningBody, Supervisor } from "./port.ts";
import type { ProcessStat } from "./proc_stat.ts";
import { ProcessTable } from "./process_table.ts";
import { RequestShellError } from "./request_shell.ts";
import { findSetsid } from "./setsid.ts";
import { signalGroup } from "./signals.ts";
import { endStrays } from "./strays.ts";

/** How a supervisor is made; everything has a default. */
export interface SupervisorOptions {
  readonly clock?: Clock;
  /** What the bodies need of the machine. Default: nothing but marks. */
  readonly needs?: ProcessNeeds;
  /** A redactor for one stream of output. Default: none is redacted. */
  readonly createRedactor?: () => StreamRedactor;
  /** omk's own environment, for the inherited mark and PATH. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Absolute path of a POSIX shell. */
  readonly shell?: string;
  /** Where the process file system is mounted. Default: /proc. */
  readonly procRoot?: string;
}

/** The supervisor on this machine. */
export interface LocalSupervisor extends Supervisor, AsyncDisposable {
  /** Whose memory a limit of memory limits: that of all processes of a body, or of each; null where none was asked for. */
  readonly memoryLimit: "task" | "process" | null;
  /**
   * CPU time in milliseconds of every body that runs, its group and session together, by pid of its leader; null where
   * this machine does not tell.
   */
  cpuTimes(): Promise<ReadonlyMap<number, number> | null>;
  /** Sends a signal to the group of a body that another omk process started, if it is still that very process. */
  signalBody(body: ProcessIdentity, signal: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** Whether a task has started the process; `selfIsTask`: what this omk carries itself counts too. */
  originOf(asker: ProcessIdentity, options?: { readonly selfIsTask?: boolean }): Promise<Origin>;
}

/** How long a predecessor's guardian may take to do its work before omk does it itself. */
const PREDECESSOR_WAIT_MS = 10_000;

/** Between two looks for it. */
const PREDECESSOR_POLL_MS = 50;

/** How long `close` waits for a guardian that has work to do. */
const GUARDIAN_WAIT_MS = 5_000;

const passThrough: StreamRedactor = { push: (text) => text, flush: () => "" };

/**
 * Makes the supervisor of this omk process. It asks a helper shell who this process is and what the machine
 * shows, which takes some milliseconds; the guardian starts with the first body.
 *
 * @throws {RequestShellError} where there is no usable shell.
 * @throws {ContainmentError} where something that is needed cannot be had.
 */
export async function createSupervisor(options: SupervisorOptions = {}): Promise<LocalSupervisor> {
  const environment = options.environment ?? Deno.env.toObject();
  const shell = options.shell ?? "/bin/sh";
  const table = await ProcessTable.start({
    shell,
    environment,
    ...(options.procRoot === undefined ? {} : { procRoot: options.procRoot }),
  });
  try {
    const { needs = NO_NEEDS, clock = systemClock } = options;
    const mark = crypto.randomUUID();
    // Both have ended before the table is closed: a question that comes later would start it again.
    const [stat, means] = await Promise.allSettled([
      table.stat(Deno.pid),
      prepareContainment(needs, { table, clock, mark, environment }),
    ]);
    if (means.status === "rejected") throw means.reason;
    if (stat.status === "rejected") {
      await means.value.groups?.close();
      throw stat.reason;
    }
    const made = { ...options, environment, shell, clock };
    return new ProcessSupervisor(made, mark, table, stat.value, means.value);
  } catch (error) {
    await table.close();
    throw error;
  }
}

class ProcessSupervisor implements LocalSupervisor {
  readonly mark: string;
  readonly containment: Containment;
  readonly memoryLimit: "task" | "process" | null;
  readonly self: ProcessIdentity;
  readonly #table: ProcessTable;
  readonly #clock: Clock;
  readonly #guardian: Guardian;
  readonly #tools: BodyTools;
  readonly #inheritedMark: string | undefined;
  readonly #bodies = new Set<RunningBody>();
  #allProvenDead = true;
  #closed = false;

  constructor(
    options: SupervisorOptions & Required<Pick<SupervisorOptions, "environment" | "shell" | "clock">>,
    mark: string,
    table: ProcessTable,
    stat: ProcessStat | null,
    { level, groups, bubblewrap, memoryLimit }: ContainmentMeans,
  ) {
    const { environment, shell, clock, createRedactor = () => passThrough } = options;
    this.mark = mark;
    this.self = {
      pid: Deno.pid,
      pgid: stat?.pgid ?? Deno.pid,
      start_time: stat?.startTime ?? null,
      boot_id: table.bootId,
    };
    this.containment = level;
    this.memoryLimit = memoryLimit;
    this.#table = table;
    this.#clock = clock;
    this.#inheritedMark = environment["OMK_MARK"];
    this.#guardian = new Guardian({ shell, mark, environment, cells: groups?.path });
    this.#tools = {
      clock,
      table,
      guardian: this.#guardian,
      containment: level,
      groups,
      bubblewrap,
      shell,
      setsid: findSetsid(),
      mark,
      markChain: this.#inheritedMark === undefined ? mark : `${this.#inheritedMark}:${mark}`,
      createRedactor,
      ownSession: stat?.session ?? 0,
      leaders: new Set(),
    };
  }

  run(spec: BodySpec): RunningBody {
    if (this.#closed) return refuseBody(spec, this.#tools, "The supervisor is closed");
    const body = startBody(spec, this.#tools);
    this.#bodies.add(body);
    void body.outcome.then((outcome) => {
      this.#bodies.delete(body);
      this.#allProvenDead &&= outcome.proven_dead;
    });
    return body;
  }

  async isAlive(identity: ProcessIdentity): Promise<boolean> {
    const { boot_id: now } = this.self;
    if (identity.boot_id !== null && now !== null && identity.boot_id !== now) return false;
    return await this.#table.isRunning(identity.pid, identity.start_time);
  }

  cpuTimes(): Promise<ReadonlyMap<number, number> | null> {
    return this.#table.cpuTimes([...this.#tools.leaders]);
  }

  async signalBody(body: ProcessIdentity, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    // Without a start time nobody can tell whether the pid has been given to another process since.
    if (body.start_time !== null && body.pgid > 1 && await this.isAlive(body)) signalGroup(body.pgid, signal);
  }

  originOf(asker: ProcessIdentity, options: { readonly selfIsTask?: boolean } = {}): Promise<Origin> {
    const inherited = options.selfIsTask === true ? [] : this.#inheritedMark?.split(":") ?? [];
    return originOf(asker, this.#table, { inherited: new Set(inherited), leaders: this.#tools.leaders });
  }

  async endMarked(mark: string): Promise<number> {
    if (!/^[\w-]+$/.test(mark)) throw new RangeError(`Not a mark: ${JSON.stringify(mark)}`);
    if (mark === this.mark || this.#inheritedMark?.split(":").includes(mark)) {
      throw new UsageError({
        what: "Cannot end the processes of a run from inside one of its own tasks",
        where: `mark ${mark}`,
        fix: "run this command outside the task",
      });
    }
    const deadline = this.#clock.monotonic() + PREDECESSOR_WAIT_MS;
    while (this.#clock.monotonic() < deadline && await this.#hasGuardian(mark)) {
      await this.#clock.sleep(PREDECESSOR_POLL_MS);
    }
    const inGroups = await endGroupsOf(mark, (request) => this.#table.request(request), this.#clock);
    const { ended } = await endStrays({ table: this.#table, clock: this.#clock }, { mark });
    return inGroups + ended;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const bodies = [...this.#bodies];
    for (const body of bodies) body.end("shutdown");
    await Promise.all(bodies.map((body) => body.outcome));
    await this.#guardian.close(await this.#isClear(), GUARDIAN_WAIT_MS);
    await this.#removeGroups();
    await this.#table.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #hasGuardian(mark: string): Promise<boolean> {
    const { variables } = await this.#table.environments();
    return variables.values().some(({ guardianOf }) => guardianOf === mark);
  }

  /** An empty directory that could not be removed is no reason to fail. */
  async #removeGroups(): Promise<void> {
    try {
      await this.#tools.groups?.close();
    } catch (error) {
      if (!(error instanceof RequestShellError)) throw error;
    }
  }

  /** Whether nothing is left that the guardian would have to end; looks at all processes once more. */
  async #isClear(): Promise<boolean> {
    if (this.#guardian.pid === null) return true;
    try {
      const { clear } = await endStrays({ table: this.#table, clock: this.#clock }, { mark: this.mark });
      return clear && this.#allProvenDead;
    } catch (error) {
      if (!(error instanceof RequestShellError)) throw error;
      return false;
    }
  }
}
