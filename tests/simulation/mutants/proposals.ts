/** Mistakes in what a task at work may add to the run. */

import type { Mutant } from "./mutant.ts";

const PROPOSALS = "src/scheduler/proposals.ts";

/** See the module. */
export const PROPOSAL_MUTANTS: readonly Mutant[] = [
  {
    name: "more proposals are accepted than the plan says",
    file: PROPOSALS,
    text: "(run.accepted?.length ?? 0) >= max_tasks",
    replacement: "(run.accepted?.length ?? 0) > max_tasks",
  },
  {
    name: "a chain of proposals is one longer than the plan says",
    file: PROPOSALS,
    text: "proposalDepth(proposer) >= max_depth",
    replacement: "proposalDepth(proposer) > max_depth",
  },
  {
    name: "a run that is being cancelled accepts proposals",
    file: PROPOSALS,
    text: "if (run.cancel !== null || run.cancelled) return",
    replacement: "if (run.cancelled) return",
  },
  {
    name: "ids that differ in case only are accepted",
    file: PROPOSALS,
    text: "if (similar !== undefined) {",
    replacement: "if (similar === spec.id) {",
  },
  {
    name: "a proposed task waits for one that is not selected",
    file: PROPOSALS,
    text: "if (!state.index.isSelected(ordinal)) return",
    replacement: "if (ordinal < 0) return",
  },
  {
    name: "a proposed task may write anywhere",
    file: "src/plan/proposal.ts",
    text: "const outside = limit === null ? undefined :",
    replacement: "const outside = limit !== undefined ? undefined :",
  },
  {
    name: "a proposed task has no write set of its own accord",
    file: "src/plan/proposal.ts",
    text: '...(limit === null || proposal["write_set"] !== undefined ? {} : { write_set: limit }),',
    replacement: "",
  },
  {
    name: "proposals are answered before those that they depend on",
    file: PROPOSALS,
    text: "open.find((each) => !waitsForOthers(open, each))",
    replacement: "open[0]",
  },
];
