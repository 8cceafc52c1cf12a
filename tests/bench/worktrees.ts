/** Worktrees in a large repository beside plain `git worktree`, and what twenty thousand attempts leave to the user. */

import { discoverRepository } from "../../src/git/repository.ts";
import { openWorkspace } from "../../src/git/workspace.ts";
import type { GitWorkspace } from "../../src/git/workspace.ts";
import { type Benchmark, BINARY, execute, median, report } from "./measure.ts";
import { filePath, git, makeRepository } from "./repository.ts";

const FILES = 50_000;
const TASKS = 200;
/** The plain way takes minutes for all of them, and the same for each. */
const PLAIN_TASKS = 20;
const ATTEMPTS = 20_000;
/** Files of the repository in which so many attempts are made; their cost is not what is measured. */
const SMALL_FILES = 200;
/** Attempts that are under way at once. */
const AT_ONCE = 4;
const RUN = "20260102-030405-abcd";
const WORKTREE = { setup: null, setup_inputs: [], keep: [], copy: [] };

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
      await manyAttempts(`${scratch}/small`, `${scratch}/state2`, runs);
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

async function manyAttempts(root: string, state: string, runs: number): Promise<void> {
  await makeRepository(root, SMALL_FILES);
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
        await Deno.writeTextFile(`${slot.path}/${filePath(at % SMALL_FILES)}`, `changed in ${at}\n`);
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

async function open(root: string, state: string): Promise<GitWorkspace> {
  return await openWorkspace(await discoverRepository(root), {
    env: { XDG_STATE_HOME: state },
    findSecrets: () => false,
  });
}

function holderOf(at: number) {
  return { run_id: RUN, task_id: `t${at}`, attempt: 1, token: at + 1 };
}

function acquireSlot(workspace: GitWorkspace, base: string, at: number) {
  return workspace.acquire({
    kind: "task",
    holder: holderOf(at),
    base,
    worktree: WORKTREE,
    restore: [],
    runSetup: () => Promise.resolve({ exit_code: 0, output_tail: "" }),
  });
}

async function pinAndRelease(
  workspace: GitWorkspace,
  slot: Awaited<ReturnType<typeof acquireSlot>>,
  at: number,
): Promise<void> {
  const meta = { identity: workspace.info.identity, date: 1_767_323_045_000, message: `Attempt ${at}\n` };
  await workspace.pin(slot, holderOf(at), meta, { pin_file_bytes: 1e6 });
  await workspace.publish(RUN);
  await workspace.release(slot, { setAside: false });
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await action();
  return performance.now() - start;
}
