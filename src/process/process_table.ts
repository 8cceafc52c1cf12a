/** The processes of the machine, as a helper shell sees them: Deno may not read /proc without all permissions. */

import { type OmkVariables, parseEnvironments, parsePsEnvironments } from "./omk_variables.ts";
import { helperEnvironment } from "./helper_environment.ts";
import { parseProcStat, parseProcTable, parsePsStat, parsePsTable, type ProcessStat } from "./proc_stat.ts";
import { PROCESS_TABLE_SCRIPT } from "./process_table_script.ts";
import { RequestShell, RequestShellError } from "./request_shell.ts";
import { signalProcess } from "./signals.ts";

/** A process (or a thread of one) that was started after another. */
export interface BornProcess {
  readonly pid: number;
  /** 0 where it ended while it was looked at. */
  readonly session: number;
}

/** A process of a group. */
export interface GroupMember {
  readonly pid: number;
  /** 0 where unknown. */
  readonly parent: number;
}

/** What was started after a pid was given out. */
export interface BornProcesses {
  /** The pid given out last. */
  readonly last: number;
  readonly processes: readonly BornProcess[];
}

/** The environments of processes, as far as they concern omk. */
export interface EnvironmentLook {
  /** The pid given out last before the look; 0 where unknown. */
  readonly last: number;
  readonly variables: ReadonlyMap<number, OmkVariables>;
  /** Processes that show no environment: they ended, run exec, are another user's, or belong to the kernel. */
  readonly blank: readonly number[];
}

/** How a {@linkcode ProcessTable} is started. */
export interface ProcessTableOptions {
  /** Absolute path of a POSIX shell. */
  readonly shell: string;
  /** omk's own environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where the process file system is mounted; without one, `ps` is asked. Default: /proc. */
  readonly procRoot?: string;
}

/** Answers questions about processes; one helper shell per omk process. */
export class ProcessTable {
  /** Where the answers come from; `none`: only whether a pid exists can be told. */
  readonly source: "proc" | "ps" | "none";
  /** Whether the environments of processes, and so their marks, can be read. */
  readonly marksReadable: boolean;
  /** Id of the boot of the machine; null where unknown. */
  readonly bootId: string | null;
  /** Pids are given out in order up to this number, then from the beginning; 0 where unknown. */
  readonly pidMax: number;
  readonly #shell: RequestShell;

  private constructor(shell: RequestShell, hello: string) {
    const [, source, marks, bootId, pidMax] = hello.split(" ");
    this.source = source === "proc" || source === "ps" ? source : "none";
    this.marksReadable = marks === "yes";
    this.bootId = bootId === undefined || bootId === "-" ? null : bootId;
    this.pidMax = Number(pidMax ?? 0) || 0;
    this.#shell = shell;
  }

  /**
   * Starts the helper and finds out what this machine tells.
   *
   * @throws {RequestShellError} where there is no usable shell.
   */
  static async start(options: ProcessTableOptions): Promise<ProcessTable> {
    const shell = new RequestShell({
      shell: options.shell,
      script: PROCESS_TABLE_SCRIPT,
      env: { ...helperEnvironment(options.environment), PROC_ROOT: options.procRoot ?? "/proc" },
    });
    const [hello] = await shell.request("hello");
    return new ProcessTable(shell, hello ?? "");
  }

  /** What is known of one process; null if it does not exist, or if nothing can be known. */
  async stat(pid: number): Promise<ProcessStat | null> {
    const [line] = await this.#ask(`stat ${pid}`);
    if (line === undefined) return null;
    return this.source === "proc"
      ? parseProcStat(line.slice("stat".length))
      : parsePsStat(line.slice("ps".length));
  }

  /**
   * What exists of the pids given out after `pid`; null where that cannot be told cheaply, or where the pids have
   * started anew since. A process that one of these starts during the look is among them, or its parent is.
   * Those in `known` are left out, which saves a look at each.
   */
  async bornAfter(pid: number, known: readonly number[] = []): Promise<BornProcesses | null> {
    const [line] = await this.#ask(`after ${[pid, ...known].join(" ")}`);
    if (line === undefined || line === "many") return null;
    const [, last, ...pairs] = line.split(" ");
    const processes = pairs.map((pair) => {
      const [born, session] = pair.split(":");
      return { pid: Number(born), session: Number(session) };
    });
    return { last: Number(last), processes };
  }

  /** omk's variables in the environments of `pids`, or of all processes. */
  async environments(pids: readonly number[] = []): Promise<EnvironmentLook> {
    if (!this.marksReadable) return { last: 0, variables: new Map(), blank: [] };
    const [looked = "", ...lines] = await this.#ask(`environments ${pids.join(" ")}`);
    const [, last, ...listed] = looked.split(" ");
    const variables = this.source === "proc" ? parseEnvironments(lines) : parsePsEnvironments(lines);
    const blank = listed.map(Number).filter((pid) => !variables.has(pid));
    return { last: Number(last), variables, blank };
  }

  /** Which of the processes that showed no environment run exec just now. */
  async executing(pids: readonly number[]): Promise<readonly number[]> {
    if (pids.length === 0) return [];
    return (await this.#ask(`unborn ${pids.join(" ")}`)).map((line) => Number(line.split(" ")[1]));
  }

  /** The members of a group that have not ended, each with its parent; null where that cannot be told. */
  async liveMembers(pgid: number): Promise<readonly GroupMember[] | null> {
    const table = await this.#all();
    if (table === null) return null;
    return [...table].filter(([, stat]) => stat.pgid === pgid && stat.alive)
      .map(([pid, { parent }]) => ({ pid, parent }));
  }

  /**
   * CPU time in milliseconds of each leader's group and session, by pid of the leader. What has ended without
   * being waited for by its parent is not in it, so a sum can shrink. Null where this machine does not tell.
   */
  async cpuTimes(leaders: readonly number[]): Promise<ReadonlyMap<number, number> | null> {
    const table = await this.#all();
    if (table === null) return null;
    const sums = new Map(leaders.map((leader) => [leader, 0]));
    for (const stat of table.values()) {
      const leader = sums.has(stat.pgid) ? stat.pgid : stat.session;
      const sum = sums.get(leader);
      if (sum !== undefined) sums.set(leader, sum + stat.cpuMs);
    }
    return sums;
  }

  /**
   * Whether the process that was recorded with this start time still runs. A process recorded without one had
   * ended before it could be looked at, except where this machine tells no start times: there the pid decides.
   */
  async isRunning(pid: number, startTime: string | null): Promise<boolean> {
    if (this.source === "none") return signalProcess(pid, 0) !== "gone";
    const stat = await this.stat(pid);
    return stat !== null && stat.alive && stat.startTime === startTime;
  }

  /** Asks the helper something else that it knows: control groups. */
  request(request: string): Promise<readonly string[]> {
    return this.#ask(request);
  }

  /** Ends the helper. */
  close(): Promise<void> {
    return this.#shell.close();
  }

  async #all(): Promise<Map<number, ProcessStat> | null> {
    if (this.source === "none") return null;
    const lines = await this.#ask("table");
    return this.source === "proc" ? parseProcTable(lines) : parsePsTable(lines);
  }

  /** A helper that was killed is replaced once per request. */
  async #ask(request: string): Promise<readonly string[]> {
    try {
      return await this.#shell.request(request);
    } catch (error) {
      if (!(error instanceof RequestShellError)) throw error;
      return await this.#shell.request(request);
    }
  }
}
