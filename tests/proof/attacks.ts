/** What somebody may do to a proved run, and what `omk verify` has to say of it. */

import { sha256 } from "../../src/digest.ts";
import { draft, type EventDraft } from "../../src/log/event.ts";
import { openRunLog } from "../../src/log/file_log.ts";
import { CONTROLLER } from "./fixture.ts";
import { commitsOf, rechained } from "./forger.ts";

/**
 * A run that is harmed: of one task `a`, with a gate `test` that has a time limit of 60 s and printed `judged`, ready, and
 * not delivered.
 */
export interface HarmedRun {
  readonly runId: string;
  readonly directory: string;
  readonly pinRef: string;
  readonly base: { readonly commit: string; readonly tree: string };
  readonly head: { readonly commit: string; readonly tree: string };
}

/** Calls git in the repository of the run, whose HEAD is the base. */
export type Git = (...args: readonly string[]) => Promise<string>;

/** Appends to a run's log, as its controller would. */
export async function appendTo(
  { directory, runId }: Pick<HarmedRun, "directory" | "runId">,
  ...drafts: readonly EventDraft[]
): Promise<void> {
  const log = await openRunLog(`${directory}/events.jsonl`, { runId, durability: "none" });
  await log.append(drafts);
  await log.close();
}

/** Changes a file of a run. */
export async function editFile(
  { directory }: Pick<HarmedRun, "directory">,
  path: string,
  edit: (text: string) => string,
): Promise<void> {
  const file = `${directory}/${path}`;
  const before = await Deno.readTextFile(file);
  const after = edit(before);
  if (after === before) throw new Error(`Nothing was changed in ${path}`);
  await Deno.writeTextFile(file, after);
}

/** The log of a run, cut behind each of its commits before the proof; the text of the longest comes first. */
export function cutLogs(text: string): readonly string[] {
  const all = commitsOf(text);
  const proved = all.findIndex((each) => each.some((line) => line.includes('"proof_written"')));
  return Array.from({ length: proved }, (_, at) => rechained(all.slice(0, proved - at)));
}

/** What verification says of each of them. */
export const CUT_DETAIL = "expected a proof, found a log without proof_written";

type Lines = readonly string[];

/** Changes the lines of a log; no sum is made anew. */
function lines(change: (lines: Lines) => Lines): (run: HarmedRun) => Promise<void> {
  return (run) =>
    editFile(
      run,
      "events.jsonl",
      (text) => change(text.trimEnd().split("\n")).map((each) => `${each}\n`).join(""),
    );
}

/** Changes the commits of a log, and makes every sum anew. */
function commits(change: (commits: readonly Lines[]) => readonly Lines[]): (run: HarmedRun) => Promise<void> {
  return (run) => editFile(run, "events.jsonl", (text) => rechained(change(commitsOf(text))));
}

/** Changes the text of every line, and makes every sum anew. */
export function everywhere(from: RegExp, to: string): (run: HarmedRun) => Promise<void> {
  return commits((all) => all.map((each) => each.map((line) => line.replace(from, to))));
}

/** Number of the line, from 0, with an event of this kind. */
function at(lines: Lines, kind: string): number {
  return lines.findIndex((line) => line.includes(`"kind":"${kind}"`));
}

/** What is done to the repository is undone by what comes back. */
type Harm = (run: HarmedRun, git: Git) => Promise<void | (() => Promise<unknown>)>;

/** One thing that somebody may do. */
export interface Attack {
  readonly what: string;
  readonly harm: Harm;
  /** The check that must be the first to fail. */
  readonly check: string;
  readonly detail: RegExp;
}

const HEX = "[0-9a-f]{40}";

