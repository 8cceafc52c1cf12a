/** Slots that are made, used and removed all at once, while the user's git cleans up in the same repository. */

import { assert, assertEquals } from "@std/assert";
import { openGitAccess } from "../../src/git/git_access.ts";
import { listSlots, removeSlot } from "../../src/git/retention.ts";
import type { GitWorkspace } from "../../src/git/workspace.ts";
import { holder, LIMITS, meta, sh, slotRequest, TestRepository } from "../git/fixture.ts";
import { report, share } from "./share.ts";

const RUN = holder().run_id;
const SLOTS = share(12, 64);
const ROUNDS = share(2, 20);
/** Each stands for an omk process: it knows of the others through their locks alone. */
const PROCESSES = 4;

Deno.test("P6, P13: slots added, removed and pruned at once while the user's git cleans up all work", async () => {
  await using repository = await TestRepository.create({
    "a.txt": "one\n",
    "src/b.txt": "two\n",
    ".gitignore": "*.log\n",
  });
  const base = await repository.git("rev-parse", "HEAD");
  await repository.git("branch", "topic");
  await repository.write({ "a.txt": "stashed\n" });
  await repository.git("stash");
  await repository.write({ "a.txt": "dirty\n" });
  const before = await stateOf(repository);
  const workspaces: GitWorkspace[] = [];
  for (let at = 0; at < PROCESSES; at++) workspaces.push(await repository.workspace());
  const [first] = workspaces;
  assert(first);
  await first.openRun(RUN, base);
  let isOver = false;
  const cleanups = cleanUp(repository, () => isOver);
  // It is awaited in the end; until then a failure of it must not end the process.
  cleanups.catch(() => {});
  const counts = { slots: 0, removed: 0, cleanups: 0 };
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const results = await Promise.allSettled(
        Array.from({ length: SLOTS }, async (_, at) => {
          const workspace = workspaces[at % PROCESSES];
          assert(workspace);
          await useSlot(workspace, base, round, at);
          counts.slots++;
          // Some go at once, by a process that did not hold them, while others are being made.
          const other = workspaces[(at + 1) % PROCESSES];
          if (at % 3 === 0 && other !== undefined) {
            const removal = await removeSlot(other.pool, `w${1 + at % SLOTS}`, false);
            if (removal.kind === "removed") counts.removed++;
          }
        }),
      );
      assertEquals(results.flatMap((each) => each.status === "rejected" ? [String(each.reason)] : []), []);
    }
  } finally {
    isOver = true;
    counts.cleanups = await cleanups;
  }
  assert(counts.cleanups > 0);
  assertEquals(await stateOf(repository), before);
  assertEquals(await repository.git("fsck", "--full", "--strict", "--no-dangling"), "");
  assertEquals(await first.hub.text(["fsck", "--full", "--no-dangling"]), "");
  // Where there are very many, some have been gathered under one ref.
  const pins = await openGitAccess(first.hub.info).refs(`refs/omk/${RUN}/`);
  for (let round = 0; round < ROUNDS; round++) {
    for (let at = 0; at < SLOTS; at++) {
      const pin = pins.get(`refs/omk/${RUN}/task/t${at}/${round + 1}/pin`);
      assertEquals(await repository.git("show", `${pin}:new.txt`), `by ${at} in ${round}`);
    }
  }
  assertEquals((await listSlots(first.pool)).filter(({ state }) => state !== "free"), []);
  report("storm of worktrees", { ...counts, pins: ROUNDS * SLOTS });
});

async function useSlot(workspace: GitWorkspace, base: string, round: number, at: number): Promise<void> {
  const whose = holder(`t${at}`, round + 1);
  const slot = await workspace.acquire(slotRequest(base, { holder: whose }));
  const seen = await sh(slot.path, "git status --porcelain; git rev-parse HEAD; cat a.txt src/b.txt; ls");
  assertEquals(seen, `${base}\none\ntwo\na.txt\nsrc`);
  // What a task does to its own worktree list must reach no other.
  await sh(
    slot.path,
    `echo 'by ${at} in ${round}' > new.txt; echo changed > src/b.txt; echo noise > build.log
     git add -A; git -c user.name=x -c user.email=x@x commit -qm mine; git worktree prune; ! git gc -q --prune=now; git repack -adq; git prune`,
  );
  const pin = await workspace.pin(slot, whose, meta(), LIMITS);
  assertEquals(pin.changed.map(({ path }) => path), ["new.txt", "src/b.txt"]);
  await workspace.publish(RUN);
  await workspace.release(slot, { setAside: false });
}

/** Runs the user's clean-ups until it is over; resolves with how many there were. */
async function cleanUp(repository: TestRepository, isOver: () => boolean): Promise<number> {
  const commands = [
    ["gc", "--quiet"],
    ["worktree", "prune"],
    ["pack-refs", "--all"],
    ["worktree", "add", "--quiet", "--detach", `${repository.directory}/own`],
    ["worktree", "remove", "--force", `${repository.directory}/own`],
    // In the background it would run beside the next one of these, which git itself does not bear.
    ["-c", "gc.autoDetach=false", "gc", "--auto"],
  ];
  let count = 0;
  while (!isOver()) {
    for (const command of commands) {
      await repository.git(...command);
      count++;
    }
  }
  return count;
}

/** What belongs to the user: files, index, configuration, stash and refs. */
async function stateOf(repository: TestRepository): Promise<ReadonlyMap<string, string>> {
  const contents = await repository.contents();
  const state = new Map(
    [...contents].filter(([path]) => !/^\.git\/(refs|packed-refs|objects|info\/refs|worktrees)/.test(path)),
  );
  const refs = await repository.git("for-each-ref", "--format=%(refname) %(objectname)");
  state.set("refs", refs.split("\n").filter((line) => !line.startsWith("refs/omk/")).join("\n"));
  return state;
}
