/** The end of a run, told once: what failed and why, what did not run, the gates, what was made, what to do next. */

import type { RunStatus } from "../../log/kinds.ts";
import { hasFailedBefore, hasLostTests, latestGateRun } from "../../proof/status.ts";
import type { RunDirectory } from "../../run/directory.ts";
import { type RunState, taskAt, type TaskView } from "../../scheduler/run_state.ts";
import type { Style } from "../output.ts";
import { formatDuration } from "./duration.ts";
import { type EndOfTasks, failedTasks, gateOption, reasonText, unfinishedTasks } from "./ended_tasks.ts";
import { lostTestsText } from "./lost_tests.ts";
import { nextSteps } from "./next_steps.ts";
import { tailLines } from "./output_end.ts";
import { type ProofFacts, readProofFacts } from "./proof_facts.ts";
import { styledStanding } from "./standing.ts";
import { alignColumns, counted, oneLine, shortId } from "./text.ts";

/** Commands and what they are for are not cut, whatever the terminal. */
const NEXT_COLUMNS = 1_000;

/** The lines of the summary. */
export async function runSummary(
  state: RunState,
  directory: RunDirectory,
  style: Style,
): Promise<readonly string[]> {
  const views = state.tasks.map((_, ordinal) => ordinal)
    .filter((ordinal) => state.index.isSelected(ordinal) && !state.index.isExcepted(ordinal))
    .map((ordinal) => taskAt(state, ordinal));
  const facts = await readProofFacts(directory.proof);
  const end: EndOfTasks = { state, views, directory, facts, style };
  const details = [
    ...await failedTasks(end),
    ...unfinishedTasks(end),
    ...await gateLines(end),
    ...lostTestLines(end),
    ...state.run.known_gaps.map((gap) => `${style.yellow("known gap")} ${oneLine(gap)}`),
  ];
  return ["", ...details, ...(details.length > 0 ? [""] : []), ...verdict(end)];
}

/** What the run has come to. */
function verdict({ state, views, facts, style }: EndOfTasks): readonly string[] {
  const { run } = state;
  const status = run.status ?? "not_ready";
  const took = formatDuration((run.finished_at ?? run.last_ts) - run.started_at);
  const steps = nextSteps(state, status).map(({ command, purpose }) => [`  ${command}`, purpose]);
  return [
    `${style.bold(styledStanding(status, style))}: ${tally(views, took)}`,
    `  ${statusMeaning(status, state)}`,
    ...(run.failure === null ? [] : [`  ${oneLine(run.failure.detail)}`]),
    ...refusalLines(state, status, facts),
    ...madeLines(state, facts),
    ...(steps.length === 0 ? [] : [style.dim("next:"), ...alignColumns(steps, NEXT_COLUMNS)]),
  ];
}

/** `4 of 9 tasks completed in 2m 10s, 2 failed, 3 blocked`. */
function tally(views: readonly TaskView[], took: string): string {
  const count = (state: string) => views.filter(({ task }) => task.state === state).length;
  const others = [
    ["failed", "failed"],
    ["blocked", "blocked"],
    ["waiting", "waiting"],
    ["cancelled", "cancelled"],
    ["finished", "not merged"],
    ["pending", "not started"],
  ] as const;
  return [
    `${count("completed")} of ${counted(views.length, "task")} completed in ${took}`,
    ...others.flatMap(([state, word]) => count(state) === 0 ? [] : [`${count(state)} ${word}`]),
  ].join(", ");
}

function statusMeaning(status: RunStatus, { run, tasks }: RunState): string {
  const isWaiting = tasks.some((task) => task.waiting_on === "human");
  switch (status) {
    case "ready":
      return "every task is done, and the required gates passed on what is delivered";
    case "passed":
      return run.head === null
        ? "every task is done, but nothing is proved: tasks worked in the directory itself"
        : "every task is done, but nothing is proved: the plan has no required gate";
    case "not_ready":
      return "omk merge delivers only where every task is done and required gates passed";
    case "blocked_on_human":
      return isWaiting ? "a task waits for a person" : "a person must accept that tests are lost";
    case "blocked_on_external":
      return "a task waits for something outside of the run";
    case "needs_more_budget":
      return "the budget was used up before everything was done";
    case "failed_infra":
      return "omk or the machine failed; what was done is kept";
    case "cancelled":
      return run.cancel === null
        ? "the run was cancelled; what was done is kept"
        : `the run was cancelled (${oneLine(run.cancel.reason)}); what was done is kept`;
  }
}

async function gateLines({ state, directory, facts, style }: EndOfTasks): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const gate of (state.plan.gates ?? []).filter((each) => each.scope === "run")) {
    const record = latestGateRun(state, gate.name);
    const name = `${oneLine(gate.name)}${gate.required && !gate.allow_fail ? "" : " (not required)"}`;
    if (record === null) {
      if (!state.run.cancelled) lines.push(`${style.yellow("gate not run")} ${name}`);
    } else if (record.result === "failed") {
      lines.push(`${style.red("gate failed")} ${name}: ${reasonText(record.reason)}`);
      const path = facts.outputOf(gate.name, null);
      const whole = `omk logs ${state.run.run_id} ${gateOption(gate.name)}`;
      if (path !== undefined) lines.push(...await tailLines(`${directory.path}/${path}`, whole, style));
    } else if (record.result === "skipped") {
      lines.push(`${style.yellow("gate skipped")} ${name}: ${reasonText(record.reason)}`);
    } else if (hasFailedBefore(state, record)) {
      const took = formatDuration(record.duration_ms);
      lines.push(`${style.yellow("gate passed")} ${name} in ${took}, after it had failed on the same tree`);
    } else {
      lines.push(`${style.green("gate passed")} ${name} in ${formatDuration(record.duration_ms)}`);
    }
  }
  return lines;
}

function lostTestLines({ state: { run }, style }: EndOfTasks): readonly string[] {
  const { tests } = run;
  if (tests === undefined || !hasLostTests(run)) return [];
  return [`${style.yellow("tests")} ${lostTestsText(tests.lost ?? [], tests.lost_count)}`];
}

/** Why what is ready is not delivered all the same: its files seem to hold secrets. */
function refusalLines(
  { run: { base, head } }: RunState,
  status: RunStatus,
  { refusal }: ProofFacts,
): readonly string[] {
  const hasWork = head !== null && head.commit !== base?.commit;
  return status !== "ready" || !hasWork || refusal === null
    ? []
    : [`  omk merge will not deliver it: ${reasonText(refusal)}`];
}

/** What the run has made, and where it is. */
function madeLines({ run, tasks }: RunState, { changedFiles, isComplete }: ProofFacts): readonly string[] {
  const { base, head } = run;
  if (base === null || head === null) return [];
  if (head.commit === base.commit) return ["  nothing was changed, so there is nothing to deliver"];
  const commits = new Set(
    tasks.flatMap(({ state, commit }) => state === "completed" && commit !== null ? commit : []),
  );
  commits.delete(base.commit);
  const what = changedFiles === null
    ? counted(commits.size, "commit")
    : `${counted(changedFiles, "file")}${isComplete ? "" : " or more"} changed in ${
      counted(commits.size, "commit")
    }`;
  const delivery = run.deliveries.findLast((each) => each.commit === head.commit);
  const where = delivery === undefined
    ? "not delivered yet"
    : `delivered to ${delivery.branch.replace(/^refs\/heads\//, "")}`;
  return [`  ${what}, ${where}`, `  see it: git diff ${shortId(base.commit)} ${shortId(head.commit)}`];
}
