/** The process port: what the rest of omk knows about running programs. */

import type { Command } from "../plan/spec.ts";

/** What identifies a process beyond the reuse of its pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Process group; equal to `pid` for what omk starts. */
  readonly pgid: number;
  /** Clock ticks since boot as /proc reports them, or what `ps` prints elsewhere; null where unknown. */
  readonly start_time: string | null;
  /** Id of the boot of the machine; null where unknown. */
  readonly boot_id: string | null;
}

/** How far stray processes are found: in a control group, a process namespace, by their mark, or by their group alone. */
export type Containment = "cgroup" | "pidns" | "mark" | "group";

/** What a body's processes may take; absent: any amount. */
export interface BodyLimits {
  /** Memory in bytes: of all together in a control group, else of each one by itself. */
  readonly memoryBytes?: number | undefined;
  /** Processes and threads at once; only in a control group. */
  readonly processes?: number | undefined;
}

/** What a body may reach. All else is read-only, and the directories for temporary files are its own. */
export interface BodySandbox {
  /** Whether it has the network of the machine. */
  readonly network: boolean;
  /** Absolute paths that it sees wherever they lie, such as its worktree below /tmp; those that exist. */
  readonly readable: readonly string[];
  /** Absolute paths that it may write to; they exist. */
  readonly writable: readonly string[];
}

/** What is to be run, and under which limits. */
export interface BodySpec {
  /** Names the body in the environment sweep and in messages: `OMK_TASK_ID`, `OMK_ATTEMPT`. */
  readonly task_id: string;
  readonly attempt: number;
  readonly command: Command;
  /** Absolute. */
  readonly cwd: string;
  /** The whole environment of the body, without OMK_MARK, which the supervisor adds. */
  readonly env: Readonly<Record<string, string>>;
  /** Time limit in milliseconds. */
  readonly timeoutMs: number;
  /** Between SIGTERM and SIGKILL. */
  readonly graceMs: number;
  /** Artifact that gets stdout and stderr, redacted; its directory exists. */
  readonly outputPath: string;
  /** More output than this is cut visibly; the process goes on and its output is counted. */
  readonly outputLimitBytes: number;
  readonly limits?: BodyLimits;
  /** Absent: it may do what omk may. */
  readonly sandbox?: BodySandbox;
  /** Called with each piece of redacted output as it is written to the artifact: whole lines, or the rest at the end. */
  readonly onOutput?: (text: string, stream: "stdout" | "stderr") => void;
  /**
   * Speaks with the body over its standard input and output; what it returns takes the place of stdout in the artifact.
   * Called once, when the process exists; must not throw. Absent: standard input is closed.
   */
  readonly converse?: (pipes: BodyPipes) => ReadableStream<Uint8Array>;
}

/** Standard input of a body. Nothing in it rejects. */
export interface BodyInput {
  /** Resolves with false once nobody reads it any more. */
  write(bytes: Uint8Array): Promise<boolean>;
  /** The body reads an end from here on. Idempotent. */
  close(): Promise<void>;
}

/** What a body is spoken with over. */
export interface BodyPipes {
  /** Closed by the supervisor once the leader of the body has ended. */
  readonly input: BodyInput;
  readonly stdout: ReadableStream<Uint8Array>;
}

/** Why omk ends a body before its own end; `done`: what it was started for is over, and it should have gone by itself. */
export type EndReason = "timed_out" | "cancelled" | "stalled" | "shutdown" | "done";

/** Why an artifact is incomplete although the body went on. */
export interface OutputError {
  /**
   * `no_space`: the disk or quota is full; `missing`: the directory or the file was deleted; `io`: any other
   * failure of the system; `listener`: the `onOutput` of the caller threw (the artifact is whole).
   */
  readonly code: "no_space" | "missing" | "io" | "listener";
  /** The system's own reason. */
  readonly message: string;
}

/** The captured output of a body. */
export interface OutputArtifact {
  /** Bytes that the process wrote. */
  readonly bytes: number;
  /** Bytes of the artifact, after redaction and cut. */
  readonly kept_bytes: number;
  readonly truncated: boolean;
  /** SHA-256 of the artifact. */
  readonly sha256: string;
  /** Present where not everything could be written or passed on. */
  readonly error?: OutputError;
}

/** How a body ended. */
export interface BodyOutcome {
  readonly kind: "exited" | "signaled" | "timed_out" | "ended" | "spawn_error";
  readonly exit_code: number | null;
  /** Name such as `SIGKILL`, where a signal ended it, or where the exit code over 128 of a shell text stands for one. */
  readonly signal: string | null;
  /** Present for `ended`: who asked. */
  readonly end_reason?: EndReason;
  /** Present for `spawn_error`: the system's own reason; else, why `proven_dead` could not be found out. */
  readonly error?: string;
  /** The limit that its processes met: the kernel ended them for want of memory, or refused them more processes. */
  readonly limit_met?: "memory" | "processes";
  readonly duration_ms: number;
  readonly output: OutputArtifact;
  /** How many processes had outlived the leader and were ended by omk. */
  readonly strays_ended: number;
  /** False where something of the body may still be alive: its slot must not be reused. */
  readonly proven_dead: boolean;
}

/** What a program has printed so far. */
export interface Voice {
  /** Bytes, with those of a line that has no end yet. */
  readonly output_bytes: number;
  /** When the last of them came, wall clock in milliseconds; null where none did. */
  readonly heard_at: number | null;
  /** Last line, redacted, unfinished or not; "" where there is none. */
  readonly last_line: string;
}

/** Of what has not printed anything. */
export const SILENT: Voice = { output_bytes: 0, heard_at: null, last_line: "" };

/** A body that was started. */
export interface RunningBody {
  /** Resolves once the process exists (before any wait for its end); null if it could not be started. */
  readonly identity: Promise<ProcessIdentity | null>;
  /** What it has printed so far. */
  voice(): Voice;
  /** Ends the body: SIGTERM to its group, grace, SIGKILL, then its strays. `now` skips the grace. Idempotent. */
  end(reason: EndReason, now?: boolean): void;
  /** Resolves when the process, its group and its strays are gone and its artifact is closed. Never rejects. */
  readonly outcome: Promise<BodyOutcome>;
}

/** Starts bodies and answers for their ends; one per omk process. */
export interface Supervisor {
  /** UUID of this omk process, the element that it adds to OMK_MARK. */
  readonly mark: string;
  readonly containment: Containment;
  /** This omk process. */
  readonly self: ProcessIdentity;
  run(body: BodySpec): RunningBody;
  /** Whether a recorded process is still that very process. */
  isAlive(identity: ProcessIdentity): Promise<boolean>;
  /** Ends every process that carries `mark`, however it hides; returns how many there were. For a dead predecessor. */
  endMarked(mark: string): Promise<number>;
  /** Ends what still runs, stops the guardian. */
  close(): Promise<void>;
}
