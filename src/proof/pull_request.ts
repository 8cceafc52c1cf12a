/** Title and body of a pull request, made of a proof. Pure; nothing is sent anywhere. */

import { escapeMarkdown, testsText } from "./markdown.ts";
import type { FormatDuration } from "./render.ts";
import type { Proof } from "./schema.ts";

/** See the module. */
export interface PullRequest {
  /** One line. */
  readonly title: string;
  /** Markdown. */
  readonly body: string;
}

/** Forges cut titles that are longer. */
const TITLE_CHARACTERS = 72;
/** GitHub refuses bodies of more than 65,536 characters. */
const BODY_CHARACTERS = 60_000;
/** So many lines of a list are shown; the rest is counted. */
const LINES_SHOWN = 50;

const RESULTS: Readonly<Record<Proof["gates"][number]["result"], string>> = {
  passed: "passed",
  failed: "**failed**",
  skipped: "skipped",
  not_run: "did not run",
};

/** Makes the pull request of a run; `names` are the names of its tasks by id, as the plan gives them. */
export function pullRequestOf(
  proof: Proof,
  names: ReadonlyMap<string, string>,
  duration: FormatDuration,
): PullRequest {
  const parts = [
    `${escapeMarkdown(proof.name)}: ${escapeMarkdown(proof.summary)}.`,
    ...section("What was done", proof.passed.tasks.map((id) => taskLine(id, proof, names))),
    ...section("Changed", proof.changed.paths.map(({ path, change }) => `${change} ${code(path)}`)),
    ...gateTable(proof, duration),
    ...section(
      "Failed",
      proof.failed.map(({ kind, name, reason }) => `${kind} ${code(name)}: ${escapeMarkdown(reason)}`),
    ),
    ...section(
      "Not tested",
      proof.not_tested.map(({ what, reason }) => escapeMarkdown(`${what}: ${reason}`)),
    ),
    ...section("For a person to look at", proof.needs_a_person.map(({ what }) => escapeMarkdown(what))),
    ...section("Known gaps", proof.known_gaps.map(escapeMarkdown)),
    evidence(proof),
  ];
  return { title: titleOf(proof, names), body: cutBody(`${parts.join("\n\n")}\n`) };
}

/** The name of the only task that changed anything, else that of the plan. */
function titleOf({ name, tasks, passed }: Proof, names: ReadonlyMap<string, string>): string {
  const withCommit = tasks.filter(({ commit }) => commit !== null);
  const only = withCommit.length === 1 || passed.tasks.length === 1
    ? (withCommit[0]?.id ?? passed.tasks[0])
    : undefined;
  const text = ((only === undefined ? undefined : names.get(only)) ?? name).replace(/\s+/g, " ").trim();
  const title = text.charAt(0).toUpperCase() + text.slice(1);
  return title.length <= TITLE_CHARACTERS ? title : `${title.slice(0, TITLE_CHARACTERS - 1)}…`;
}

function taskLine(id: string, { tasks }: Proof, names: ReadonlyMap<string, string>): string {
  const task = tasks.find((each) => each.id === id);
  const attempts = task?.attempts ?? 1;
  const name = names.get(id) ?? id;
  const told = name === id ? code(id) : `${code(id)}: ${escapeMarkdown(name)}`;
  const remarks = [
    ...(attempts > 1 ? [`${attempts} attempts`] : []),
    ...(task?.isolation === "worktree" && task.commit === null ? ["changed nothing"] : []),
  ];
  return remarks.length === 0 ? told : `${told} (${remarks.join(", ")})`;
}

/** Whether the run may be ready without it. */
function isOptional({ required, allow_fail }: Proof["gates"][number]): boolean {
  return !required || allow_fail;
}

function gateTable({ gates, git }: Proof, duration: FormatDuration): readonly string[] {
  const rows = gates.map((gate) => {
    const where = gate.tree === null
      ? ""
      : gate.tree === git?.tree
      ? "delivered tree"
      : code(gate.tree.slice(0, 12));
    const counts = gate.counts === null
      ? ""
      : `${testsText(gate.counts.tests)}, ${gate.counts.failures} failed, ${gate.counts.skipped} skipped`;
    const took = gate.duration_ms === null ? "" : duration(gate.duration_ms);
    const name = gate.task_id === null ? code(gate.name) : `${code(gate.name)} of ${code(gate.task_id)}`;
    const result = gate.flaky === true
      ? "passed after a failure on the same tree"
      : RESULTS[gate.result] + (gate.result === "failed" && isOptional(gate) ? ", not required" : "");
    return `| ${[name, result, where, counts, took].join(" | ")} |`;
  });
  if (rows.length === 0) return [];
  return [
    "### Gates",
    ["| gate | result | on | tests | took |", "| --- | --- | --- | --- | --- |", ...shown(rows)].join("\n"),
  ];
}

function evidence({ run_id, git, log, plan, status }: Proof): string {
  const lines = [
    `run ${code(run_id)}, ${status}`,
    ...(git === null ? [] : [`head ${code(git.head)}, tree ${code(git.tree)}, base ${code(git.base)}`]),
    `plan sha256 ${code(plan.sha256)}`,
    `log up to event ${log.index}, sum ${code(log.sum)}`,
    `check it: ${code(`omk verify ${run_id}`)}${
      git === null
        ? ""
        : `, or after ${code("omk proof attach")} in any clone ${
          code(`omk verify ${git.head.slice(0, 12)} --key omk.pub`)
        }`
    }`,
  ];
  return `<details><summary>Evidence</summary>\n\n${
    lines.map((line) => `- ${line}`).join("\n")
  }\n\n</details>`;
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`### ${title}`, shown(lines.map((line) => `- ${line}`)).join("\n")];
}

function shown(lines: readonly string[]): readonly string[] {
  if (lines.length <= LINES_SHOWN) return lines;
  return [...lines.slice(0, LINES_SHOWN), `\nand ${lines.length - LINES_SHOWN} more`];
}

/** A name as code; a fence longer than any in it. */
function code(text: string): string {
  const plain = text.replace(/\p{Cc}/gu, "?").replaceAll("|", "\\|");
  const longest = Math.max(0, ...[...plain.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return longest === 0 ? `\`${plain}\`` : `${fence} ${plain} ${fence}`;
}

function cutBody(text: string): string {
  if (text.length <= BODY_CHARACTERS) return text;
  return `${text.slice(0, BODY_CHARACTERS)}\n\n…cut: omk proof has all of it\n`;
}
