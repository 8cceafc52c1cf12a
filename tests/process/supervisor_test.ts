import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { UsageError } from "../../src/errors.ts";
import { Guardian } from "../../src/process/guardian.ts";
import { createSupervisor } from "../../src/process/supervisor.ts";
import {
  eventually,
  fileWithLine,
  isRunning,
  PATH_ONLY,
  pidIn,
  pidsWithEnvironment,
  withBench,
  withBlindShell,
} from "./fixture.ts";

/** The pid of a running child of this process by an entry of its environment; children that ended are no match. */
function onlyPidWith(entry: string): number {
  const [pid, ...others] = pidsWithEnvironment(entry);
  assertEquals(others, []);
  return pid ?? 0;
}

/** A process in a session of its own, with an environment of the test's choice. */
function marked(env: Record<string, string>): Deno.ChildProcess {
  return new Deno.Command("sleep", {
    args: ["600"],
    clearEnv: true,
    env: { ...PATH_ONLY, ...env },
    detached: true,
  })
    .spawn();
}

Deno.test("createSupervisor() knows itself, the level of containment, and a mark of its own", () =>
  withBench(async ({ supervisor }) => {
    const stat = await Deno.readTextFile("/proc/self/stat");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    assertEquals(supervisor.self, {
      pid: Deno.pid,
      pgid: Number(fields[2]),
      start_time: fields[19] ?? "",
      boot_id: (await Deno.readTextFile("/proc/sys/kernel/random/boot_id")).trim(),
    });
    assertMatch(supervisor.mark, /^[0-9a-f-]{36}$/);
    assertEquals(supervisor.containment, "mark");
    await using other = await createSupervisor();
    assertNotEquals(other.mark, supervisor.mark);
  }));

Deno.test("createSupervisor() starts no guardian before the first body", () =>
  withBench(async ({ supervisor, body }) => {
    const guardian = `OMK_GUARDIAN=${supervisor.mark}`;
    assertEquals(pidsWithEnvironment(guardian), []);
    await supervisor.run(body("true")).outcome;
    await supervisor.run(body("true")).outcome;
    assert(isRunning(onlyPidWith(guardian)));
  }));

Deno.test("isAlive() tells a process from another one with the same pid", () =>
  withBench(async ({ supervisor, body, dir }) => {
    const started = supervisor.run(body("echo up >up; sleep 600"));
    const identity = await started.identity;
    await fileWithLine(`${dir}/up`);
    assert(identity !== null);
    assertMatch(identity.start_time ?? "", /^\d+$/);
    assertEquals(identity.boot_id, supervisor.self.boot_id);
    assertEquals(await supervisor.isAlive(identity), true);
    assertEquals(await supervisor.isAlive(supervisor.self), true);
    // The pid was given to somebody else, or the machine was started again.
    assertEquals(await supervisor.isAlive({ ...identity, start_time: "1" }), false);
    assertEquals(await supervisor.isAlive({ ...identity, boot_id: crypto.randomUUID() }), false);
    // It had ended before it could be looked at.
    assertEquals(await supervisor.isAlive({ ...identity, start_time: null }), false);
    started.end("cancelled", true);
    await started.outcome;
    assertEquals(await supervisor.isAlive(identity), false);
  }));

Deno.test("isAlive() takes a zombie for dead", () =>
  withBench(async ({ supervisor, body, dir }) => {
    // The shell becomes a program that does not wait for its child. The child ends only after that: a shell
    // may still collect it.
    const started = supervisor.run(
      body("mkfifo end; cat end & echo $! >zombie; echo $$ >parent; exec sleep 600"),
    );
    const pid = await pidIn(`${dir}/zombie`);
    const parent = await pidIn(`${dir}/parent`);
    await eventually("the shell has become another program", async () =>
      (await Deno.readTextFile(`/proc/${parent}/comm`)).trim() === "sleep");
    await Deno.writeTextFile(`${dir}/end`, "");
    await eventually("the child is a zombie", () =>
      !isRunning(pid));
    const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
    const start_time = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
    assertEquals(await supervisor.isAlive({ ...supervisor.self, pid, start_time }), false);
    started.end("cancelled", true);
    await started.outcome;
  }));

Deno.test("isAlive() goes by the pid alone where the machine tells nothing", () =>
  withBlindShell((options) =>
    withBench(async ({ supervisor }) => {
      assertEquals(supervisor.self.start_time, null);
      assertEquals(await supervisor.isAlive(supervisor.self), true);
      const child = marked({});
      child.kill("SIGKILL");
      await child.status;
      assertEquals(await supervisor.isAlive({ ...supervisor.self, pid: child.pid }), false);
    }, options)
  ));

