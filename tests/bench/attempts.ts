/** What twenty thousand attempts leave to the user: how long git takes in their checkout, beside one without them. */

import { type Benchmark, execute, measure, report } from "./measure.ts";
import { filePath, git, makeRepository } from "./repository.ts";
import { acquireSlot, open, pinAndRelease, RUN } from "./workspace.ts";

const ATTEMPTS = 20_000;
/** Files of the repository; their number is not what is measured. */
const FILES = 200;
/** Attempts that are under way at once. */
const AT_ONCE = 4;
/** Times that each command is measured for each of `--runs`: one takes milliseconds, and the machine does other things. */
const ROUNDS = 60;

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
  // What the user would have without omk, so that both are measured at the same time.
  const untouched = `${root}.untouched`;
  await execute("cp", ["-a", root, untouched], root);
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
  const refs = (await git(root, "for-each-ref", "refs/omk")).split("\n").length;
  const commands = ["status", "log -20", "log -20 --decorate"];
  // All in turn: what the machine does besides meets them all.
  const wall = await measure(
    commands.flatMap((command) => [
      { name: `${command} without`, run: () => quietly(untouched, command) },
      { name: `${command} with`, run: () => quietly(root, command) },
    ]),
    ROUNDS * runs,
  );
  report(`${ATTEMPTS} attempts leave the user's commands as fast as before (goal: within 10 %)`, [
    `${refs} refs, made at ${ms.toFixed(1)} ms/attempt, ${AT_ONCE} at once`,
    ...commands.map((command) => {
      const without = wall.get(`${command} without`) ?? Number.NaN;
      const touched = wall.get(`${command} with`) ?? Number.NaN;
      const ratio = (touched / without).toFixed(2);
      return `git ${command.padEnd(22)} ${without.toFixed(2)} ms without, ${
        touched.toFixed(2)
      } ms with: ${ratio} x`;
    }),
  ]);
}

async function quietly(root: string, command: string): Promise<void> {
  await git(root, ...command.split(" "));
}
