/** What twenty thousand attempts leave to the user: how long git takes in their checkout, before and after. */

import { type Benchmark, median, report } from "./measure.ts";
import { filePath, git, makeRepository } from "./repository.ts";
import { acquireSlot, open, pinAndRelease, RUN, timed } from "./workspace.ts";

const ATTEMPTS = 20_000;
/** Files of the repository; their number is not what is measured. */
const FILES = 200;
/** Attempts that are under way at once. */
const AT_ONCE = 4;

/** Every attempt goes through its slot, its pin and its publication, which takes a quarter of an hour for all. */
export const attemptsBenchmark: Benchmark = {
  name: "attempts",
  needsBinary: false,
  async run(runs) {
    const scratch = await Deno.makeTempDir({ prefix: "omk-bench-" });
    try {
      await manyAttempts(`${scratch}/repository`, `${scratch}/state`, runs);
    } finally {
      await Deno.remove(scratch, { recursive: true });
    }
  },
};

async function manyAttempts(root: string, state: string, runs: number): Promise<void> {
  await makeRepository(root, FILES);
  const commands = [["status"], ["log", "-20"], ["log", "-20", "--decorate"]];
  const measureAll = async () => {
    const times = commands.map((): number[] => []);
    for (let round = 0; round < 20 * runs; round++) {
      for (const [at, args] of commands.entries()) times[at]?.push(await timed(() => git(root, ...args)));
    }
    return times.map(median);
  };
  const before = await measureAll();
  const workspace = await open(root, state);
  const base = workspace.info.head ?? "";
  const began = performance.now();
  try {
    await workspace.openRun(RUN, base);
    let next = 0;
    const work = async () => {
      while (next < ATTEMPTS) {
        const at = next++;
        const slot = await acquireSlot(workspace, base, at);
        await Deno.writeTextFile(`${slot.path}/${filePath(at % FILES)}`, `changed in ${at}\n`);
        await pinAndRelease(workspace, slot, at);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  } finally {
    await workspace.close();
  }
  const ms = (performance.now() - began) / ATTEMPTS;
  const after = await measureAll();
  const refs = (await git(root, "for-each-ref", "refs/omk")).split("\n").length;
  report(`${ATTEMPTS} attempts leave the user's commands as fast as before (goal: within 10 %)`, [
    `${refs} refs, made at ${ms.toFixed(1)} ms/attempt, ${AT_ONCE} at once`,
    ...commands.map((args, at) => {
      const [was = 0, is = 0] = [before[at], after[at]];
      return `git ${args.join(" ").padEnd(22)} ${was.toFixed(2)} ms before, ${is.toFixed(2)} ms after: ${
        (is / was).toFixed(2)
      } x`;
    }),
  ]);
}
