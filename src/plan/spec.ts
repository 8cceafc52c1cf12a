/**
 * What a plan holds once it is loaded: every default filled in, every path set in its normal form. This is what
 * `plan.json` stores as canonical JSON and what its digest (the plan digest) is taken of.
 *
 * The schema of what the user may write is in `schema.ts`; `load.ts` turns the one into the other.
 */

import type { ApprovalSpec } from "./approval.ts";

/** When a task may start, seen from its dependencies. */
export type TriggerRule = "all_success" | "one_success" | "all_done";

/** Where a task works: in a git worktree of its own, or in the directory itself. */
export type Isolation = "worktree" | "none";

/** What the run does once a task has failed: go on, start nothing new, or end what runs. */
export type OnFailure = "continue" | "no-new" | "kill";

/** What happens to an attempt that makes no progress. */
export type OnStall = "warn" | "retry" | "kill";

/** When appended events are synced to the disk. */
export type Durability = "strict" | "batch" | "none";

/**
 * How far processes that tasks leave behind are found: in a control group, a process namespace, by their mark, or by
 * their group alone; `auto`: the best that changes nothing for tasks.
 */
export type ContainmentChoice = "auto" | "cgroup" | "pidns" | "mark" | "group";

/** How a failed attempt is repeated. */
export interface RetryPolicy {
  /** How many retries there may be: 2 means up to 3 executions, as in the format that this continues. */
  readonly max_attempts: number;
  /** Delay before the first retry, seconds. */
  readonly backoff_seconds: number;
  /** Factor from each delay to the next, at least 1. */
  readonly backoff_multiplier: number;
  /** Upper limit of a delay, seconds. */
  readonly max_backoff_seconds: number;
  /** Share of the delay that is varied, 0 to 1; the variation is a hash of seed, task and attempt. */
  readonly jitter: number;
  /** Whether dependents are blocked when the task has failed for good. */
  readonly terminal_on_permanent_failure: boolean;
}

/** An environment variable of a task: a text, or the name of a variable of omk's own environment. */
export type EnvValue = string | { readonly from: string };

/** A shell text for `sh -c`, or a program with its arguments. */
export type Command = string | readonly string[];

/** How an agent is spoken with. */
export type AgentDriver = "acp" | "stream" | "command";

/** Names of dialects: what the JSON lines of an agent look like. */
export const STREAM_DIALECTS = ["kimi", "claude", "codex", "gemini", "qwen", "opencode"] as const;

/** Whose JSON lines an agent prints. */
export type StreamDialect = (typeof STREAM_DIALECTS)[number];

/** An agent as it is started: preset, configuration and plan taken together. */
export interface AgentSpec {
  /** The preset that it is a variant of; absent for one of the user's own. */
  readonly preset?: string;
  readonly driver: AgentDriver;
  /** Present for `stream`. */
  readonly dialect?: StreamDialect;
  /** `{prompt}` and `{prompt_file}` in an argument stand for the prompt and for a file that holds it. */
  readonly command: Command;
  /** How the prompt reaches it; of no meaning for `acp`. */
  readonly prompt: "argument" | "stdin" | "file";
  /** The model that was asked for; the command names it already. */
  readonly model?: string;
  /** Mode of the session, for `acp`. */
  readonly mode?: string;
  readonly env: { readonly [name: string]: EnvValue };
  /** Until its session must exist. */
  readonly start_secs: number;
  /** From there until it must have told something. */
  readonly first_update_secs: number;
  /** How long it may say nothing after that. */
  readonly silence_secs: number;
  /** Whether changes of the checkout while it works fail its attempt. */
  readonly checkout: "watch" | "ignore";
}

/** A check that a tree must pass. */
export interface GateSpec {
  readonly name: string;
  readonly command: Command;
  /** Whether its failure keeps the run from `ready`. */
  readonly required: boolean;
  readonly timeout_secs: number;
  /** `run`: once, on the head. `task`: on each attempt of the tasks that name it. */
  readonly scope: "run" | "task";
  /** How often a failure is repeated on the same tree. */
  readonly retries: number;
  /** A failure is recorded and reported but fails nothing. */
  readonly allow_fail: boolean;
  /** The gate does not run, and is reported as skipped. */
  readonly skip: boolean;
  /** Any output counts as failure, as for `gofmt -l`. */
  readonly output_fails: boolean;
  /** Reports that the gate writes, JUnit XML or SARIF: entries as in a path set. */
  readonly reports: readonly string[];
  /** The pool of which it takes a place while it runs; absent: none. */
  readonly pool?: string;
}

/** A body that is repeated in one worktree until a gate passes. */
export interface LoopSpec {
  /** Exactly one of `run` and `prompt` is present. */
  readonly run?: Command;
  readonly prompt?: string;
  /** How often the body runs at most. */
  readonly max_iterations: number;
  /** Judges what each iteration leaves; of scope `task`. */
  readonly until: GateSpec;
}

