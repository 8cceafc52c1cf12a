/** Acceptance criteria that a command can check become gates; the others are a checklist for people and reviewers. Pure. */

/** A criterion that is a command: behind a prompt sign, or as a whole a span of code. */
const COMMAND = /^\s*(?:\$\s+(\S[^\n]*?)|`([^`\n]+)`)\s*$/;

/** The command that a criterion is; undefined where it is none. */
export function criterionCommand(criterion: string): string | undefined {
  const match = COMMAND.exec(criterion);
  return match?.[1] ?? match?.[2]?.trim();
}

/** A task as it is written, with its criteria sorted. What is none of a known form is left for whoever checks it. */
export function sortCriteria(task: unknown): unknown {
  if (!isObject(task) || !isTexts(task.acceptance_criteria)) return task;
  const { acceptance_criteria: criteria, ...rest } = task;
  const commands = criteria.flatMap((each) => criterionCommand(each) ?? []);
  if (commands.length === 0) return task;
  const checklist = criteria.filter((each) => criterionCommand(each) === undefined);
  const gates = Array.isArray(task.gates) ? task.gates : [];
  return {
    ...rest,
    ...(checklist.length === 0 ? {} : { acceptance_criteria: checklist }),
    gates: [...gates, ...commands.map((command, at) => ({ name: `${task.id}-check-${at + 1}`, command }))],
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}
