/** Makes each mutant in a copy of the source, and sees whether the simulation there finds it. */

import { dirname, fromFileUrl, join } from "@std/path";
import { type Mutant, MUTANTS } from "./mutants.ts";

const ROOT = dirname(dirname(dirname(fromFileUrl(import.meta.url))));
/** What a copy has to hold: the code, the simulation, and what it uses of the other tests. */
const COPIED = ["src", "tests/simulation", "tests/run/fixture.ts", "scripts/simulate.ts"];
/** In how many seeds a mutant has to be found. */
const SEEDS = 200;
/** Plans as large as those of a campaign: in smaller ones too few tasks wait at once for some mistakes to show. */
const LARGEST = 200;
/** The simulation of all seeds takes much less: a seed that hangs is found long before, and counts as broken. */
const LIMIT_MS = 900_000;

/** What became of a mutant. */
export interface MutantEnd {
  readonly name: string;
  /** The rule that was broken; null where none was. */
  readonly killedBy: string | null;
}

/** A change of source that fits no more. */
export class MutantError extends Error {
  override readonly name = "MutantError";
}

/** The source of a file with the mistake in it; throws a `MutantError` where the text does not occur exactly once. */
export function mutate(source: string, mutant: Mutant): string {
  const parts = source.split(mutant.text);
  if (parts.length !== 2) {
    throw new MutantError(
      `Cannot make mutant "${mutant.name}" in ${mutant.file}: its text occurs ${
        parts.length - 1
      } times, not once`,
    );
  }
  return parts.join(mutant.replacement);
}

/** The source of the file of a mutant as it is. */
export async function sourceOf(mutant: Mutant): Promise<string> {
  return await Deno.readTextFile(join(ROOT, mutant.file));
}

/** Kills mutants, `jobs` at once, and tells of each as soon as it is known. */
export async function killMutants(
  options: { readonly mutants?: readonly Mutant[]; readonly jobs: number },
  tell: (end: MutantEnd) => void,
): Promise<void> {
  const waiting = [...options.mutants ?? MUTANTS];
  await Promise.all(Array.from({ length: options.jobs }, () => killFrom(waiting, tell)));
}

/** Takes mutant after mutant, all in one copy. */
async function killFrom(waiting: Mutant[], tell: (end: MutantEnd) => void): Promise<void> {
  const copy = await Deno.makeTempDir({ prefix: "omk-mutants-" });
  try {
    for (const path of COPIED) await copyTree(join(ROOT, path), join(copy, path));
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const file = join(copy, mutant.file);
      const source = await Deno.readTextFile(file);
      await Deno.writeTextFile(file, mutate(source, mutant));
      tell({ name: mutant.name, killedBy: await findMistake(copy) });
      await Deno.writeTextFile(file, source);
    }
  } finally {
    await Deno.remove(copy, { recursive: true });
  }
}

/** The rule that is broken first; null where none is. */
async function findMistake(copy: string): Promise<string | null> {
  const args = ["--stop", "--jobs", "1", "--seeds", String(SEEDS), "--largest", String(LARGEST)];
  const script = join(copy, "scripts/simulate.ts");
  const { success, signal, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--config", join(ROOT, "deno.json"), script, ...args],
    stdin: "null",
    signal: AbortSignal.timeout(LIMIT_MS),
  }).output();
  if (signal !== null) {
    throw new MutantError(`Cannot simulate in ${copy}: it took longer than ${LIMIT_MS} ms`);
  }
  if (success) return null;
  const text = new TextDecoder();
  const broken = /^seed \d+: .*/m.exec(text.decode(stdout))?.[0];
  // Only a broken rule kills: a copy that does not even run proves nothing.
  if (broken === undefined) {
    throw new MutantError(`Cannot simulate in ${copy}: ${text.decode(stderr).slice(-500)}`);
  }
  return broken;
}

async function copyTree(from: string, to: string): Promise<void> {
  if ((await Deno.stat(from)).isFile) {
    await Deno.mkdir(dirname(to), { recursive: true });
    await Deno.copyFile(from, to);
    return;
  }
  await Deno.mkdir(to, { recursive: true });
  for await (const entry of Deno.readDir(from)) await copyTree(join(from, entry.name), join(to, entry.name));
}
