/**
 * How much of the faults is run: a share by default, all of it by `deno task faults`. And the counts of what was: a
 * run that says only "passed" might have met nothing.
 */

/** Whether all of it is run. */
export const RUNS_ALL = Deno.env.get("OMK_FAULTS") === "all";

/** Seed of what is random, for a run that is to be repeated. */
export const SEED = Number(Deno.env.get("OMK_TEST_SEED") ?? Math.floor(Math.random() * 2 ** 32));

/** `all` where all of it is run, else `part`. */
export function share<T>(part: T, all: T): T {
  return RUNS_ALL ? all : part;
}

/** Prints the counts of a test, and keeps them where `OMK_FAULTS_COUNTS` names a file. */
export function report(what: string, counts: Readonly<Record<string, number | string>>): void {
  const line = `${what}: ${Object.entries(counts).map(([name, count]) => `${count} ${name}`).join(", ")}`;
  console.log(`    ${line}`);
  const path = Deno.env.get("OMK_FAULTS_COUNTS");
  if (path !== undefined) Deno.writeTextFileSync(path, `${line}\n`, { append: true });
}