Deno.test("endMarked() ends what has the mark as one element, waits for its guardian, and leaves the rest alone", () =>
  withBench(async ({ supervisor }) => {
    const mark = crypto.randomUUID();
    const guardian = new Guardian({ shell: "/bin/sh", mark, environment: PATH_ONLY });
    guardian.start();
    const ours = [
      marked({ OMK_MARK: mark }),
      marked({ OMK_MARK: `${mark}:x` }),
      marked({ OMK_MARK: `x:${mark}:y` }),
    ];
    const others = [
      marked({ OMK_MARK: `${mark}0` }),
      marked({ OMK_RUN_ID: mark }),
      marked({ A: `OMK_MARK=${mark}` }),
    ];
    const search = supervisor.endMarked(mark);
    assertEquals(await Promise.race([search, supervisor.isAlive(supervisor.self)]), true);
    assert(ours.every((child) => isRunning(child.pid)), "the guardian comes first");
    await guardian.close(true, 10_000);
    assertEquals(await search, 3);
    for (const child of ours) assertEquals((await child.status).signal, "SIGKILL");
    assertEquals(await supervisor.endMarked(mark), 0);
    for (const child of others) {
      assert(isRunning(child.pid));
      child.kill("SIGKILL");
      await child.status;
    }
  }));

Deno.test("endMarked() refuses the marks that omk itself lives under, and what is no mark", () =>
  withBench(async ({ supervisor }) => {
    await assertRejects(() => supervisor.endMarked(supervisor.mark), UsageError);
    await assertRejects(() => supervisor.endMarked("outer"), UsageError, "inside one of its own tasks");
    await assertRejects(() => supervisor.endMarked(".*"), RangeError);
  }, { environment: { ...PATH_ONLY, OMK_MARK: "first:outer" } }));

Deno.test("a helper that is killed is replaced; bodies end as they should", () => {
  const outer = crypto.randomUUID();
  return withBench(async ({ supervisor, body, dir }) => {
    const started = supervisor.run(body("setsid sleep 600 & echo $! >stray; echo up >up; wait"));
    await fileWithLine(`${dir}/up`);
    const guardian = onlyPidWith(`OMK_GUARDIAN=${supervisor.mark}`);
    const [helper = 0, ...others] = pidsWithEnvironment(`OMK_TASK_ID=${outer}`).filter((pid) =>
      pid !== guardian
    );
    assertEquals(others, []);
    Deno.kill(helper, "SIGKILL");
    started.end("cancelled");
    const outcome = await started.outcome;
    assertEquals([outcome.kind, outcome.proven_dead], ["ended", true]);
    assert(!isRunning(await pidIn(`${dir}/stray`)));
    // What omk's helpers take over from an omk that this one runs inside of; it tells them from other tests'.
  }, { environment: { ...PATH_ONLY, OMK_TASK_ID: outer } });
});

Deno.test("cpuTimes() grows for a body that works", () =>
  withBench(async ({ supervisor, body }) => {
    const busy = supervisor.run(body("while :; do :; done"));
    const idle = supervisor.run(body("sleep 600"));
    const [busyPid, idlePid] = [(await busy.identity)?.pid ?? 0, (await idle.identity)?.pid ?? 0];
    await eventually("CPU time of the busy body", async () =>
      ((await supervisor.cpuTimes())?.get(busyPid) ?? 0) >= 50);
    const times = await supervisor.cpuTimes();
    assertEquals([...times?.keys() ?? []].sort(), [busyPid, idlePid].sort());
    assert((times?.get(idlePid) ?? 1000) < 50);
  }));

Deno.test("close() ends what runs, the guardian and the helper", async () => {
  let mark = "";
  await withBench(async ({ supervisor, body, dir }) => {
    mark = supervisor.mark;
    const started = [
      supervisor.run(body("echo up >up; sleep 600")),
      supervisor.run(body("setsid sleep 600 & echo $! >stray; wait")),
    ];
    await fileWithLine(`${dir}/up`);
    const stray = await pidIn(`${dir}/stray`);
    await supervisor.close();
    for (const one of started) {
      const outcome = await one.outcome;
      assertEquals([outcome.kind, outcome.end_reason, outcome.proven_dead], ["ended", "shutdown", true]);
    }
    assert(!isRunning(stray));
    assertEquals(pidsWithEnvironment(mark), []);
    const late = await supervisor.run(body("true", { task_id: "late" })).outcome;
    assertEquals([late.kind, late.error], ["spawn_error", "The supervisor is closed"]);
  });
  assertEquals(pidsWithEnvironment(mark), []);
});
