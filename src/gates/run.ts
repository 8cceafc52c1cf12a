/** Runs gates: at the tree that they judge, in a slot that no task has run in, with the tree compared afterwards. */

import { reasonOf } from "../errors.ts";
import type { Slot, Workspace } from "../git/port.ts";
import type { Artifact } from "../log/kinds.ts";
import { redactText } from "../log/redact.ts";
import type { Command, Limits } from "../plan/spec.ts";
import { ArtifactFile } from "../process/artifact_file.ts";
import { taskEnvironment } from "../process/environment.ts";
import type { BodyOutcome, RunningBody, Supervisor } from "../process/port.ts";
import { GateArtifactNames, type GateArtifacts } from "./artifact_names.ts";
import { artifactOf, type GateFacts, gateResult } from "./evidence.ts";
import { judgeBody, judgeTree, lostOutput, type TreeChanges } from "./judge.ts";
import type { GateRequest, GateRunner } from "./port.ts";
import { GateReports } from "./reports.ts";
import { keepTests } from "./tests/kept_tests.ts";

/** What gates are run with. */
export interface GateRunnerOptions {
  readonly supervisor: Supervisor;
  /** Null outside a repository. */
  readonly workspace: Workspace | null;
  /** omk's own environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly limits: Pick<Limits, "output_bytes">;
}

/** Between SIGTERM and SIGKILL. */
const GRACE_MS = 10_000;
/** A set-up that takes longer is ended. */
const SETUP_TIMEOUT_MS = 30 * 60_000;
/** How much of a failed set-up's output its error tells. */
const SETUP_TAIL_CHARS = 2_000;

const UNTOUCHED: TreeChanges = { changed: [], untracked: [] };

/** Makes the runner of the gates of one run. */
export function createGateRunner(options: GateRunnerOptions): GateRunner {
  const names = new Map<string, GateArtifactNames>();
  return {
    async run(request) {
      const { runDirectory, gate } = request;
      const known = names.get(runDirectory) ?? new GateArtifactNames(runDirectory);
      names.set(runDirectory, known);
      try {
        return gateResult(request, await new GateRun(options, request, await known.next(gate.name)).facts());
      } catch (error) {
        return gateResult(request, notRun(`could not be run: ${reasonOf(error)}`));
      }
    },
  };
}

/** The facts of a gate that the machine kept from running. */
function notRun(reason: string): GateFacts {
  return {
    body: null,
    output: null,
    tree: UNTOUCHED,
    counts: null,
    tests: null,
    reports: [],
    failure: { reason, infrastructure: true },
  };
}

/** One run of one gate. */
class GateRun {
  readonly #options: GateRunnerOptions;
  readonly #request: GateRequest;
  readonly #artifacts: GateArtifacts;
  /** The set-up of the slot, once it has run. */
  #setup: BodyOutcome | null = null;

  constructor(options: GateRunnerOptions, request: GateRequest, artifacts: GateArtifacts) {
    this.#options = options;
    this.#request = request;
    this.#artifacts = artifacts;
  }

  /** What the run showed. Rejects where the machine kept the gate from running. */
  async facts(): Promise<GateFacts> {
    const { commit, directory } = this.#request;
    if (this.#request.signal.aborted) return this.#unwanted();
    return commit === null ? await this.#runCommand(directory) : await this.#runAt(commit);
  }

  async #runAt(commit: string): Promise<GateFacts> {
    const { workspace } = this.#options;
    const { tree } = this.#request;
    if (workspace === null) {
      return notRun(`could not be run: commit ${commit} is in no repository that is open`);
    }
    const found = await workspace.treeOf(commit);
    if (found !== tree) {
      return notRun(`could not be run: commit ${commit} has the tree ${found}, and ${tree} was to be judged`);
    }
    let slot: Slot;
    try {
      slot = await this.#acquire(workspace, commit);
    } catch (error) {
      return this.#withoutSlot(error);
    }
    const { facts, doubt } = await this.#runInSlot(workspace, slot).catch(unknownEnd);
    try {
      await workspace.release(slot, doubt === null ? { setAside: false } : { setAside: true, reason: doubt });
      return facts;
    } catch (error) {
      return failedInfra(facts, `left a slot that could not be given back: ${reasonOf(error)}`);
    }
  }

  async #acquire(workspace: Workspace, base: string): Promise<Slot> {
    const { holder, worktree, restore } = this.#request;
    return await workspace.acquire({
      kind: "gate",
      holder,
      base,
      worktree,
      restore,
      runSetup: (command, cwd, gitConfig) => this.#setUp(command, cwd, gitConfig),
    });
  }

