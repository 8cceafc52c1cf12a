/** What earlier runs know of the tests of a tree, so that a gate need not run at the base of each run again. */

import { sha256 } from "../digest.ts";
import { parseTests } from "../gates/tests/kept_tests.ts";
import type { ReportedTest } from "../gates/tests/lost_tests.ts";
import { PROOF_FILE } from "../proof/files.ts";
import { type Proof, proofSchema } from "../proof/schema.ts";
import { readIfThere } from "../read_if_there.ts";
import { runDirectory } from "./directory.ts";
import { listRunIds } from "./find_run.ts";

/** How many runs are looked at, the newest first. */
const RUNS_LOOKED_AT = 20;

/** The tests of a tree, as an earlier run of this place has them. */
export interface EarlierTests {
  /**
   * What a gate reported of a tree; null where no run of late has run it there.
   *
   * @param definition digest of the gate's definition
   */
  find(
    definition: string,
    tree: string,
  ): Promise<{ readonly run: string; readonly tests: readonly ReportedTest[] } | null>;
}

/** Looks in the proofs of the runs below omk's home, but for the run itself. */
export function earlierTestsIn(home: string, runId: string): EarlierTests {
  return {
    async find(definition, tree) {
      const ids = (await listRunIds(home)).filter((id) => id !== runId).toReversed();
      for (const run of ids.slice(0, RUNS_LOOKED_AT)) {
        const { path } = runDirectory(home, run);
        const text = await readIfThere(`${path}/${PROOF_FILE}`);
        const proof = text === null ? null : proofIn(text);
        const list = proof === null ? undefined : listOf(proof, definition, tree);
        const tests = list === undefined ? null : await readList(path, list);
        if (tests !== null) return { run, tests };
      }
      return null;
    },
  };
}

interface KeptList {
  readonly path: string;
  readonly sha256: string;
}

/** A file that is no proof of this format tells nothing: the gate is run instead. */
function proofIn(text: string): Proof | null {
  try {
    return proofSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function listOf({ gates, tests, artifacts }: Proof, definition: string, tree: string): KeptList | undefined {
  const gate = gates.find((each) => each.definition === definition && each.scope === "run");
  if (gate === undefined) return undefined;
  const path = gate.tree === tree
    ? gate.tests
    : tests?.base === tree
    ? tests.reports.find((each) => each.gate === gate.name)?.base
    : undefined;
  return artifacts.find((artifact) => artifact.path === path);
}

/** The list, if it is still the one that its proof names. */
async function readList(directory: string, list: KeptList): Promise<readonly ReportedTest[] | null> {
  const text = await readIfThere(`${directory}/${list.path}`);
  return text === null || sha256(text) !== list.sha256 ? null : parseTests(text);
}
