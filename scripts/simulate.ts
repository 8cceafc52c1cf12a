/**
 * Simulates runs: the real fold, scheduler and controller against random plans and faults, checked after each event.
 * Exit code 0 only if no rule was broken and, where that is asked for, everything was reached or every mutant killed.
 */

import { parseArgs } from "@std/cli/parse-args";
import { simulateCampaign } from "../tests/simulation/campaign.ts";
import { killMutants } from "../tests/simulation/kill_mutants.ts";
import type { Totals } from "../tests/simulation/totals.ts";

const HELP = `Simulates runs with random plans and faults, each from one seed.

Usage: deno task simulate [options]

  --seeds N       How many seeds (default: 200)
  --from SEED     The first seed (default: 1)
  --seed S        This seed alone
  --full          Plans of up to 2,000 tasks instead of 200
  --largest N     Plans of up to N tasks
  --complete      As many seeds as it takes to simulate 1,000,000 events, each kind of fault 1,000 times, every legal
                  transition and every reason of a refusal; fails where twenty minutes, many times
                  what that takes, are not enough
  --stop          Stop at the first seed that breaks a rule
  --jobs N        How many threads simulate (default: one per core)
  --mutants       Make deliberate mistakes in the scheduler, and see that 200 seeds find each of them
  --verbose       Also print how often each transition, refusal and status was reached`;

const COMPLETE_EVENTS = 1_000_000;
/** Only a machine that is much too slow comes to it: the normal end is that everything was seen. */
const COMPLETE_MS = 1_200_000;
/** Plans larger than this need their time: minutes on a machine that is busy. */
const LARGE = 200;
const LARGE_HANG_MS = 900_000;

interface Options {
  readonly seeds: number;
  readonly from: number;
  readonly largest: number;
  readonly jobs: number;
  readonly isComplete: boolean;
  readonly stops: boolean;
  readonly isVerbose: boolean;
}

async function run(options: Options): Promise<number> {
  const deadline = performance.now() + COMPLETE_MS;
  const totals = await simulateCampaign({
    ...options,
    ...(options.largest > LARGE ? { hangMs: LARGE_HANG_MS } : {}),
    goesOn: (so_far, started) => {
      if (options.stops && so_far.broken.length > 0) return false;
      if (!options.isComplete) return started < options.seeds;
      return performance.now() < deadline && so_far.missing(COMPLETE_EVENTS).length > 0;
    },
  });
  for (const { seed, violations } of totals.broken) {
    console.log(`seed ${seed}: ${violations[0]}`);
    console.log(`  replay: deno task simulate --seed ${seed} --largest ${options.largest}`);
  }
  if (options.isVerbose || options.isComplete) printCounts(totals);
  const missing = options.isComplete ? totals.missing(COMPLETE_EVENTS) : [];
  for (
    const each of [
      ...missing,
      ...totals.unknownRefusals().map((reason) => `unknown refusal "${reason}"`),
    ]
  ) {
    console.log(`missing: ${each}`);
  }
  console.log(totals.summary());
  return totals.broken.length === 0 && missing.length === 0 ? 0 : 1;
}

function printCounts(totals: Totals): void {
  const parts = [
    ["transitions", totals.transitions],
    ["refusals", totals.refusals],
    ["ends", totals.statuses],
  ] as const;
  for (const [name, counts] of parts) {
    console.log(`${name}: ${[...counts].map(([what, count]) => `${what} ${count}`).join("; ")}`);
  }
  console.log(`decisions compared with the model: ${totals.decisions}`);
}

async function runMutants(jobs: number): Promise<number> {
  let survivors = 0;
  let count = 0;
  await killMutants({ jobs }, ({ name, killedBy }) => {
    count += 1;
    if (killedBy === null) survivors += 1;
    console.log(killedBy === null ? `SURVIVED: ${name}` : `killed: ${name} (${killedBy})`);
  });
  console.log(`mutants: ${count - survivors} of ${count} killed`);
  return survivors === 0 ? 0 : 1;
}

function numberOf(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  console.error(`error: --${name} takes a whole number from 1 on, not "${text}"`);
  Deno.exit(2);
}

if (import.meta.main) {
  const args = parseArgs(Deno.args, {
    boolean: ["full", "complete", "stop", "mutants", "verbose", "help"],
    string: ["seeds", "from", "seed", "largest", "jobs"],
    unknown(arg) {
      console.error(`error: Unknown option "${arg}"; see --help`);
      Deno.exit(2);
    },
  });
  if (args.help) {
    console.log(HELP);
    Deno.exit(0);
  }
  const isSingle = args.seed !== undefined;
  const jobs = isSingle ? 1 : numberOf("jobs", args.jobs ?? String(navigator.hardwareConcurrency));
  if (args.mutants) Deno.exit(await runMutants(jobs));
  Deno.exit(
    await run({
      seeds: isSingle ? 1 : numberOf("seeds", args.seeds ?? "200"),
      from: numberOf("from", args.seed ?? args.from ?? "1"),
      largest: numberOf("largest", args.largest ?? (args.full ? "2000" : "200")),
      jobs,
      isComplete: args.complete,
      stops: args.stop,
      isVerbose: args.verbose || isSingle,
    }),
  );
}
