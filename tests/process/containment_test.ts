import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { systemClock } from "../../src/clock.ts";
import { ContainmentError, NO_NEEDS } from "../../src/process/containment.ts";
import { ControlGroups } from "../../src/process/control_groups.ts";
import { ProcessTable } from "../../src/process/process_table.ts";
import { createSupervisor } from "../../src/process/supervisor.ts";
import { eventually, isRunning, PATH_ONLY, pidIn, withBench } from "./fixture.ts";
import { AVAILABLE, isAvailable, LEVELS, needsOf } from "./levels.ts";

/** Leaves a process that neither its group nor its mark gives away, and ends once that one is as it will be. */
const HIDING = `env -i PATH="$PATH" setsid sh -c 'echo $$ >hidden; exec sleep 600' & ` +
  "until [ -s hidden ]; do sleep 0.01; done";

for (const level of LEVELS) {
  const ignore = !AVAILABLE.has(level);
  const needs = needsOf(level);

  Deno.test({
    name:
      `at the containment ${level}, how a body ends is told as it is, and its output is whole and redacted`,
    ignore,
    fn: () =>
      withBench(async ({ supervisor, body, read }) => {
        assertEquals(supervisor.containment, level);
        const end = async (...spec: Parameters<typeof body>) => {
          const { kind, exit_code, signal, proven_dead } = await supervisor.run(body(...spec)).outcome;
          return [kind, exit_code, signal, proven_dead];
        };
        assertEquals(await end("exit 7"), ["exited", 7, null, true]);
        assertEquals(await end(["sh", "-c", "exit 8"]), ["exited", 8, null, true]);
        assertEquals(await end("kill -9 $$; sleep 9"), [
          ...level === "pidns" ? ["exited", 137] : ["signaled", null],
          "SIGKILL",
          true,
        ]);
        assertEquals(await end(["nonexistent-program"]), ["spawn_error", null, null, true]);
        // SIGTERM reaches it, and it has the whole grace for its end.
        const gentle = supervisor.run(body(
          "trap 'sleep 0.3; echo ended; exit 3' TERM; echo up; while :; do :; done",
          { task_id: "gentle", graceMs: 60_000 },
        ));
        await eventually("it is up", () => gentle.voice().last_line === "up");
        gentle.end("cancelled");
        const { kind: how, exit_code: code, proven_dead: isDead } = await gentle.outcome;
        assertEquals([how, code, isDead, read("gentle.log")], ["ended", 3, true, "up\nended\n"]);
        const stubborn = supervisor.run(body(
          "trap '' TERM; echo up; while :; do sleep 600; done",
          { task_id: "stubborn", graceMs: 50 },
        ));
        await eventually("it is up", () => stubborn.voice().last_line === "up");
        stubborn.end("cancelled");
        const { kind, signal, proven_dead } = await stubborn.outcome;
        assertEquals([kind, signal, proven_dead], ["ended", "SIGKILL", true]);
        assertEquals((await end("sleep 600", { timeoutMs: 50 }))[0], "timed_out");
        await end("seq 20000", { task_id: "capped", outputLimitBytes: 4096 });
        assertMatch(
          read("capped.log"),
          /^1\n(?:.*\n)+\[omk: output cut after \d+ bytes; \d+ bytes dropped\]\n(?:.*\n)+20000\n$/,
        );
        await end("seq 20000; echo SECRET; printf last", { task_id: "loud" });
        const lines = read("loud.log").split("\n");
        assertEquals([lines.length, lines.at(-2), lines.at(-1)], [20_002, "[hidden]", "last"]);
      }, {
        needs,
        createRedactor: () => ({ push: (text) => text.replaceAll("SECRET", "[hidden]"), flush: () => "" }),
      }),
  });

  const hides = level === "mark" || level === "group";
  Deno.test({
    name: `at the containment ${level}, ${
      hides ? "what hides (env -i setsid) outlives its body" : "not even what hides outlives its body"
    }`,
    ignore,
    fn: () =>
      withBench(async ({ supervisor, body, dir }) => {
        // In a namespace pids are others than outside, and there is nothing to be found outside.
        const outcome = await supervisor.run(body(HIDING)).outcome;
        assertEquals([outcome.kind, outcome.proven_dead], ["exited", true]);
        const hidden = await pidIn(`${dir}/hidden`);
        if (level === "pidns") {
          assertEquals(sleepers(dir), []);
          return;
        }
        assertEquals(isRunning(hidden), hides);
        assertEquals(outcome.strays_ended, hides ? 0 : 1);
        if (hides) Deno.kill(hidden, "SIGKILL");
      }, { needs }),
  });
}

/** Pids of what sleeps in a directory. */
function sleepers(dir: string): number[] {
  const found: number[] = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      if (Deno.readLinkSync(`/proc/${name}/cwd`) === dir && isRunning(Number(name))) found.push(Number(name));
    } catch {
      // It ended, or is another user's.
    }
  }
  return found;
}