  /** A set-up that was ended with the run is nobody's fault; its output is the evidence otherwise. */
  #withoutSlot(error: unknown): GateFacts {
    if (this.#request.signal.aborted) return this.#unwanted();
    const facts = notRun(`could not be run: ${reasonOf(error)}`);
    return this.#setup === null
      ? facts
      : { ...facts, output: artifactOf(this.#artifacts.setup, this.#setup) };
  }

  /** `doubt` says why the slot must not be used again; null where it may. */
  async #runInSlot(
    workspace: Workspace,
    slot: Slot,
  ): Promise<{ readonly facts: GateFacts; readonly doubt: string | null }> {
    if (this.#request.signal.aborted) return { facts: this.#unwanted(), doubt: null };
    const ran = await this.#runCommand(slot.path, slot.gitConfig);
    if (ran.body?.proven_dead === false) {
      const doubt = "processes of a gate may still be alive";
      return {
        facts: failedInfra(ran, "left processes that may still be alive, so its tree cannot be compared"),
        doubt,
      };
    }
    try {
      const tree = await workspace.inspectGateSlot(slot, this.#request.worktree.keep);
      return { facts: { ...ran, tree, failure: ran.failure ?? judgeTree(tree) }, doubt: null };
    } catch (error) {
      const doubt = `the tree of a gate could not be compared: ${reasonOf(error)}`;
      return { facts: failedInfra(ran, `left a tree that could not be compared: ${reasonOf(error)}`), doubt };
    }
  }

  async #runCommand(cwd: string, gitConfig?: string): Promise<GateFacts> {
    const { gate } = this.#request;
    const reports = await GateReports.watch(cwd, gate.reports);
    const running = this.#start(gate.command, cwd, gate.timeout_secs * 1000, this.#artifacts.log, gitConfig);
    const body = await running.outcome;
    const { counts, tests, sarif } = await reports.read();
    return {
      body,
      output: artifactOf(this.#artifacts.log, body),
      tree: UNTOUCHED,
      counts,
      tests: tests.length === 0
        ? null
        : await keepTests(this.#request.runDirectory, this.#artifacts.tests, tests),
      reports: await this.#keepReports(sarif),
      failure: judgeBody(gate, body, running.voice().last_line),
    };
  }

  /** Keeps SARIF logs as artifacts, without the secrets in them; what the disk does not take is not kept. */
  async #keepReports(texts: readonly string[]): Promise<readonly Artifact[]> {
    const kept: Artifact[] = [];
    for (const [at, text] of texts.entries()) {
      const path = `${this.#artifacts.report}.${at + 1}.sarif`;
      const file = new ArtifactFile(`${this.#request.runDirectory}/${path}`);
      const bytes = file.write(redactText(text));
      const { kept_bytes, sha256, error } = await file.close();
      if (error === undefined) kept.push({ path, bytes, kept_bytes, truncated: false, sha256 });
    }
    return kept;
  }

  async #setUp(
    command: Command,
    cwd: string,
    gitConfig: string,
  ): Promise<{ exit_code: number | null; output_tail: string }> {
    const running = this.#start(command, cwd, SETUP_TIMEOUT_MS, this.#artifacts.setup, gitConfig);
    const body = this.#setup = await running.outcome;
    const path = `${this.#request.runDirectory}/${this.#artifacts.setup}`;
    const text = lostOutput(body) === null ? await Deno.readTextFile(path) : running.voice().last_line;
    return {
      exit_code: body.kind === "exited" ? body.exit_code : null,
      output_tail: body.error ?? text.slice(-SETUP_TAIL_CHARS),
    };
  }

  #start(
    command: Command,
    cwd: string,
    timeoutMs: number,
    artifact: string,
    gitConfig: string | undefined,
  ): RunningBody {
    const { holder, runDirectory, signal } = this.#request;
    const running = this.#options.supervisor.run({
      task_id: holder.task_id,
      attempt: holder.attempt,
      command,
      cwd,
      env: this.#environment(gitConfig),
      timeoutMs,
      graceMs: GRACE_MS,
      outputPath: `${runDirectory}/${artifact}`,
      outputLimitBytes: this.#options.limits.output_bytes,
    });
    const end = () => running.end("cancelled");
    if (signal.aborted) end();
    signal.addEventListener("abort", end);
    void running.outcome.then(() => signal.removeEventListener("abort", end));
    return running;
  }

  /** As a task's, but a gate reports by its exit code alone. */
  #environment(gitConfig: string | undefined): Record<string, string> {
    const { run_id, task_id, attempt } = this.#request.holder;
    const { env: inherited } = this.#options;
    const own = gitConfig === undefined ? inherited : { ...inherited, GIT_CONFIG_GLOBAL: gitConfig };
    const env = taskEnvironment(own, { run_id, task_id, attempt, result: "" }, {});
    delete env["OMK_RESULT"];
    return env;
  }

  #unwanted(): GateFacts {
    const reason = "was not run: nobody waited for its verdict any more";
    return { ...notRun(reason), failure: { reason, infrastructure: false, ended: true } };
  }
}

/** Nobody knows how the gate ended: its slot is not used again. */
function unknownEnd(error: unknown): { readonly facts: GateFacts; readonly doubt: string } {
  const reason = reasonOf(error);
  return {
    facts: notRun(`could not be run: ${reason}`),
    doubt: `nobody knows how a gate ended in it: ${reason}`,
  };
}

/** The same facts with a failure of the machine, which outweighs a pass but not another failure. */
function failedInfra(facts: GateFacts, reason: string): GateFacts {
  return { ...facts, failure: facts.failure ?? { reason, infrastructure: true } };
}
