/** Worktrees in a large repository beside plain `git worktree`. */

import { type Benchmark, BINARY, execute, median, report } from "./measure.ts";
import { filePath, git, makeRepository } from "./repository.ts";
import { acquireSlot, open, pinAndRelease, RUN, timed } from "./workspace.ts";

const FILES = 50_000;
const TASKS = 200;
/** The plain way takes minutes for all of them, and the same for each. */
const PLAIN_TASKS = 20;

/** See the module. */
export const worktreesBenchmark: Benchmark = {
  name: "worktrees",
  needsBinary: true,
  async run(runs) {
    const scratch = await Deno.makeTempDir({ prefix: "omk-bench-" });
    try {
      const root = `${scratch}/large`;
      await makeRepository(root, FILES);
      await handOuts(root, `${scratch}/state`, runs);
      await smallTasks(root, scratch);
    } finally {
      await Deno.remove(scratch, { recursive: true });
    }
  },
};

async function handOuts(root: string, state: string, runs: number): Promise<void> {
  const workspace = await open(root, state);
  const add: number[] = [];
  const remove: number[] = [];
  const acquire: number[] = [];
  const pin: number[] = [];
  const base = workspace.info.head ?? "";
  const plain = `${root}.plain`;
  try {
    await workspace.openRun(RUN, base);
    // Of the first round only what a slot costs once is different: it is left out of the medians.
    for (let round = 0; round <= runs; round++) {
      const times = [add, acquire, pin, remove].map(() => 0);
      times[0] = await timed(() => git(root, "worktree", "add", "--quiet", "--detach", plain));
      await Deno.writeTextFile(`${plain}/${filePath(round)}`, "changed\n");
      times[3] = await timed(() => git(root, "worktree", "remove", "--force", plain));
      let before = performance.now();
      const slot = await acquireSlot(workspace, base, round);
      times[1] = performance.now() - before;
      await Deno.writeTextFile(`${slot.path}/${filePath(round)}`, `changed in ${round}\n`);
      before = performance.now();
      await pinAndRelease(workspace, slot, round);
      times[2] = performance.now() - before;
      if (round === 0) continue;
      for (const [at, list] of [add, acquire, pin, remove].entries()) list.push(times[at] ?? 0);
    }
  } finally {
    await workspace.close();
  }
  const reference = median(add);
  const line = (name: string, values: readonly number[]) => {
    const ms = median(values);
    return `${name.padEnd(36)} ${ms.toFixed(0).padStart(6)} ms  ${(ms / reference).toFixed(2)} x plain add`;
  };
  report(`${FILES} files: handing out a pooled slot (goal: at most 0.25 x a plain add)`, [
    line("git worktree add", add),
    line("git worktree remove", remove),
    line("omk: hand-out", acquire),
    line("omk: pin, publish, release", pin),
  ]);
}

/** Through the whole program, and with nothing but git and a shell. */
async function smallTasks(root: string, scratch: string): Promise<void> {
  const plan = {
    version: 1,
    workers: 2,
    gates: [],
    tasks: Array.from({ length: TASKS }, (_, at) => ({
      id: `t${at}`,
      run: `echo ${at} > ${filePath(at)}`,
    })),
  };
  await Deno.writeTextFile(`${scratch}/omk.jsonc`, JSON.stringify(plan));
  const omk =
    await timed(() =>
      execute(BINARY, ["run", `${scratch}/omk.jsonc`, "--base", "HEAD", "--output", "none"], root)
    ) / TASKS;
  const plain = await timed(async () => {
    for (let at = 0; at < PLAIN_TASKS; at++) {
      const path = `${root}.plain`;
      await git(root, "worktree", "add", "--quiet", "--detach", path);
      await new Deno.Command("sh", { args: ["-c", `echo ${at} > ${filePath(at)}`], cwd: path }).output();
      await git(root, "worktree", "remove", "--force", path);
    }
  }) / PLAIN_TASKS;
  report(`${FILES} files: ${TASKS} small tasks (goal: at most 0.5 x plain add, run, remove)`, [
    `git worktree add, run, remove  ${plain.toFixed(0).padStart(6)} ms/task, from ${PLAIN_TASKS} of them`,
    `omk run, merges included       ${omk.toFixed(0).padStart(6)} ms/task  ${(omk / plain).toFixed(2)} x`,
  ]);
}
