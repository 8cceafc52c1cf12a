/** Disks that fill up in each step of an attempt: checkout, task, pin, commit, and the hand-over to the user's repository. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { Sandbox } from "../e2e/harness.ts";
import { canMount } from "../e2e/mount_namespace.ts";
import { SmallDisk } from "../e2e/small_disk.ts";
import { assertUntouched, userState } from "../e2e/user_state.ts";
import { report, share } from "./share.ts";

/** Where a disk fills up, and who fills it. */
interface Fault {
  readonly step: string;
  /** The directory that is a small disk, relative to the sandbox. */
  readonly disk: string;
  readonly filledBy: "nobody" | "task" | "gate";
}

const WORKTREES = "state/omk";
const HUB = "project/.git/omk/hub.git";
const OBJECTS = "project/.git/objects";

const FAULTS: readonly Fault[] = [
  { step: "checkout", disk: WORKTREES, filledBy: "nobody" },
  { step: "task", disk: WORKTREES, filledBy: "task" },
  { step: "pin", disk: HUB, filledBy: "task" },
  { step: "commit", disk: HUB, filledBy: "gate" },
  { step: "hand-over", disk: OBJECTS, filledBy: "task" },
];

/** More than a disk has to spare, so that a checkout of it, or an object for it, finds no room. */
const WORK_BYTES = 300_000;

function planOf({ filledBy }: Fault, filler: string): unknown {
  const fill = `test $OMK_ATTEMPT -gt 1 || cat /dev/zero > ${filler} 2>/dev/null; true`;
  return {
    version: 1,
    gates: [
      { name: "fills", scope: "task", command: filledBy === "gate" ? fill : "true" },
      { name: "look", command: "test -e work.bin" },
    ],
    tasks: [{
      id: "work",
      run: `echo up; head -c ${WORK_BYTES} /dev/urandom > work.bin && cp work.bin ${"$KEPT"} && ${
        filledBy === "task" ? fill : "true"
      }`,
      gates: ["fills"],
    }],
  };
}

for (const fault of share(FAULTS.filter(({ disk }) => disk === HUB), FAULTS)) {
  Deno.test(
    `P6, P13: a disk that fills up at the ${fault.step} loses nothing, and the run goes on once there is room`,
    { ignore: !canMount() },
    async () => {
      await using sandbox = await Sandbox.withPlan({
        version: 1,
        gates: [],
        tasks: [{ id: "first", run: "true" }],
      }, { "large.txt": "line\n".repeat(60_000) });
      // Slots and hub are there from now on.
      await sandbox.omkEnds(0, ["run"]);
      const mount = `${sandbox.root}/${fault.disk}`;
      const filler = `${mount}/filler`;
      const kept = `${sandbox.root}/kept.bin`;
      const plan = JSON.stringify(planOf(fault, filler)).replace("$KEPT", kept);
      await sandbox.commit("plan", { "omk.jsonc": plan });
      const before = await userState(sandbox);
      const used = Number((await sandbox.sh(`du -sk ${mount} | cut -f1`)).stdout);
      await using disk = await SmallDisk.mount(sandbox, mount, `${used + 2000}k`);
      if (fault.filledBy === "nobody") await disk.sh(`cat /dev/zero > ${filler}`);

      const first = await disk.omk(["run", "--new"]);
      const told = first.stdout + first.stderr;
      assert([1, 5].includes(first.code), `${first.code}: ${told}`);
      assertMatch(told, /[Nn]o space|ENOSPC|want of space|no_space/, told);
      await sandbox.becomesQuiet();

      // What the first attempt made is in a pin or in a worktree that is kept.
      if (fault.step !== "checkout") {
        const work = (await disk.sh(`sha256sum < ${kept}`)).stdout;
        const found = await disk.sh(
          `for file in ${sandbox.root}/state/omk/worktrees/*/w*/work.bin; do [ -e $file ] && sha256sum < $file; done; ` +
            `for git in .git .git/omk/hub.git; do GIT_DIR=$git git for-each-ref --format='%(refname)' refs/omk | grep /pin$ | ` +
            `while read -r pin; do GIT_DIR=$git git show $pin:work.bin 2>/dev/null | sha256sum; done; done; true`,
        );
        assert(found.stdout.includes(work), `${told}\n${found.stdout}${found.stderr}`);
      }
      await disk.sh(`rm ${filler}`);
      const standing = JSON.parse((await disk.omk(["status", "--json"])).stdout).standing;
      const resumed = standing === "interrupted" ? await disk.omk(["resume"]) : first;
      const again = resumed.code === 0 ? resumed : await disk.omk(["retry", "--failed"]);
      assertEquals(again.code, 0, `${standing}: ${told}${again.stdout}${again.stderr}`);
      assertEquals((await disk.omk(["log", "verify"])).code, 0);
      assertEquals((await disk.omk(["verify"])).code, 0);
      report(`disk full at ${fault.step}`, { "": `exit ${first.code}, then ${standing}` });
      const fsck = await disk.sh("git fsck --full --strict --no-dangling");
      assertEquals([fsck.code, fsck.stdout], [0, ""], fsck.stderr);
      if (fault.disk !== OBJECTS) await assertUntouched(sandbox, before);
    },
  );
}
