/** What the tests of the command line share: an output that is kept, commands called in this process, recorded runs. */

import { canonicalJson } from "../../src/canonical_json.ts";
import type { Command } from "../../src/cli/command.ts";
import { Config } from "../../src/cli/config/config.ts";
import { createStyle, type Output } from "../../src/cli/output.ts";
import { parseCommandLine } from "../../src/cli/parse.ts";
import { sha256 } from "../../src/digest.ts";
import { draft, type EventDraft } from "../../src/log/event.ts";
import { createRunLog } from "../../src/log/file_log.ts";
import type { AttemptOutcome, PayloadOf } from "../../src/log/kinds.ts";
import type { Plan } from "../../src/plan/spec.ts";
import { type RunDirectory, runDirectory } from "../../src/run/directory.ts";
import { BASE_COMMIT, BASE_TREE, makeOutcome, makePlan, makeTask, startPayload } from "../run/fixture.ts";

/** Marks nothing. */
export const PLAIN = createStyle(false);

const decoder = new TextDecoder();

/** An output that keeps what is written to it. */
export class KeptOutput implements Output {
  stdout = "";
  stderr = "";
  closed = false;
  readonly stdoutIsTerminal = false;
  readonly stderrIsTerminal = false;
  readonly style = PLAIN;
  readonly errorStyle = PLAIN;
  readonly columns: number = 10_000;

  print(line = ""): void {
    this.stdout += `${line}\n`;
  }

  write(text: string): void {
    this.stdout += text;
  }

  writeBytes(bytes: Uint8Array): void {
    this.stdout += decoder.decode(bytes);
  }

  json(value: unknown): void {
    this.stdout += `${JSON.stringify(value)}\n`;
  }

  note(line: string): void {
    this.stderr += `${line}\n`;
  }
}

