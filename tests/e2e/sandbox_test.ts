/** Sandboxes and limits of tasks, and what happens where they cannot be had. */

import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { NO_NEEDS } from "../../src/process/containment.ts";
import { AVAILABLE, isAvailable } from "../process/levels.ts";
import { Sandbox } from "./harness.ts";
import { assertUntouched, userState } from "./user_state.ts";

/** Where control groups (v2) are, and whether the system leaves a group to root: systemd would not. */
const GROUPS = /^\S+ (\S+) cgroup2 /m.exec(Deno.readTextFileSync("/proc/self/mounts"))?.[1];
const isLeftAlone = AVAILABLE.has("cgroup") && GROUPS !== undefined && !await exists("/run/systemd/system");

const ignore = !await isAvailable({ ...NO_NEEDS, sandbox: true });

function planOf(tasks: readonly unknown[], more: Readonly<Record<string, unknown>> = {}): unknown {
  return { version: 1, gates: [{ name: "look", command: "true" }], tasks, ...more };
}

Deno.test({
  name: "P13: a sandboxed task works in its worktree, uses git, reports, and can write nowhere else",
  ignore,
  async fn() {
    await using sandbox = await Sandbox.withPlan(
      planOf([
        {
          id: "all",
          run:
            `echo new > new.txt; git add new.txt; git commit -qm mine; git config --global a.b c; git log --format=%s -n 1
          echo tmp > /tmp/x; echo tmp > "$TMPDIR/y"; ls /tmp/x /tmp/y
          for path in "$HOME/f" "$PROJECT/f" "$PROJECT/.git/f" "$OMK_RESULT.f"; do
            if (echo x > "$path") 2>/dev/null; then echo "wrote $path"; fi
          done
          echo '{"status": "success", "summary": "told"}' > "$OMK_RESULT"`,
          env: { PROJECT: "$PROJECT" },
          sandbox: {},
        },
        {
          id: "part",
          run:
            "echo in > made/in.txt; echo in >> d/f.txt; (echo out > out.txt) 2>/dev/null || echo refused; cat README.md",
          sandbox: { network: "none", write: ["made", "d"] },
        },
        { id: "none", run: "(echo out > out.txt) 2>/dev/null || echo refused", sandbox: { write: [] } },
      ]),
      { "d/f.txt": "first\n" },
    );
    // The path is known only now.
    const text = await sandbox.read("omk.jsonc");
    await sandbox.commit("path", {
      "omk.jsonc": text.replace('"$PROJECT"', JSON.stringify(sandbox.project)),
    });
    const before = await userState(sandbox);
    const { stdout } = await sandbox.omkEnds(0, ["run"]);
    assertMatch(stdout, /^run \S+ ".*": 3 tasks, 4 workers, containment \w+$/m);
    const run = await sandbox.runDirectory();
    assertEquals(await Deno.readTextFile(`${run}/tasks/all/1/output.log`), "mine\n/tmp/x\n/tmp/y\n");
    assertEquals(await Deno.readTextFile(`${run}/tasks/part/1/output.log`), "refused\n# test\n");
    assertEquals(await Deno.readTextFile(`${run}/tasks/none/1/output.log`), "refused\n");
    const outcomes = (await sandbox.payloads("task_finished")).map(({ task_id, outcome }) => [
      task_id,
      Object(outcome).reported?.summary,
    ]);
    assertEquals(outcomes.sort(), [["all", "told"], ["none", undefined], ["part", undefined]]);
    await assertRejects(() => Deno.stat(`${run}/tasks/none/1/result.json`), Deno.errors.NotFound);
    await assertUntouched(sandbox, before);
    await sandbox.omkEnds(0, ["merge"]);
    assertEquals([await sandbox.read("new.txt"), await sandbox.read("d/f.txt")], ["new\n", "first\nin\n"]);
    await sandbox.omkEnds(0, ["verify"]);
  },
});

Deno.test({
  name: "a sandbox that would be writable through a link out of the worktree fails its task, with the path",
  ignore,
  async fn() {
    await using sandbox = await Sandbox.withPlan(planOf([
      { id: "link", run: "touch link/f", sandbox: { write: ["link"] } },
    ]));
    await Deno.symlink("..", `${sandbox.project}/link`);
    await sandbox.commit("link");
    const { stdout } = await sandbox.omkEnds(1, ["run"]);
    assertStringIncludes(stdout, 'Cannot make "link" writable in a sandbox');
    assertStringIncludes(stdout, "it leads out of the worktree through a symbolic link");
  },
});