Deno.test("P10: a level or limit that cannot be had is refused with its reason and the way out", async () => {
  const refused = async (needs: Partial<typeof NO_NEEDS>, environment = PATH_ONLY) =>
    (await assertRejects(
      () => createSupervisor({ environment, needs: { ...NO_NEEDS, ...needs } }),
      ContainmentError,
    )).message;
  const nothing = { PATH: "/nonexistent" };
  assertEquals(
    await refused({ containment: "pidns" }, nothing),
    'Cannot give tasks a process namespace, as containment "pidns" asks: bubblewrap (bwrap) is not installed; install it and allow it (apt-get install bubblewrap; unprivileged user namespaces must be on, and a container needs a /proc of its own), or remove the request',
  );
  assertMatch(
    await refused({ sandbox: true }, nothing),
    /^Cannot run tasks in a sandbox, as the plan asks: /,
  );
  assertMatch(
    await refused({ containment: "mark", processes: true }),
    /^Cannot limit how many processes a task has.*only a control group with the controller pids can/,
  );
});

Deno.test("a bubblewrap that may not make namespaces is refused with what it says", async () => {
  const dir = await Deno.makeTempDir();
  await Deno.writeTextFile(
    `${dir}/bwrap`,
    "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n",
  );
  await Deno.chmod(`${dir}/bwrap`, 0o755);
  const error = await assertRejects(
    () => createSupervisor({ environment: { PATH: dir }, needs: needsOf("pidns") }),
    ContainmentError,
  );
  assertStringIncludes(
    error.message,
    "may not make namespaces here (No permissions to create new namespace)",
  );
  await Deno.remove(dir, { recursive: true });
});

Deno.test("a limit of memory without a control group holds for each process", () =>
  withBench(async ({ supervisor, body, read }) => {
    assertEquals(supervisor.memoryLimit, "process");
    const limits = { memoryBytes: 64 * 2 ** 20 };
    const text = await supervisor.run(body("ulimit -d", { task_id: "text", limits })).outcome;
    const words = await supervisor.run(body(["sh", "-c", "ulimit -d"], { task_id: "words", limits })).outcome;
    assertEquals([text.exit_code, words.exit_code], [0, 0]);
    assertEquals([read("text.log"), read("words.log")], ["65536\n", "65536\n"]);
    await supervisor.run(body("ulimit -d", { task_id: "free" })).outcome;
    assertEquals(read("free.log"), "unlimited\n");
  }, { needs: { ...NO_NEEDS, memory: true } }));

/** A control group of plain files, as the kernel would show it to the scripts. */
async function fakeGroup(path: string, memoryEvents: string, pidsEvents: string): Promise<void> {
  await Deno.mkdir(path, { recursive: true });
  const files = {
    "cgroup.events": "populated 0\nfrozen 0\n",
    "memory.events": memoryEvents,
    "pids.events": pidsEvents,
  };
  for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(`${path}/${name}`, text);
  await Deno.writeTextFile(`${path}/memory.swap.max`, "");
}

Deno.test("lease() writes the limits of a body into its group, and clear() tells which of them it met", async () => {
  const dir = await Deno.realPath(await Deno.makeTempDir());
  const table = await ProcessTable.start({ shell: "/bin/sh", environment: PATH_ONLY });
  const ask = async (request: string) => {
    if (request.startsWith("group-open")) return [`group ${dir}`];
    if (request.startsWith("group-limits")) return ["limits memory pids"];
    return await table.request(request);
  };
  const opened = await ControlGroups.open("m", "any", ask, systemClock);
  assert(opened.kind === "open");
  assertEquals(await opened.groups.enableLimits(), { memory: true, processes: true });
  const enter = async (limits: Parameters<typeof opened.groups.lease>[0]) => {
    const group = opened.groups.lease(limits);
    const { code } = await new Deno.Command("sh", { args: ["-c", `${group.entrance}exit 0`] }).output();
    assertEquals(code, 0);
    const names = ["memory.max", "memory.swap.max", "memory.oom.group", "pids.max", "cgroup.procs"];
    return { group, written: names.map((name) => Deno.readTextFileSync(`${dir}/1/${name}`).trim()) };
  };
  await fakeGroup(`${dir}/1`, "oom 0\noom_kill 0\n", "max 0\n");
  const first = await enter({ memoryBytes: 1000, processes: 20 });
  assertEquals(first.written, ["1000", "0", "1", "20", "0"]);
  await fakeGroup(`${dir}/1`, "oom 1\noom_kill 3\n", "max 0\n");
  assertEquals(await first.group.clear(), { ended: 0, clear: true, limit: "memory" });
  // The group is used again, and what it counted before is not this body's.
  const second = await enter({});
  assertEquals(second.written, ["max", "max", "1", "max", "0"]);
  assertEquals(await second.group.clear(), { ended: 0, clear: true });
  const third = await enter({ processes: 5 });
  await fakeGroup(`${dir}/1`, "oom 1\noom_kill 3\n", "max 7\n");
  assertEquals(await third.group.clear(), { ended: 0, clear: true, limit: "processes" });
  await table.close();
  await Deno.remove(dir, { recursive: true });
});

