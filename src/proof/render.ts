/** A proof for people: as plain text and as Markdown. Pure; colours and widths are the caller's. */

import { findingText } from "../log/review_finding.ts";
import { escapeMarkdown as escape, oneLine, testsText } from "./markdown.ts";
import type { Proof } from "./schema.ts";

/** A part of a proof: a heading and its lines; one without lines says what `none` says. */
interface Section {
  readonly title: string;
  readonly lines: readonly string[];
  readonly none: string;
}

/** So many lines of a section are shown; the rest is counted. */
const LINES_SHOWN = 30;

/** How much of a commit or tree id is shown. */
const ID_LENGTH = 12;

/** How lengths of time are written; takes milliseconds. */
export type FormatDuration = (ms: number) => string;

/** The proof as plain text. */
export function renderText(proof: Proof, duration: FormatDuration): string {
  const parts = [
    `run ${proof.run_id} (${proof.name}): ${proof.status}`,
    proof.summary,
    ...sectionsOf(proof, duration).map(({ title, lines, none }) =>
      lines.length === 0
        ? `${title}: ${none}`
        : `${title}:\n${shown(lines).map((line) => `  ${line}`).join("\n")}`
    ),
  ];
  return `${parts.map(flat).join("\n\n")}\n`;
}

/** The proof as Markdown. */
export function renderMarkdown(proof: Proof, duration: FormatDuration): string {
  const parts = [
    `# Run ${escape(proof.run_id)}: ${proof.status}`,
    `**${escape(proof.name)}**: ${escape(proof.summary)}`,
    ...sectionsOf(proof, duration).map(({ title, lines, none }) => {
      const body = lines.length === 0
        ? escape(none)
        : shown(lines).map((line) => `- ${escape(line)}`).join("\n");
      return `## ${capital(title)}\n\n${body}`;
    }),
  ];
  return `${parts.join("\n\n")}\n`;
}

/** What somebody who comes back to a run wants to see, in that order. */
function sectionsOf(proof: Proof, duration: FormatDuration): readonly Section[] {
  return [
    {
      title: "attempted",
      lines: proof.tasks.filter((task) => task.attempts > 0).map((task) => taskLine(task, duration)),
      none: "nothing",
    },
    { title: "changed", lines: changedLines(proof), none: "nothing" },
    { title: "passed", lines: passedLines(proof, duration), none: "nothing" },
    {
      title: "failed",
      lines: proof.failed.map((each) =>
        `${each.kind} "${each.name}": ${each.reason}${each.required ? "" : " (not required)"}`
      ),
      none: "nothing",
    },
    {
      title: "not tested",
      lines: proof.not_tested.map(({ what, reason }) => `${what}: ${reason}`),
      none: "nothing",
    },
    {
      title: "needs a person",
      lines: proof.needs_a_person.map((
        { task_id, what },
      ) => (task_id === null ? what : `task "${task_id}": ${what}`)),
      none: "nothing",
    },
    ...reviewSections(proof),
    ...pickSections(proof),
    { title: "retries", lines: retryLines(proof), none: "none" },
    { title: "known gaps", lines: proof.known_gaps, none: "none" },
    {
      title: "cost",
      lines: proof.usage.map((each) => usageLine(each, duration)),
      none: "nothing was measured",
    },
    { title: "evidence", lines: evidenceLines(proof), none: "none" },
    {
      title: "may be merged",
      lines: [`${proof.merge.allowed ? "yes" : "no"}: ${proof.merge.reason}`],
      none: "no",
    },
  ];
}

function taskLine(task: Proof["tasks"][number], duration: FormatDuration): string {
  const count = `${task.attempts} ${task.attempts === 1 ? "attempt" : "attempts"}`;
  const took = task.duration_ms === null ? "" : `, ${duration(task.duration_ms)}`;
  const reason = task.reason === null ? "" : `: ${task.reason}`;
  return `${task.id}: ${task.state} (${count}${took})${reason}`;
}

function changedLines({ changed }: Proof): readonly string[] {
  const lines = changed.paths.map(({ path, change, tasks }) =>
    `${change} ${path} (${[...new Set(tasks)].join(", ")})`
  );
  return changed.complete ? lines : [...lines, "and more, which git tells"];
}