/** All of them. */
export const ATTACKS: readonly Attack[] = [
  {
    what: "a line of the log is edited",
    harm: lines((all) =>
      all.with(
        at(all, "gate_passed"),
        all[at(all, "gate_passed")]?.replace('"exit_code":0', '"exit_code":1') ?? "",
      )
    ),
    check: "log",
    detail: /^events\.jsonl:\d+: expected whole commits, found a log that is corrupt: /,
  },
  {
    what: "a line of the log is removed",
    harm: lines((all) => all.toSpliced(at(all, "gate_started"), 1)),
    check: "log",
    detail: /^events\.jsonl:\d+: .* corrupt: /,
  },
  {
    what: "a line is inserted into the log",
    harm: lines((all) => all.toSpliced(at(all, "gate_started"), 0, all[at(all, "task_claimed")] ?? "")),
    check: "log",
    detail: /^events\.jsonl:\d+: .* corrupt: /,
  },
  {
    what: "two lines of the log change places",
    harm: lines((all) => {
      const second = at(all, "task_started");
      return all.with(second, all[second - 1] ?? "").with(second - 1, all[second] ?? "");
    }),
    check: "log",
    detail: /^events\.jsonl:\d+: .* corrupt: its commit follows /,
  },
  {
    what: "a line is edited, and every sum behind it made anew",
    harm: everywhere(/"duration_ms":\d+,/, '"duration_ms":987654,'),
    check: "log_head",
    detail: /^sum of the commit that ends with event \d+: expected [0-9a-f]{64}, found [0-9a-f]{64}$/,
  },
  {
    what: "a commit is removed, and everything behind it made anew",
    harm: commits((all) => all.filter(([line]) => !line?.includes('"kind":"attempt_pinned"'))),
    check: "log_head",
    detail: /^end of the commit of the log head: expected \d+, found \d+$/,
  },
  {
    what: "a commit is inserted, and everything behind it made anew",
    harm: commits((all) => all.flatMap((each) => each[0]?.includes("task_claimed") ? [each, each] : [each])),
    check: "rules",
    detail: /^event \d+ breaks a rule: attempt 2 of task "a" was due$/,
  },
  {
    what: "two commits change places, and everything behind them is made anew",
    harm: async (run) => {
      await commits((all) => [...all.slice(0, 1), ...all.slice(1, 3).toReversed(), ...all.slice(3)])(run);
      await everywhere(/"ts":"[^"]+"/, '"ts":"2026-01-02T03:04:05.000Z"')(run);
    },
    check: "rules",
    detail: /^event \d+ breaks a rule: /,
  },
  {
    what: "the last commit is edited",
    harm: lines((all) => all.with(-1, all.at(-1)?.replace('"exit_code":0', '"exit_code":1') ?? "")),
    check: "log",
    detail: /corrupt: the bytes of the commit do not have its sum$/,
  },
  {
    what: "the last commit is edited, and its sum made anew: it names another proof",
    harm: everywhere(
      /("kind":"proof_written".*"proof\.json".*?"sha256":")[0-9a-f]{64}/,
      `$1${"0".repeat(64)}`,
    ),
    check: "proof",
    detail: /^sha256 of proof\.json: expected 0{64}, found [0-9a-f]{64}$/,
  },
  {
    what: "the last commit is edited, and its sum made anew: it tells of another end",
    harm: everywhere(/("kind":"run_finished".*"status":")ready/, "$1not_ready"),
    check: "status",
    detail: /^status in run_finished: expected ready, found not_ready$/,
  },
  {
    what: "an artifact is changed",
    harm: (run) => editFile(run, "gates/001-test.log", (text) => text.replace("judged", "jugded")),
    check: "artifacts",
    detail: /^sha256 of gates\/001-test\.log: /,
  },
  {
    what: "an artifact is changed, and its digest in the log with every sum",
    harm: async (run) => {
      await editFile(run, "gates/001-test.log", () => "jugded\n");
      await everywhere(new RegExp(sha256("judged\n")), sha256("jugded\n"))(run);
    },
    check: "log_head",
    detail: /^sum of the commit that ends with event \d+: /,
  },
  {
    what: "the result of a gate is flipped in proof.json",
    harm: (run) =>
      editFile(run, "proof.json", (text) => text.replace('"result": "passed"', '"result": "failed"')),
    check: "proof",
    detail: /^sha256 of proof\.json: /,
  },
  {
    what: "the result of a gate is flipped in proof.json, and its digest in the log with every sum",
    harm: async (run) => {
      const before = sha256(await Deno.readTextFile(`${run.directory}/proof.json`));
      await editFile(run, "proof.json", (text) => text.replace('"result": "passed"', '"result": "failed"'));
      const after = sha256(await Deno.readTextFile(`${run.directory}/proof.json`));
      await everywhere(new RegExp(before), after)(run);
    },
    check: "document",
    detail: /^gates\.0\.result: expected "passed", found "failed"$/,
  },
  {
    what: "the result of a gate is flipped in the log, with every sum",
    harm: everywhere(/("kind":"gate_passed".*"exit_code":)0/, "$11"),
    check: "log_head",
    detail: /^sum of the commit that ends with event \d+: /,
  },
  {
    what: "the plan is changed",
    harm: (run) => editFile(run, "plan.json", (text) => text.replace('"required":true', '"required":false')),
    check: "plan",
    detail: /^sha256 of plan\.json: expected [0-9a-f]{64}, found [0-9a-f]{64}$/,
  },
  {
    what: "the plan is changed, and its digest in the log with every sum",
    harm: async (run) => {
      const before = sha256(await Deno.readTextFile(`${run.directory}/plan.json`));
      await editFile(run, "plan.json", (text) => text.replace('"timeout_secs":60', '"timeout_secs":61'));
      const after = sha256(await Deno.readTextFile(`${run.directory}/plan.json`));
      await everywhere(new RegExp(before), after)(run);
    },
    check: "log_head",
    detail: /^sum of the commit that ends with event \d+: /,
  },
  {
    what: "a gate runs behind the head",
    harm: (run) =>
      appendTo(
        run,
        draft("gate_skipped", "run", CONTROLLER, {
          ...{ gate: "test", scope: "run", required: true, tree: null, commit: null, task_id: null },
          reason: "later",
        }),
      ),
    check: "after_proof",
    detail: /^event \d+: expected nothing that needs a new proof, found gate_skipped$/,
  },
  {
    what: "the head of the run is moved after the proof",
    harm: async ({ runId, head }, git) => {
      await git("update-ref", `refs/omk/${runId}/head`, "HEAD");
      return () => git("update-ref", `refs/omk/${runId}/head`, head.commit);
    },
    check: "refs",
    detail: new RegExp(`^refs/omk/[^ ]+/head: expected ${HEX}, found ${HEX}$`),
  },
  {
    what: "the base of the run is moved after the proof",
    harm: async ({ runId, base, head }, git) => {
      await git("update-ref", `refs/omk/${runId}/base`, head.commit);
      return () => git("update-ref", `refs/omk/${runId}/base`, base.commit);
    },
    check: "refs",
    detail: new RegExp(`^refs/omk/[^ ]+/base: expected ${HEX}, found ${HEX}$`),
  },
  {
    what: "a pin is moved",
    harm: async ({ pinRef }, git) => {
      const before = await git("rev-parse", pinRef);
      await git("update-ref", pinRef, "HEAD");
      return () => git("update-ref", pinRef, before);
    },
    check: "pins",
    detail: new RegExp(`^refs/omk/[^ ]+/task/a/1/pin: expected ${HEX}, found ${HEX}$`),
  },
  {
    what: "the tree of the head is swapped in the log, with every sum",
    harm: (run) => everywhere(new RegExp(run.head.tree, "g"), run.base.tree)(run),
    check: "log_head",
    detail: /^sum of the commit that ends with event \d+: /,
  },
  {
    what: "the tree of the head is swapped in the store of objects",
    harm: async (run, git) => {
      const store = `${await git("rev-parse", "--absolute-git-dir")}/objects`;
      const pathOf = (id: string) => `${store}/${id.slice(0, 2)}/${id.slice(2)}`;
      const head = pathOf(run.head.commit);
      const other = await git("commit-tree", "-m", "other", "-p", "HEAD", "HEAD^{tree}");
      const before = await Deno.readFile(head);
      await Deno.chmod(head, 0o600);
      await Deno.copyFile(pathOf(other), head);
      return () => Deno.remove(head).then(() => Deno.writeFile(head, before));
    },
    check: "commits",
    detail: new RegExp(`^tree of head ${HEX}: expected ${HEX}, found ${HEX}$`),
  },
];