Deno.test("P10: a run whose sandbox, level or limit cannot be had stops before anything of it exists", async () => {
  await using sandbox = await Sandbox.withPlan(
    planOf([{ id: "a", run: "true", sandbox: { network: "none" } }]),
  );
  await Deno.remove(`${sandbox.root}/bin/bwrap`).catch(() => undefined);
  const refused = async (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    const { stderr, stdout } = await sandbox.omkEnds(2, ["run", ...args], { env });
    assertEquals(stdout, "");
    await assertRejects(() => sandbox.runDirectory(), Deno.errors.NotFound);
    return stderr;
  };
  assertMatch(
    await refused([]),
    /^error: Cannot run tasks in a sandbox, as the plan asks: bubblewrap \(bwrap\) is not installed; install it and/,
  );
  assertEquals(await refused(["--dry-run"]), await refused([]));
  await sandbox.plan(planOf([{ id: "a", run: "true" }]));
  assertMatch(
    await refused(["--containment", "pidns"]),
    /as containment "pidns" asks: bubblewrap \(bwrap\) is not/,
  );
  assertMatch(await refused([], { OMK_CONTAINMENT: "pidns" }), /as containment "pidns" asks/);
  await sandbox.plan(
    planOf([{ id: "a", run: "true", limits: { processes: 9 } }], { limits: { containment: "mark" } }),
  );
  assertMatch(
    await refused([]),
    /^error: Cannot limit how many processes a task has.*; start omk in a group of its/,
  );
});

Deno.test("a limit of memory ends what takes more, a task's own comes before the plan's, and the run says how", async () => {
  const take = (bytes: number) =>
    `awk 'BEGIN { s = "0123456789abcdef"; while (length(s) < ${bytes}) s = s s; print length(s) }'`;
  await using sandbox = await Sandbox.withPlan(planOf([
    { id: "small", run: take(1_000_000) },
    { id: "large", run: take(100_000_000), dependencies: ["small"] },
    { id: "allowed", run: take(100_000_000), limits: { memory_bytes: 2_000_000_000 } },
  ], { limits: { memory_bytes: 50_000_000, containment: "mark" } }));
  const { stdout } = await sandbox.omkEnds(1, ["run", "--output", "none"]);
  assertMatch(stdout, /, containment mark \(memory is limited for each process\)$/m);
  const states = (await sandbox.omkJson(["status"])).tasks.map((task: { id: string; state: string }) => [
    task.id,
    task.state,
  ]);
  assertEquals(states.sort(), [["allowed", "completed"], ["large", "failed"], ["small", "completed"]]);
  const [started] = await sandbox.payloads("run_started");
  assertEquals([started?.containment, started?.memory_limit], ["mark", "process"]);
});

Deno.test({
  name: "a run in a control group that is left to it keeps its tasks in groups, and leaves none behind",
  ignore: !isLeftAlone,
  async fn() {
    await using sandbox = await Sandbox.withPlan(planOf([
      { id: "group", run: "sed -n 's/^0:://p' /proc/self/cgroup" },
      { id: "hides", run: `env -i PATH="$PATH" setsid sleep 1000 & sleep 0.05` },
    ]));
    const own = /^0::(.*)$/m.exec(await Deno.readTextFile("/proc/self/cgroup"))?.[1]?.replace(/\/$/, "");
    const group = `${GROUPS}${own}/test-${crypto.randomUUID()}`;
    await Deno.mkdir(group);
    try {
      const { code, stdout, stderr } = await sandbox.sh(
        `echo 0 > ${group}/cgroup.procs && ${sandbox.omkCommand("run")}`,
      );
      assertEquals(code, 0, stderr);
      assertMatch(stdout, /, containment cgroup$/m);
      assertMatch(stdout, /\/omk-[0-9a-f-]{36}\/\d+$/m);
      const strays = (await sandbox.payloads("task_finished")).map(({ task_id, outcome }) => [
        task_id,
        Object(outcome).strays_ended,
      ]);
      assertEquals(strays.sort(), [["group", 0], ["hides", 1]]);
    } finally {
      await Deno.remove(group);
    }
  },
});

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