function passedLines(proof: Proof, duration: FormatDuration): readonly string[] {
  const gates = proof.gates.filter((gate) => gate.scope === "run" && gate.result === "passed").map((gate) => {
    const counts = gate.counts === null
      ? ""
      : `, ${testsText(gate.counts.tests)}, ${gate.counts.failures} failed, ${gate.counts.skipped} skipped`;
    const tree = gate.tree === null ? "" : ` on tree ${gate.tree.slice(0, ID_LENGTH)}`;
    const flaky = gate.flaky === true
      ? `, but it failed on this tree before: run ${gate.run_number} passed`
      : "";
    return `gate "${gate.name}"${tree} (${duration(gate.duration_ms ?? 0)}${counts}${flaky})`;
  });
  const tasks = proof.passed.tasks.length;
  return tasks === 0
    ? gates
    : [`${tasks} ${tasks === 1 ? "task" : "tasks"}: ${proof.passed.tasks.join(", ")}`, ...gates];
}

/** Nothing where no review was made. */
function reviewSections({ reviews = [] }: Proof): readonly Section[] {
  if (reviews.length === 0) return [];
  const lines = reviews.flatMap((each) => [
    `review "${each.review}", round ${each.round}, of task "${each.task_id}", attempt ${each.attempt}: ${each.verdict}`,
    ...each.findings.map((finding) => `${finding.severity} by "${each.review}": ${findingText(finding)}`),
  ]);
  return [{ title: "reviews", lines, none: "none" }];
}

/** Nothing where no candidates competed. */
function pickSections({ picks = [] }: Proof): readonly Section[] {
  if (picks.length === 0) return [];
  const lines = picks.map((each) =>
    `task "${each.task_id}": candidate "${each.picked}", attempt ${each.attempt}: ${each.reason}`
  );
  return [{ title: "picked", lines, none: "none" }];
}

function retryLines(proof: Proof): readonly string[] {
  return [
    ...proof.retries.map((each) =>
      `task "${each.task_id}" after attempt ${each.attempt} (${each.class}): ${each.reason}`
    ),
    ...proof.refused_results.map((each) =>
      `task "${each.task_id}": a late result of attempt ${each.attempt} was refused: ${each.reason}`
    ),
  ];
}

function usageLine({ metric, amount, quality }: Proof["usage"][number], duration: FormatDuration): string {
  if (amount === null) return `${metric}: unknown`;
  return metric.endsWith("_ms")
    ? `${metric.slice(0, -3)}: ${duration(amount)} (${quality})`
    : `${metric}: ${amount} (${quality})`;
}

function evidenceLines(proof: Proof): readonly string[] {
  const { git } = proof;
  const delivered = git === null ? ["no tree is delivered"] : [
    `base ${git.base}${git.branch === null ? "" : ` of ${git.branch}`}${
      git.snapshot ? " (with uncommitted changes)" : ""
    }`,
    `head ${git.head}`,
    `tree ${git.tree}`,
  ];
  return [
    ...delivered,
    `plan sha256 ${proof.plan.sha256}`,
    ...additionLines(proof),
    `log up to event ${proof.log.index}, sum ${proof.log.sum}`,
    `${proof.artifacts.length} ${proof.artifacts.length === 1 ? "artifact" : "artifacts"} with their digests`,
    `${proof.times.started_at} to ${proof.times.finished_at}`,
    `omk ${proof.versions.omk}, ${proof.versions.runtime}, git ${
      proof.versions.git ?? "none"
    }, ${proof.versions.os}`,
  ];
}

/** The tasks that were not in the plan. */
function additionLines({ plan: { additions } }: Proof): readonly string[] {
  if (additions === undefined) return [];
  const told = additions.tasks.map(({ id, proposed_by }) => `${id} by ${proposed_by}`).join(", ");
  return [`tasks that tasks have added: ${told}; sha256 ${additions.sha256}`];
}

function shown(lines: readonly string[]): readonly string[] {
  if (lines.length <= LINES_SHOWN) return lines.map(oneLine);
  return [...lines.slice(0, LINES_SHOWN).map(oneLine), `and ${lines.length - LINES_SHOWN} more`];
}

function flat(part: string): string {
  return part.split("\n").map((line) => line.replace(/\p{Cc}/gu, "?")).join("\n");
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