Deno.test({
  name: "a control group is used again by the next body, and removed in the end",
  ignore: !AVAILABLE.has("cgroup"),
  async fn() {
    let path = "";
    await withBench(async ({ supervisor, body, read }) => {
      for (const id of ["one", "two"]) {
        await supervisor.run(body("sed -n 's/^0:://p' /proc/self/cgroup", { task_id: id })).outcome;
      }
      assertMatch(read("one.log"), /omk-[0-9a-f-]{36}\/1\n$/);
      assertEquals(read("two.log"), read("one.log"));
      path = read("one.log").trim();
    }, { needs: needsOf("cgroup") });
    const mounts = await Deno.readTextFile("/proc/self/mounts");
    const mount = /^\S+ (\S+) cgroup2 /m.exec(mounts)?.[1] ?? "";
    await assertRejects(() => Deno.stat(`${mount}${path.replace(/\/1$/, "")}`), Deno.errors.NotFound);
  },
});

Deno.test({
  name:
    "the kernel ends what uses too much memory in its control group, and makes no more processes than allowed",
  ignore: !AVAILABLE.has("cgroup") ||
    !await isAvailable({ ...needsOf("cgroup"), memory: true, processes: true }),
  async fn() {
    const needs = { ...needsOf("cgroup"), memory: true, processes: true };
    await withBench(async ({ supervisor, body, read }) => {
      if (supervisor.memoryLimit === "task") {
        const limits = { memoryBytes: 32 * 2 ** 20 };
        // Two processes, each of which alone would stay below the limit.
        const both = "(head -c 24m /dev/zero | tail & head -c 24m /dev/zero | tail & wait) | wc -c; exit 1";
        const greedy = await supervisor.run(body(both, { task_id: "greedy", limits })).outcome;
        assertEquals([greedy.limit_met, greedy.proven_dead], ["memory", true]);
        const modest = await supervisor.run(body("echo fine", { task_id: "modest", limits })).outcome;
        assertEquals([modest.exit_code, modest.limit_met, read("modest.log")], [0, undefined, "fine\n"]);
      }
      const forking = "for each in 1 2 3 4 5 6 7 8 9; do sleep 600 & done; wait";
      const many = await supervisor.run(
        body(forking, { task_id: "many", limits: { processes: 5 }, timeoutMs: 20_000 }),
      )
        .outcome;
      assertEquals([many.limit_met, many.proven_dead], ["processes", true]);
    }, { needs });
    // omk had made room for its groups, and is back where it was.
    assert(!(await Deno.readTextFile("/proc/self/cgroup")).includes(".self"));
  },
});

Deno.test({
  name: "a control group that omk is not alone in has no limits for its tasks, and keeps them all the same",
  ignore: !AVAILABLE.has("cgroup"),
  async fn() {
    const other = new Deno.Command("sleep", { args: ["600"] }).spawn();
    try {
      assertEquals(await isAvailable({ ...needsOf("cgroup"), memory: true, processes: true }), false);
      await withBench(async ({ supervisor, body }) => {
        assertEquals((await supervisor.run(body("true")).outcome).exit_code, 0);
      }, { needs: needsOf("cgroup") });
    } finally {
      other.kill();
      await other.status;
    }
  },
});

Deno.test({
  name: "at the containment cgroup, what forks on and on is ended",
  ignore: !AVAILABLE.has("cgroup"),
  fn: () =>
    withBench(async ({ supervisor, body }) => {
      const chain =
        `env -i PATH="$PATH" setsid sh -c '(while :; do (sleep 0.01 & ) ; sleep 0.01; : >forks; done) & exit' & ` +
        "until [ -e forks ]; do sleep 0.01; done";
      const outcome = await supervisor.run(body(chain)).outcome;
      assertEquals([outcome.kind, outcome.proven_dead], ["exited", true]);
      assert(outcome.strays_ended > 0);
    }, { needs: needsOf("cgroup") }),
});

Deno.test({
  name: "a sandbox keeps a body from the network and from writing elsewhere, at each level",
  ignore: !await isAvailable({ ...NO_NEEDS, sandbox: true }),
  async fn() {
    for (const level of AVAILABLE) {
      await withBench(async ({ supervisor, body, dir, read }) => {
        await Deno.mkdir(`${dir}/mine`);
        const sandbox = { network: false, readable: [dir], writable: [`${dir}/mine`] };
        const outcome = await supervisor.run(body(
          "echo in >mine/file; echo out >other; echo tmp >/tmp/x && ls /tmp | grep -c ^x$; grep -c : /proc/net/dev; echo up",
          { task_id: "boxed", sandbox },
        )).outcome;
        assertEquals([outcome.kind, outcome.exit_code, outcome.proven_dead], ["exited", 0, true], level);
        const log = read("boxed.log").split("\n").filter((line) => !line.includes("other"));
        assertEquals(log, ["1", "1", "up", ""]);
        assertEquals(read("mine/file"), "in\n");
        await assertRejects(() => Deno.stat(`${dir}/other`), Deno.errors.NotFound);
      }, { needs: { ...needsOf(level), sandbox: true } });
    }
  },
});
