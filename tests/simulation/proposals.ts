/** What simulated attempts propose: tasks that fit, and tasks with one thing that does not. */

import type { Plan, ProposalPolicy } from "../../src/plan/spec.ts";
import type { Random } from "./random.ts";

/** A proposed task as an attempt writes it. */
export type Written = Readonly<Record<string, unknown>>;

/** Fields that no task of these plans may have which is proposed. */
const REFUSED: readonly Written[] = [
  { colour: "red" },
  { review: { of: ["t0"] } },
  { gates: [{ name: "own", command: "true", scope: "task" }] },
  { env: { SHARED: { from: "SHARED" } } },
  { sandbox: { network: "none" } },
  { budget: { usd: 99 } },
];

/** The names of these fields. */
export const REFUSED_FIELDS: readonly string[] = REFUSED.flatMap((each) => Object.keys(each));

/** What is made of a proposal that could be accepted, by the name of what becomes wrong with it. */
const FAULTS: { readonly [name: string]: (written: Written, known: string) => Written } = {
  taken: (written, known) => ({ ...written, id: known }),
  case: (written, known) => ({ ...written, id: known.toUpperCase() }),
  form: (written) => ({ ...written, id: "../x" }),
  nothing: ({ run: _, ...written }) => written,
  unknown: (written) => ({ ...written, dependencies: ["nobody"] }),
  itself: (written) => ({ ...written, dependencies: [written["id"]] }),
  twice: (written, known) => ({ ...written, dependencies: [known, known] }),
  pool: (written) => ({ ...written, pool: "nowhere" }),
  field: (written) => ({ ...written, ...REFUSED[Number(String(written["id"]).slice(1)) % REFUSED.length] }),
  isolation: (written) => ({ ...written, isolation: "none" }),
};

/** A policy for the proposals of a plan; most plans have one. */
export function randomPolicy(random: Random, entries: readonly string[]): Pick<Plan, "proposals"> {
  if (random.chance(0.2)) return {};
  const proposals: ProposalPolicy = {
    max_tasks: random.logBetween(1, 20),
    max_depth: random.pick([1, 1, 2, 3]),
    write_set: random.chance(0.7) ? null : [random.pick(entries)],
    links: [],
  };
  return { proposals };
}

/** One to three tasks that may depend on what is `known` and on each other. */
export function randomProposals(
  random: Random,
  known: readonly string[],
  entries: readonly string[],
): Written[] {
  const ids = Array.from({ length: random.between(1, 3) }, () => `p${random.between(0, 400)}`);
  return ids.map((id) => {
    const dependencies = [random.pick(known), random.pick(known), random.pick(ids)]
      .filter((each) => each !== id && random.chance(0.4));
    const written: Written = {
      id,
      run: "true",
      ...(random.chance(0.7) ? { dependencies: [...new Set(dependencies)] } : {}),
      ...(random.chance(0.3) ? { write_set: [random.pick(entries)] } : {}),
      ...(random.chance(0.2) ? { pool: "db" } : {}),
      ...(random.chance(0.3) ? { priority: random.between(0, 3) } : {}),
    };
    const fault = FAULTS[random.pick(Object.keys(FAULTS))];
    return fault === undefined || random.chance(0.7) ? written : fault(written, random.pick(known));
  });
}
