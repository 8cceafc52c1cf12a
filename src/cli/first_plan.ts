/** The text of a first plan: what `omk init` writes. Pure. */

import type { Command, GateSpec } from "../plan/spec.ts";
import type { WorktreeSetup } from "../run/worktree_setup.ts";

/** What a first plan is made from. */
export interface FirstPlan {
  readonly name: string;
  /** Whether tasks can have worktrees of their own. */
  readonly inRepository: boolean;
  /** The gates that were found in the project. */
  readonly gates: readonly GateSpec[];
  /** How a fresh worktree becomes fit for the gates; null where nothing is to be done. */
  readonly setup: WorktreeSetup | null;
}

/** JSON with comments that loads as a plan. */
export function firstPlanText(plan: FirstPlan): string {
  const parts = [
    `  "version": 1,\n  "name": ${JSON.stringify(plan.name)},`,
    ...(plan.inRepository ? setupPart(plan.setup) : [IN_PLACE]),
    gatesPart(plan.gates),
    tasksPart(plan.inRepository),
  ];
  return `${HEADER}\n{\n${parts.join("\n\n")}\n}\n`;
}

const HEADER = `// What is to be done, as tasks, and what its result must pass, as gates.
//
//   omk run --dry-run   check this file, and show the order
//   omk run             do it
//   omk status          see how it stands
//   omk merge           deliver the result to your branch; until then your checkout stays as it is
//   omk help plan       all fields that there are
//   omk schema --write  let your editor complete and check this file`;

const IN_PLACE =
  `  // There is no git repository here, so tasks work in this directory itself, and nothing is merged or undone.
  "defaults": { "isolation": "none" },`;

function setupPart(setup: WorktreeSetup | null): readonly string[] {
  if (setup === null) return [];
  const keep = setup.keep.length === 0 ? "" : `, "keep": ${JSON.stringify(setup.keep)}`;
  return [
    `  // Each task works in a git worktree of its own, without the files that git ignores. This makes it fit for work,
  // once, and again when ${setup.lockFile} changes.
  "worktree": { "setup": ${JSON.stringify(setup.command)}${keep} },`,
  ];
}

function gatesPart(gates: readonly GateSpec[]): string {
  if (gates.length === 0) {
    return `  // No checks were found in this project. A run without gates can pass, but it proves nothing:
  // "gates": [{ "name": "test", "command": "make test" }],`;
  }
  const lines = gates.map((gate) => `    { ${gateFields(gate).join(", ")} }`);
  return `  // Found in this project. Each must exit with 0 on the result of all tasks before the run counts as ready.
  "gates": [\n${lines.join(",\n")}\n  ],`;
}

function gateFields(gate: GateSpec): readonly string[] {
  return [
    `"name": ${JSON.stringify(gate.name)}`,
    `"command": ${commandText(gate.command)}`,
    ...(gate.output_fails ? [`"output_fails": true`] : []),
  ];
}

function commandText(command: Command): string {
  return typeof command === "string"
    ? JSON.stringify(command)
    : `[${command.map((part) => JSON.stringify(part)).join(", ")}]`;
}

function tasksPart(inRepository: boolean): string {
  const list = inRepository ? "git ls-files" : "ls";
  return `  // Two examples that work. Replace them by your own.
  "tasks": [
    {
      "id": "count",
      "name": "Count the files",
      // A shell command; it must exit with 0. What it changes becomes part of the result.
      "run": "${list} | wc -l > omk-example.txt",
      // The only paths that it may change.
      "write_set": ["omk-example.txt"]
    },
    {
      "id": "check",
      "name": "Check that something was counted",
      // Starts when these are done, and sees what they have changed.
      "dependencies": ["count"],
      "run": "test -s omk-example.txt && cat omk-example.txt",
      "write_set": []
    }
  ]`;
}
