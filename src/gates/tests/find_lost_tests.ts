/** Finding lost tests in what a run keeps: the patch, and the lists of tests as files have them. Pure. */

import type { LostTest } from "../../log/kinds.ts";
import { redactText } from "../../log/redact.ts";
import { parseTests } from "./kept_tests.ts";
import { lostTests } from "./lost_tests.ts";

/** What tells of lost tests. */
export interface TestEvidence {
  /** Canonical patch from the base to the result. */
  readonly patch: Uint8Array;
  /** The texts of the lists that gates reported of both. */
  readonly reports: readonly { readonly gate: string; readonly base: string; readonly head: string }[];
}

/** Finds them, as an event tells of them: without secrets. A list that cannot be read holds nothing. */
export function findLostTests({ patch, reports }: TestEvidence): readonly LostTest[] {
  const pairs = reports.map(({ gate, base, head }) => ({
    gate,
    base: parseTests(base) ?? [],
    head: parseTests(head) ?? [],
  }));
  return lostTests({ patch: new TextDecoder().decode(patch), reports: pairs })
    .map((each) => ({ ...each, test: redactText(each.test) }));
}