/** What the task asks an agent to do, once or in each iteration of its loop; undefined where its body is a command. */
export function promptOf({ prompt, loop }: Pick<TaskSpec, "prompt" | "loop">): string | undefined {
  return prompt ?? loop?.prompt;
}

/** What the plan that a lead agent makes is for. */
export interface PlanningSpec {
  /** What the user asked for, as it was written. */
  readonly request: string;
  /** What follows: the plan is run, or only kept. */
  readonly then: "run" | "keep";
  /** Where the user wants it, absolute; null: with the run that planned. */
  readonly output: string | null;
  /** What holds in the plan whatever the agent answers: the fields of the project's own plan, as they are written. */
  readonly settings: { readonly [field: string]: unknown };
}

/** What a review judges, and by what. */
export interface ReviewSpec {
  /** The tasks whose attempts it judges before they are merged; they are among its dependencies. */
  readonly of: readonly string[];
  readonly rubric: {
    /** A rubric of omk, the file that the text was read from, or `own` for a text of the plan. */
    readonly name: string;
    readonly text: string;
  };
  /** How often it may send a task back. */
  readonly max_rounds: number;
  /** The task for which what it judges competes: it names the one to merge, and gives no findings. Absent: it gives findings. */
  readonly picks_for?: string;
}

/** How the best of several attempts at one task is chosen. */
export interface AttemptsSpec {
  /**
   * `first-passing`: the first whose work is done; of all whose work is done, `smallest-diff`: the one that changes least,
   * `review`: the one that a reviewer names.
   */
  readonly pick: "first-passing" | "smallest-diff" | "review";
  /** The tasks that compete; they do what this one was to do, and are its dependencies. */
  readonly candidates: readonly string[];
  /** The review that names the one to merge; present for `review`. */
  readonly review?: string;
}

/** One task of a plan. Exactly one of `run`, `prompt`, `loop`, `review` is present. */
export interface TaskSpec {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  readonly run?: Command;
  readonly prompt?: string;
  readonly loop?: LoopSpec;
  readonly review?: ReviewSpec;
  readonly agent?: string;
  /** The agent answers its prompt with a plan. omk alone makes such tasks; plans cannot say it. */
  readonly planning?: PlanningSpec;
  readonly dependencies: readonly string[];
  readonly trigger_rule: TriggerRule;
  /** Higher first; 0 is the default. */
  readonly priority: number;
  /** The pool whose places the task takes, or null. */
  readonly pool: string | null;
  /** Normalised paths or globs; `[]` where none is declared. */
  readonly read_set: readonly string[];
  /**
   * Normalised paths or globs; null where none is declared; `[]` writes nothing. Never null under `none`, where the
   * outputs are in it too.
   */
  readonly write_set: readonly string[] | null;
  /** Files made by the task that its dependents get, relative to the root; not part of the tree. */
  readonly outputs: readonly string[];
  readonly isolation: Isolation;
  readonly env: { readonly [name: string]: EnvValue };
  /** Directory of the body, relative to the root; "" is the root. */
  readonly cwd: string;
  readonly timeout_secs: number;
  readonly retry_policy: RetryPolicy;
  /** Whether the plan itself gave a retry policy; without one a plain non-zero exit of `run` is final. */
  readonly retry_declared: boolean;
  readonly on_stall: OnStall;
  readonly acceptance_criteria: readonly string[];
  /** Gates of scope `task`: definitions, or names of the plan's gates resolved to their definitions. */
  readonly gates: readonly GateSpec[];
  /** What is other than the plan's `limits` say; absent fields are theirs. */
  readonly limits?: TaskLimits;
  /** Absent: the body may do what omk may. */
  readonly sandbox?: SandboxSpec;
  /** Nothing is run for such a task: it is completed with the candidate that is picked. */
  readonly attempts?: AttemptsSpec;
  /** The task that it competes for; absent where it competes for none. */
  readonly candidate_of?: string;
  /** What all its attempts together may use up; absent: any amount. */
  readonly budget?: TaskBudget;
  readonly metadata: { readonly [key: string]: unknown };
}

/** How a fresh worktree becomes fit for work. */
export interface WorktreeSpec {
  /** Runs once per slot and digest of `setup_inputs`; null: nothing to set up. */
  readonly setup: Command | null;
  /** Files whose content decides whether the set-up runs again, whether they exist or not; default: lock files. */
  readonly setup_inputs: readonly string[];
  /** Untracked paths that survive between tasks, such as `node_modules`. */
  readonly keep: readonly string[];
  /** Ignored files of the user's checkout that every slot gets, such as `.env.test`. */
  readonly copy: readonly string[];
}

