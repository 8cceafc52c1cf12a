/** Whole small runs on real git and a real log, proved by the real writer; some of them lie. */

import { sha256 } from "../../src/digest.ts";
import { openGitAccess } from "../../src/git/git_access.ts";
import type { GitWorkspace } from "../../src/git/workspace.ts";
import { draft, type EventDraft, taskSubject } from "../../src/log/event.ts";
import { createRunLog } from "../../src/log/file_log.ts";
import type { Artifact, LostTest, PayloadOf, RunStatus } from "../../src/log/kinds.ts";
import type { RunLog } from "../../src/log/port.ts";
import { formatPlanJson } from "../../src/plan/plan_json.ts";
import type { Plan } from "../../src/plan/spec.ts";
import type { VerifyReport } from "../../src/proof/checks.ts";
import type { GitAccess } from "../../src/proof/git_access.ts";
import type { SigningKey } from "../../src/proof/key.ts";
import type { WrittenProof } from "../../src/proof/port.ts";
import { exitCodeOf, runStatus } from "../../src/proof/status.ts";
import { verifyRun } from "../../src/proof/verify.ts";
import type { TrustedKey } from "../../src/proof/verify_signatures.ts";
import { createProofWriter } from "../../src/proof/write.ts";
import { apply } from "../../src/run/state.ts";
import { createRunState, type RunState } from "../../src/scheduler/run_state.ts";
import { gateDefinition } from "../../src/plan/gate_definition.ts";
import { findLostTests } from "../../src/gates/tests/find_lost_tests.ts";
import { makeGate } from "../gates/fixture.ts";
import { LIMITS, meta, sh, slotRequest, TestRepository } from "../git/fixture.ts";
import { makeOutcome, makePlan, makeTask, startPayload } from "../run/fixture.ts";
import type { HarmedRun } from "./attacks.ts";
import { CONTROLLER } from "./fixture.ts";

/** What a run claims that is not so, or how it differs from one that is ready. */
export interface RunVariant {
  /** The gate fails. */
  readonly red?: boolean;
  /** Changes of what the gate's events say. */
  readonly gate?: Partial<PayloadOf<"gate_passed">>;
  /** The tree that the log claims for the head. */
  readonly tree?: string;
  /** The status that the log claims. */
  readonly status?: RunStatus;
  /** Changes `proof.json` before the log names its digest. */
  readonly edit?: (text: string) => string;
  /** Appended between `proof_writing` and `proof_written`. */
  readonly meanwhile?: readonly EventDraft[];
  /** More files that the work adds. */
  readonly files?: Readonly<Record<string, string>>;
  /** The lost tests that the log tells of; absent: nobody compares tests. */
  readonly lost?: readonly LostTest[];
  /** Signs the proof. */
  readonly key?: SigningKey;
  /** The work is done in the directory itself, outside any repository. */
  readonly inPlace?: boolean;
}

/** Folds real events, as verification does. */
export const FOLD = { create: createRunState, apply };

/** A repository in which runs are made and proved. */
export class ProofBench implements AsyncDisposable {
  readonly repository: TestRepository;
  readonly workspace: GitWorkspace;
  readonly git: GitAccess;
  #runs = 0;

  private constructor(repository: TestRepository, workspace: GitWorkspace, git: GitAccess) {
    this.repository = repository;
    this.workspace = workspace;
    this.git = git;
  }

  static async create(objectFormat: "sha1" | "sha256" = "sha1"): Promise<ProofBench> {
    const files = { "a.txt": "one\n", "logo.bin": "\u0000\u0001" };
    const repository = await TestRepository.create(files, { objectFormat });
    const workspace = await repository.workspace();
    return new ProofBench(repository, workspace, openGitAccess(workspace.info));
  }

  /** Makes a run of one task that changes `a.txt` and adds `b.txt`, with its proof; not closed if `open`. */
  async run(variant: RunVariant = {}): Promise<ProvedRun> {
    const runId = `20260102-030405-${String(++this.#runs).padStart(4, "0")}`;
    const directory = `${this.repository.directory}/runs/${runId}`;
    await Deno.mkdir(`${directory}/tasks/a/1`, { recursive: true });
    await Deno.mkdir(`${directory}/gates`);
    return await new Making(this, runId, directory, variant).make();
  }

  /** The same run with files of its own. */
  async copy(run: ProvedRun): Promise<ProvedRun> {
    const directory = await Deno.makeTempDir({ dir: this.repository.directory });
    await sh(directory, `cp -r ${run.directory}/. .`);
    return { ...run, directory };
  }

  /** Verifies a run. */
  verify(
    run: ProvedRun,
    git: GitAccess | null = this.git,
    key: TrustedKey | null = null,
  ): Promise<VerifyReport> {
    return verifyRun({ runDirectory: run.directory, git, fold: FOLD, findLostTests, key });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.repository[Symbol.asyncDispose]();
  }
}

