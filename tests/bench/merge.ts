/** What a merge costs without gates: a hundred prepared attempts, beside git's own plumbing and cherry-pick. */

import type { CommitMeta } from "../../src/git/port.ts";
import { type Benchmark, median, report } from "./measure.ts";
import { filePath, git, makeRepository } from "./repository.ts";
import { acquireSlot, holderOf, open, RUN } from "./workspace.ts";

const FILES = 10_000;
const ATTEMPTS = 100;

/** See the module. */
export const mergeBenchmark: Benchmark = {
  name: "merge",
  needsBinary: false,
  async run(runs) {
    const scratch = await Deno.makeTempDir({ prefix: "omk-bench-" });
    const omk: number[] = [];
    const wholes: number[] = [];
    const plumbing: number[] = [];
    const picks: number[] = [];
    try {
      for (let round = 0; round < runs; round++) {
        const root = `${scratch}/${round}`;
        await makeRepository(root, FILES);
        const { each, whole, pins } = await mergeByOmk(root, `${scratch}/state${round}`);
        omk.push(...each);
        wholes.push(whole);
        plumbing.push(...await mergeByPlumbing(root, pins));
        picks.push(...await cherryPick(root, pins));
        await Deno.remove(root, { recursive: true });
      }
    } finally {
      await Deno.remove(scratch, { recursive: true });
    }
    const line = (name: string, values: readonly number[]) =>
      `${name.padEnd(44)} ${median(values).toFixed(1).padStart(6)} ms each, mean ${
        (values.reduce((sum, ms) => sum + ms, 0) / values.length).toFixed(1)
      } ms`;
    report(`${ATTEMPTS} prepared attempts in ${FILES} files (goal: at most 30 ms each without gates)`, [
      line("omk: merge, commit, move head", omk),
      line("omk: all of it, refs published meanwhile", wholes),
      line("git merge-tree, commit-tree, update-ref", plumbing),
      line("git cherry-pick", picks),
    ]);
  },
};

/** Prepares the attempts, each of which changes one file and adds one, and merges them one after the other. */
async function mergeByOmk(
  root: string,
  state: string,
): Promise<{ readonly each: number[]; readonly whole: number; readonly pins: string[] }> {
  const workspace = await open(root, state);
  const { info } = workspace;
  const base = info.head ?? "";
  try {
    await workspace.openRun(RUN, base);
    const meta: CommitMeta = { identity: info.identity, date: 1_767_323_045_000, message: "Work\n" };
    const pins: string[] = [];
    for (let at = 0; at < ATTEMPTS; at++) {
      const slot = await acquireSlot(workspace, base, at);
      await Deno.writeTextFile(`${slot.path}/${filePath(at * 97)}`, `changed by ${at}\n`);
      await Deno.writeTextFile(`${slot.path}/new-${at}.txt`, `new by ${at}\n`);
      const pin = await workspace.pin(slot, holderOf(at), meta, { pin_file_bytes: 1e6 });
      if (pin.commit !== null) pins.push(pin.commit);
      await workspace.release(slot, { setAside: false });
    }
    await workspace.publish(RUN);
    const each: number[] = [];
    const published: Promise<void>[] = [];
    let head = base;
    const began = performance.now();
    for (const pin of pins) {
      const start = performance.now();
      const merged = await workspace.merge(head, pin, base, meta);
      if (merged.kind !== "merged") throw new Error(`Attempt ${pin} conflicts: ${merged.detail}`);
      await workspace.advanceHead(RUN, head, merged.commit);
      each.push(performance.now() - start);
      // As in a run, where the next merge does not wait for it.
      published.push(workspace.publish(RUN));
      head = merged.commit;
    }
    await Promise.all(published);
    const whole = (performance.now() - began) / ATTEMPTS;
    return { each, whole, pins };
  } finally {
    await workspace.close();
  }
}

async function mergeByPlumbing(root: string, pins: readonly string[]): Promise<number[]> {
  const each: number[] = [];
  let head = await git(root, "rev-parse", "HEAD");
  for (const pin of pins) {
    const start = performance.now();
    const tree = await git(root, "merge-tree", "--write-tree", head, pin);
    head = await git(root, "commit-tree", tree, "-p", head, "-m", "Work");
    await git(root, "update-ref", "refs/bench/head", head);
    each.push(performance.now() - start);
  }
  return each;
}

async function cherryPick(root: string, pins: readonly string[]): Promise<number[]> {
  const each: number[] = [];
  for (const pin of pins) {
    const start = performance.now();
    await git(root, "cherry-pick", pin);
    each.push(performance.now() - start);
  }
  return each;
}