/** What a command did. */
export interface Called {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Calls a command in this process. Rejects with what it throws. */
export async function callCommand(
  command: Command,
  words: readonly string[],
  place: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<Called> {
  const output = new KeptOutput();
  const args = parseCommandLine(command, words);
  const env = place.env ?? {};
  const code = await command.run({
    args,
    output,
    cwd: place.cwd,
    env,
    config: new Config({ args, env, file: null }),
    json: args.flag("json"),
    interactive: false,
  });
  return { code, stdout: output.stdout, stderr: output.stderr };
}

/** A directory that is no repository, with a state directory beside it. */
export class PlainPlace implements AsyncDisposable {
  readonly root: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;

  private constructor(root: string) {
    this.root = root;
    this.cwd = `${root}/project`;
    this.env = { XDG_STATE_HOME: `${root}/state`, HOME: root, PATH: Deno.env.get("PATH") ?? "" };
  }

  static async make(): Promise<PlainPlace> {
    const root = await Deno.realPath(await Deno.makeTempDir({ prefix: "omk-cli-" }));
    const place = new PlainPlace(root);
    await Deno.mkdir(place.cwd);
    return place;
  }

  /** omk's home for the directory. */
  get home(): string {
    return `${this.root}/state/omk/${sha256(this.cwd).slice(0, 16)}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.root, { recursive: true });
  }
}

/** Records a run: its plan, and a log that begins with `run_started` and goes on with the drafts. */
export async function recordRun(
  home: string,
  runId: string,
  plan: Plan,
  drafts: readonly EventDraft[],
  started: Partial<PayloadOf<"run_started">> = {},
): Promise<RunDirectory> {
  const directory = runDirectory(home, runId);
  await Deno.mkdir(directory.path, { recursive: true });
  const text = canonicalJson(plan);
  await Deno.writeTextFile(directory.plan, text);
  await using log = await createRunLog(directory.events, { runId, durability: "none" });
  const first = startPayload(plan, { plan_digest: sha256(text), ...started });
  await log.append([draft("run_started", "run", "controller/1", first), ...drafts]);
  return directory;
}

const ACTOR = "controller/1";
/** The commit that the first task of the story makes. */
export const HEAD_COMMIT = "d".repeat(40);
const HEAD_TREE = "e".repeat(40);
const DIGEST = "0".repeat(64);

/** The plan of the story: one task that works, one that fails at its second attempt, one that waits for it. */
export function storyPlan(): Plan {
  const gate = {
    name: "test",
    command: "make test",
    required: true,
    timeout_secs: 60,
    scope: "run" as const,
    retries: 0,
    allow_fail: false,
    skip: false,
    output_fails: false,
    reports: [],
  };
  const retry = {
    max_attempts: 1,
    backoff_seconds: 0,
    backoff_multiplier: 1,
    max_backoff_seconds: 0,
    jitter: 0,
    terminal_on_permanent_failure: true,
  };
  return makePlan([
    makeTask("build", { name: "Build it", write_set: ["out.txt"] }),
    makeTask("flaky", { retry_policy: retry, retry_declared: true }),
    makeTask("after", { dependencies: ["flaky"] }),
  ], { name: "a story", gates: [gate] });
}

/**
 * The story of a run up to some point. `active`: build is merged, flaky is at its second attempt. `failed`: flaky has
 * failed, after is blocked. `finished`: the gate has failed too, and the run is over.
 */
export function storyDrafts(until: "active" | "failed" | "finished"): readonly EventDraft[] {
  const failed = makeOutcome("exit", { exit_code: 3, output: output("flaky", 1) });
  const active = [
    // Indexes: run_started is 0.
    ...attempt("build", 1, 1),
    ...finish("build", 1, 1),
    ...attempt("flaky", 1, 8),
    draft("retry_scheduled", "task/flaky", ACTOR, {
      task_id: "flaky",
      attempt: 1,
      token: 8,
      outcome: failed,
      class: "retry",
      not_before: 0,
      reason: "exited with 3",
    }),
    ...attempt("flaky", 2, 11),
  ];
  if (until === "active") return active;
  const blocked = [
    draft("task_failed", "task/flaky", ACTOR, {
      task_id: "flaky",
      attempt: 2,
      token: 11,
      outcome: { ...failed, output: output("flaky", 2) },
      reason: "exited with 3",
    }),
    draft("task_blocked", "task/after", ACTOR, {
      task_id: "after",
      causes: ["flaky"],
      reason: 'depends on "flaky", which failed',
    }),
  ];
  if (until === "failed") return [...active, ...blocked];
  const run = {
    gate: "test",
    scope: "run" as const,
    run_number: 1,
    required: true,
    tree: HEAD_TREE,
    commit: HEAD_COMMIT,
    task_id: null,
    token: null,
  };
  return [
    ...active,
    ...blocked,
    draft("gate_started", "run", ACTOR, run),
    draft("gate_failed", "run", ACTOR, {
      ...run,
      definition: DIGEST,
      exit_code: 1,
      signal: null,
      timed_out: false,
      duration_ms: 1500,
      output: { path: "gates/001-test.log", bytes: 5, kept_bytes: 5, truncated: false, sha256: DIGEST },
      changed: [],
      untracked: [],
      counts: null,
      reason: "exited with 1",
      infrastructure: false,
    }),
    draft("run_finished", "run", ACTOR, { status: "not_ready", exit_code: 1 }),
  ];
}

/** Writes the artifacts that the story names. */
export async function writeStoryArtifacts(directory: RunDirectory): Promise<void> {
  const files = {
    "tasks/build/1/output.log": "compiling\nlinking\n",
    "tasks/flaky/1/output.log": "first try\n",
    "tasks/flaky/2/output.log": "second try\nno luck",
    "gates/001-test.log": "1 bad\n",
  };
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(`${directory.path}/${path.slice(0, path.lastIndexOf("/"))}`, { recursive: true });
    await Deno.writeTextFile(`${directory.path}/${path}`, text);
  }
}

function attempt(task_id: string, number: number, token: number): readonly EventDraft[] {
  const ref = { task_id, attempt: number, token };
  return [
    draft("task_claimed", `task/${task_id}`, ACTOR, {
      task_id,
      attempt: number,
      worker: "local",
      lease_expires: 1,
      base: BASE_COMMIT,
    }),
    draft("task_started", `task/${task_id}`, ACTOR, {
      ...ref,
      process: { pid: 99, pgid: 99, start_time: null, boot_id: null },
      slot: "w1",
      output: `tasks/${task_id}/${number}/output.log`,
    }),
  ];
}

function finish(task_id: string, number: number, token: number): readonly EventDraft[] {
  const ref = { task_id, attempt: number, token };
  const outcome = makeOutcome("success", { output: output(task_id, number) });
  const subject = `task/${task_id}` as const;
  return [
    draft("attempt_pinning", subject, ACTOR, { ...ref, slot: "w1", base: BASE_COMMIT, date: 1, outcome }),
    draft("attempt_pinned", subject, ACTOR, {
      ...ref,
      ref: `refs/omk/r/task/${task_id}/${number}/pin`,
      commit: HEAD_COMMIT,
      tree: HEAD_TREE,
      changed: { count: 1, paths: [{ path: "out.txt", change: "added" }] },
      by_products: [{ top: "dist", files: 2, bytes: 2048 }],
      by_products_capped: false,
      unpinned: [],
      set_aside: false,
      secrets: [],
    }),
    draft("task_finished", subject, ACTOR, { ...ref, outcome, outputs: [] }),
    draft("merge_started", subject, ACTOR, {
      ...ref,
      head: BASE_COMMIT,
      base: BASE_COMMIT,
      pin: HEAD_COMMIT,
      date: 1,
    }),
    draft("task_completed", subject, ACTOR, { ...ref, commit: HEAD_COMMIT, tree: HEAD_TREE }),
  ];
}

function output(task_id: string, number: number): AttemptOutcome["output"] {
  return {
    path: `tasks/${task_id}/${number}/output.log`,
    bytes: 10,
    kept_bytes: 10,
    truncated: false,
    sha256: DIGEST,
  };
}

export { BASE_COMMIT, BASE_TREE };
