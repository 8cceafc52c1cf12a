/**
 * Deliberate mistakes in the fold and the scheduler, as changes of their source: the simulation has to find each. They
 * stand by their subject in `mutants/`.
 */

import { DECISION_MUTANTS } from "./mutants/decisions.ts";
import { DISPATCH_MUTANTS } from "./mutants/dispatch.ts";
import { FOLD_MUTANTS } from "./mutants/fold.ts";
import { MERGING_MUTANTS } from "./mutants/merging.ts";
import { PROPOSAL_MUTANTS } from "./mutants/proposals.ts";
import { SUPERVISION_MUTANTS } from "./mutants/supervision.ts";
import type { Mutant } from "./mutants/mutant.ts";

export type { Mutant };

/** All of them. */
export const MUTANTS: readonly Mutant[] = [
  ...FOLD_MUTANTS,
  ...DISPATCH_MUTANTS,
  ...DECISION_MUTANTS,
  ...PROPOSAL_MUTANTS,
  ...MERGING_MUTANTS,
  ...SUPERVISION_MUTANTS,
];