/** What the body of a task may reach. All else is read-only, and its temporary files are its own. */
export interface SandboxSpec {
  /** `none`: no network; `host`: that of the machine. */
  readonly network: "none" | "host";
  /** Normalised paths that it may write to, relative to the root; "" is the root. */
  readonly write: readonly string[];
}

/** Limits on one attempt that each task may have of its own. */
export interface TaskLimits {
  /** Captured output, bytes; what is beyond it is cut visibly. */
  readonly output_bytes?: number;
  /** Memory, bytes: of all processes together in a control group, else of each. */
  readonly memory_bytes?: number;
  /** Processes and threads at once. */
  readonly processes?: number;
}

/** Limits on a single task. */
export interface Limits extends TaskLimits {
  readonly output_bytes: number;
  /** The level of containment that the run must have; absent: `auto`. */
  readonly containment?: ContainmentChoice;
  /** Largest untracked file that a pin takes, bytes. */
  readonly pin_file_bytes: number;
}

/** Thresholds of the watchdog, seconds. */
export interface WatchdogSpec {
  readonly heartbeat_missing_secs: number;
  readonly heartbeat_stale_secs: number;
}

/** What a run may use up; absent or null: any amount. */
export interface BudgetSpec {
  readonly time_secs: number | null;
  /** Attempts of all tasks together, retries included. */
  readonly attempts?: number;
  /** Tokens of all agents together. */
  readonly tokens?: number;
  /** US dollars for all agents together. */
  readonly usd?: number;
  /** What cannot be measured counts as nothing, and is a known gap; absent: it is refused. */
  readonly unknown?: "allow";
}

/** What the attempts of one task may use up. */
export interface TaskBudget {
  readonly tokens?: number;
  /** US dollars. */
  readonly usd?: number;
}

/** What a model costs, US dollars for a million tokens. */
export interface ModelPrice {
  readonly input: number;
  readonly output: number;
  /** Of the input, what was cached; absent: as the rest of it. */
  readonly cached_input?: number;
}

/**
 * Which tasks a running task may add to the run. A proposed task may never do more than the one that proposes it, but
 * for what is said here.
 */
export interface ProposalPolicy {
  /** How many are accepted in the whole run. */
  readonly max_tasks: number;
  /** How long a chain of proposals may become: 1 lets only tasks of the plan itself propose. */
  readonly max_depth: number;
  /** Where proposed tasks may write, in normal form; null: where the task that proposes them may. */
  readonly write_set: readonly string[] | null;
  /** The tracked symbolic links at the time of loading: proposed path sets are resolved as those of the plan were. */
  readonly links: readonly { readonly path: string; readonly target: string }[];
}

/** A loaded plan. */
export interface Plan {
  readonly version: 1;
  readonly name: string;
  readonly workers: number;
  /** Pool name and how many tasks and gates may be in it at once. */
  readonly pools: { readonly [name: string]: number };
  /** What the whole run may use up. */
  readonly budget: BudgetSpec;
  readonly worktree: WorktreeSpec;
  /** The plan's gates; null: none given, so they are detected from the project at the start of the run. */
  readonly gates: readonly GateSpec[] | null;
  /**
   * When the required gates of scope `run` judge merges, before these are in the head: each by itself, or several at once
   * with a search for the one that fails. Absent: they judge the head in the end.
   */
  readonly gate_each?: "task" | "batch";
  /**
   * `deny`: attempts may not change what judges them. Absent: those of agents may not. `allow`: all may, and tests that
   * are lost are not looked for either.
   */
  readonly protected?: "deny" | "allow";
  readonly on_failure: OnFailure;
  readonly durability: Durability;
  readonly watchdog: WatchdogSpec;
  readonly lease_secs: number;
  readonly limits: Limits;
  /** The text of the template that prompts are made of; absent: omk's own. */
  readonly prompt_template?: string;
  /** What models cost, by name or the beginning of one; absent: nobody knows. */
  readonly prices?: { readonly [model: string]: ModelPrice };
  /** Which permissions agents get; absent: those of `DEFAULT_APPROVAL`. */
  readonly approval?: ApprovalSpec;
  /** Absent: no task that a task proposes is accepted. */
  readonly proposals?: ProposalPolicy;
  /** The agents that its tasks name; absent where none does. */
  readonly agents?: { readonly [name: string]: AgentSpec };
  readonly tasks: readonly TaskSpec[];
}

/** The pattern of a task id; `..`, a final `.` and a final `.lock` are refused besides. */
export const TASK_ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Whether a text can be a task id. Uniqueness ignoring case is the plan's to check. */
export function isTaskId(text: string): boolean {
  return TASK_ID_PATTERN.test(text) && !text.includes("..") && !text.endsWith(".") && !text.endsWith(".lock");
}