/** A run with its proof. */
export interface ProvedRun {
  readonly runId: string;
  readonly directory: string;
  readonly plan: Plan;
  readonly state: RunState;
  readonly written: WrittenProof;
  readonly pinRef: string;
}

/** What a run is to whoever harms it. */
export function harmed({ runId, directory, pinRef, state: { run: { base, head } } }: ProvedRun): HarmedRun {
  if (base === null || head === null) throw new Error("The run is in no repository");
  return { runId, directory, pinRef, base, head };
}

class Making {
  readonly #bench: ProofBench;
  readonly #runId: string;
  readonly #directory: string;
  readonly #variant: RunVariant;
  readonly #plan: Plan;
  readonly #state: RunState;

  constructor(bench: ProofBench, runId: string, directory: string, variant: RunVariant) {
    this.#bench = bench;
    this.#runId = runId;
    this.#directory = directory;
    this.#variant = variant;
    const isolation = variant.inPlace === true ? "none" : "worktree";
    this.#plan = makePlan([makeTask("a", { isolation })], { gates: [makeGate()] });
    this.#state = createRunState(this.#plan);
  }

  async make(): Promise<ProvedRun> {
    const text = formatPlanJson(this.#plan);
    await Deno.writeTextFile(`${this.#directory}/plan.json`, text);
    const log = await createRunLog(`${this.#directory}/events.jsonl`, {
      runId: this.#runId,
      durability: "none",
    });
    log.subscribe((event) => apply(this.#state, event));
    try {
      await this.#start(log, sha256(text));
      const pinRef = this.#variant.inPlace === true ? await this.#workInPlace(log) : await this.#work(log);
      await this.#judge(log);
      await this.#compareTests(log);
      const written = await this.#prove(log);
      const { runId, directory, plan, state } = { ...this.#names(), plan: this.#plan, state: this.#state };
      return { runId, directory, plan, state, written, pinRef };
    } finally {
      await log.close();
    }
  }

  #names(): { runId: string; directory: string } {
    return { runId: this.#runId, directory: this.#directory };
  }

  async #start(log: RunLog, plan_digest: string): Promise<void> {
    const { repository, workspace } = this.#bench;
    const commit = await repository.git("rev-parse", "HEAD");
    const tree = await repository.git("rev-parse", "HEAD^{tree}");
    const base = this.#variant.inPlace === true
      ? null
      : { commit, tree, branch: "refs/heads/main", snapshot: false };
    if (base !== null) await workspace.openRun(this.#runId, commit);
    await log.append([
      draft("run_started", "run", CONTROLLER, startPayload(this.#plan, { plan_digest, base })),
    ]);
  }

  async #work(log: RunLog): Promise<string> {
    const { workspace } = this.#bench;
    const runId = this.#runId;
    const base = this.#state.run.base?.commit ?? "";
    const ref = await this.#claim(log, base, "w1");
    const holder = { run_id: runId, ...ref };
    const slot = await workspace.acquire(slotRequest(base, { holder }));
    await Deno.writeTextFile(`${slot.path}/a.txt`, `two\nof ${runId}\n`);
    await Deno.writeTextFile(`${slot.path}/b.txt`, "new\n");
    for (const [path, text] of Object.entries(this.#variant.files ?? {})) {
      await Deno.writeTextFile(`${slot.path}/${path}`, text);
    }
    const outcome = makeOutcome("success", {
      output: await this.#artifact("tasks/a/1/output.log", "worked\n"),
    });
    const subject = taskSubject("a");
    const date = this.#state.run.last_ts;
    await log.append([
      draft("attempt_pinning", subject, CONTROLLER, { ...ref, slot: slot.name, base, date, outcome }),
    ]);
    const pin = await workspace.pin(slot, holder, meta(), LIMITS);
    await workspace.publish(runId);
    await log.append([draft("attempt_pinned", subject, CONTROLLER, {
      ...ref,
      ref: pin.ref,
      commit: pin.commit,
      tree: pin.tree,
      changed: { count: pin.changed.length, paths: [...pin.changed] },
      by_products: [],
      by_products_capped: false,
      unpinned: [],
      set_aside: false,
      secrets: [],
    })]);
    await workspace.release(slot, { setAside: false });
    await log.append([draft("task_finished", subject, CONTROLLER, { ...ref, outcome, outputs: [] })]);
    const pinned = pin.commit ?? "";
    await log.append([
      draft("merge_started", subject, CONTROLLER, { ...ref, head: base, base, pin: pinned, date }),
    ]);
    const merged = await workspace.merge(base, pinned, base, meta("Task a"));
    if (merged.kind !== "merged") throw new Error(merged.detail);
    await workspace.advanceHead(runId, base, merged.commit);
    await workspace.publish(runId);
    const tree = this.#variant.tree ?? merged.tree;
    await log.append([draft("task_completed", subject, CONTROLLER, { ...ref, commit: merged.commit, tree })]);
    return pin.ref ?? "";
  }

  async #workInPlace(log: RunLog): Promise<string> {
    const ref = await this.#claim(log, null, null);
    const outcome = makeOutcome("success", {
      output: await this.#artifact("tasks/a/1/output.log", "worked\n"),
    });
    await log.append([
      draft("task_finished", taskSubject("a"), CONTROLLER, { ...ref, outcome, outputs: [] }),
      draft("task_completed", taskSubject("a"), CONTROLLER, { ...ref, commit: null, tree: null }),
    ]);
    return "";
  }

  async #claim(
    log: RunLog,
    base: string | null,
    slot: string | null,
  ): Promise<{ task_id: string; attempt: number; token: number }> {
    const [claimed] = await log.append([draft("task_claimed", taskSubject("a"), CONTROLLER, {
      task_id: "a",
      attempt: 1,
      worker: "local",
      lease_expires: this.#state.run.last_ts + 300_000,
      base,
    })]);
    const ref = { task_id: "a", attempt: 1, token: claimed?.index ?? -1 };
    const process = { pid: 1, pgid: 1, start_time: null, boot_id: null };
    await log.append([draft("task_started", taskSubject("a"), CONTROLLER, {
      ...ref,
      process,
      slot,
      output: "tasks/a/1/output.log",
    })]);
    return ref;
  }

  async #judge(log: RunLog): Promise<void> {
    const { head } = this.#state.run;
    const place = {
      gate: "test",
      scope: "run" as const,
      run_number: 1,
      required: true,
      tree: this.#variant.gate?.tree ?? head?.tree ?? null,
      commit: head?.commit ?? null,
      task_id: null,
      token: null,
    };
    const evidence = {
      ...place,
      definition: gateDefinition(makeGate()),
      exit_code: this.#variant.red === true ? 1 : 0,
      signal: null,
      timed_out: false,
      duration_ms: 5,
      output: await this.#artifact("gates/001-test.log", "judged\n"),
      changed: [],
      untracked: [],
      counts: null,
      ...this.#variant.gate,
    };
    const failed = { ...evidence, reason: "exited with 1", infrastructure: false };
    await log.append([
      draft("gate_started", "run", CONTROLLER, place),
      this.#variant.red === true
        ? draft("gate_failed", "run", CONTROLLER, failed)
        : draft("gate_passed", "run", CONTROLLER, evidence),
    ]);
  }

  async #compareTests(log: RunLog): Promise<void> {
    const { lost } = this.#variant;
    const { base, head } = this.#state.run;
    if (lost === undefined || base === null || head === null) return;
    const compared = { base: { commit: base.commit, tree: base.tree }, head: { ...head } };
    await log.append([
      draft("tests_comparing", "run", CONTROLLER, compared),
      draft("tests_compared", "run", CONTROLLER, {
        ...compared,
        reports: [],
        lost: [...lost],
        lost_count: lost.length,
      }),
    ]);
  }

  async #prove(log: RunLog): Promise<WrittenProof> {
    const { run } = this.#state;
    const status = this.#variant.status ?? runStatus(this.#state);
    const place = { commit: run.head?.commit ?? null, tree: run.head?.tree ?? null };
    await log.append([draft("proof_writing", "run", CONTROLLER, { status, ...place })], { alone: true });
    const head = log.head();
    if (this.#variant.meanwhile !== undefined) await log.append(this.#variant.meanwhile);
    const workspace = this.#variant.inPlace === true ? null : this.#bench.workspace;
    const writer = createProofWriter({
      directory: this.#directory,
      log,
      workspace,
      key: this.#variant.key ?? null,
    });
    const written = this.#lie(await writer.write(this.#state, status, head));
    await log.append([
      draft("proof_written", "run", CONTROLLER, { status, head, ...written }),
      draft("run_finished", "run", CONTROLLER, { status, exit_code: exitCodeOf(status) }),
    ]);
    return written;
  }

  #lie(written: WrittenProof): WrittenProof {
    const { edit } = this.#variant;
    if (edit === undefined) return written;
    const path = `${this.#directory}/proof.json`;
    const text = edit(Deno.readTextFileSync(path));
    Deno.writeTextFileSync(path, text);
    return { ...written, proof: { ...written.proof, sha256: sha256(text) } };
  }

  async #artifact(path: string, text: string): Promise<Artifact> {
    await Deno.writeTextFile(`${this.#directory}/${path}`, text);
    return { path, bytes: text.length, kept_bytes: text.length, truncated: false, sha256: sha256(text) };
  }
}
