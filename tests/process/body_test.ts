import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import {
  eventually,
  fileWithLine,
  hurriedClock,
  isRunning,
  PATH_ONLY,
  pidIn,
  withBench,
  withBlindShell,
} from "./fixture.ts";

/** Ignores SIGTERM, and says so in the file `ready`. */
const IGNORES_TERM = `trap '' TERM; echo ready >ready; while :; do sleep 1; done`;

Deno.test("run() reports exit codes, output and the time it took", () =>
  withBench(async ({ supervisor, body, read }) => {
    const started = supervisor.run(body("echo out; echo err >&2; exit 7", { task_id: "code" }));
    const outcome = await started.outcome;
    assertEquals(outcome.kind, "exited");
    assertEquals([outcome.exit_code, outcome.signal], [7, null]);
    assertEquals(outcome.end_reason, undefined);
    assertEquals([outcome.strays_ended, outcome.proven_dead], [0, true]);
    assertEquals(outcome.output.bytes, 8);
    assertEquals(read("code.log").split("\n").sort(), ["", "err", "out"]);
    assertEquals(started.voice().output_bytes, 8);
    assertMatch(started.voice().last_line, /^(out|err)$/);
    const fine = await supervisor.run(body("true", { task_id: "silent" })).outcome;
    assertEquals([fine.kind, fine.exit_code, fine.output.bytes], ["exited", 0, 0]);
    assertEquals(read("silent.log"), "");
  }));

Deno.test("run() gives a list to exec as it is, and a text to the shell", () =>
  withBench(async ({ supervisor, body, read, dir }) => {
    await supervisor.run(body(["printf", "%s|", "a b", "$HOME", "*"], { task_id: "list" })).outcome;
    assertEquals(read("list.log"), "a b|$HOME|*|");
    await supervisor.run(body("echo $((1 + 1)); pwd", { task_id: "text" })).outcome;
    assertEquals(read("text.log"), `2\n${dir}\n`);
  }));

Deno.test("run() closes stdin, passes no descriptor on, and gives the body exactly its environment and the mark", () =>
  withBench(async ({ supervisor, body, read }) => {
    const list = "ls /proc/self/fd";
    const plain = await new Deno.Command("sh", { args: ["-c", list], stdin: "null" }).output();
    await supervisor.run(body(`cat; ${list}`, { task_id: "fds" })).outcome;
    // Not one more than any child of this process has: neither the guardian's pipe nor the helper's.
    assertEquals(read("fds.log"), new TextDecoder().decode(plain.stdout));
    await supervisor.run(
      body(["env"], { task_id: "env", attempt: 3, env: { ...PATH_ONLY, GIVEN: "yes", OMK_MARK: "stray" } }),
    ).outcome;
    assertEquals(
      read("env.log").trim().split("\n").sort(),
      [
        "GIVEN=yes",
        "OMK_ATTEMPT=3",
        `OMK_MARK=outer:${supervisor.mark}`,
        "OMK_TASK_ID=env",
        `PATH=${PATH_ONLY["PATH"]}`,
      ],
    );
  }, { environment: { ...PATH_ONLY, OMK_MARK: "outer" } }));

Deno.test("run() puts the body into a session and group of its own", () =>
  withBench(async ({ supervisor, body, read }) => {
    const started = supervisor.run(body("read -r line </proc/$$/stat; echo $line", { task_id: "group" }));
    const identity = await started.identity;
    await started.outcome;
    const [pid, , , , pgid, session] = read("group.log").split(" ").map(Number);
    assertEquals([pid, pgid, session], [identity?.pid, identity?.pid, identity?.pid]);
    assertEquals(identity?.pgid, identity?.pid);
  }));

Deno.test("run() reports the signal that ended a body", () =>
  withBench(async ({ supervisor, body }) => {
    const ended = async (command: string) => {
      const { kind, exit_code, signal } = await supervisor.run(body(command)).outcome;
      return [kind, exit_code, signal];
    };
    assertEquals(await ended("kill -KILL $$"), ["signaled", null, "SIGKILL"]);
    assertEquals(await ended("kill -SEGV $$"), ["signaled", null, "SIGSEGV"]);
    // What a shell says about its command.
    assertEquals(await ended("sh -c 'kill -TERM $$'; exit $?"), ["exited", 143, "SIGTERM"]);
    const list = await supervisor.run(body(["sh", "-c", "exit 143"])).outcome;
    assertEquals([list.kind, list.exit_code, list.signal], ["exited", 143, null]);
  }));

Deno.test({
  name: "run() reports a real-time signal, which the runtime has no name for",
  // The runtime does not release a child whose status it cannot express.
  sanitizeResources: false,
  fn: () =>
    withBench(async ({ supervisor, body }) => {
      const first = await supervisor.run(body("kill -34 $$")).outcome;
      assertEquals([first.kind, first.exit_code, first.signal], ["signaled", null, "SIGRTMIN"]);
      assertEquals((await supervisor.run(body("kill -36 $$")).outcome).signal, "SIGRTMIN+2");
    }),
});

Deno.test("P9: a body that ignores SIGTERM is ended when its time is over", () =>
  withBench(async ({ supervisor, body, dir }) => {
    const started = supervisor.run(body(IGNORES_TERM, { timeoutMs: 200, graceMs: 50 }));
    const outcome = await started.outcome;
    assertEquals([outcome.kind, outcome.signal, outcome.exit_code], ["timed_out", "SIGKILL", null]);
    assertEquals(outcome.proven_dead, true);
    assertEquals(await Deno.readTextFile(`${dir}/ready`), "ready\n");
    assert(!isRunning((await started.identity)?.pid ?? 0));
  }));

Deno.test("P9: a stopped body is ended too", () =>
  withBench(async ({ supervisor, body }) => {
    const stopped = await supervisor.run(
      body("trap 'echo bye; exit 3' TERM; kill -STOP $$; sleep 60", {
        task_id: "stopped",
        timeoutMs: 200,
        graceMs: 10_000,
      }),
    ).outcome;
    assertEquals([stopped.kind, stopped.exit_code, stopped.output.bytes], ["timed_out", 3, 4]);
  }));

Deno.test("end() sends SIGTERM first, so that a body can clean up", () =>
  withBench(async ({ supervisor, body, read, dir }) => {
    const started = supervisor.run(
      body("trap 'echo cleaned; exit 5' TERM; echo up >ready; while :; do sleep 0.01; done", {
        task_id: "polite",
        graceMs: 20_000,
      }),
    );
    await fileWithLine(`${dir}/ready`);
    started.end("cancelled");
    const outcome = await started.outcome;
    assertEquals([outcome.kind, outcome.end_reason, outcome.exit_code], ["ended", "cancelled", 5]);
    assertStringIncludes(read("polite.log"), "cleaned\n");
  }));

Deno.test("end() twice: the first reason stays, and the second can skip the grace", () =>
  withBench(async ({ supervisor, body, dir }) => {
    const started = supervisor.run(body(IGNORES_TERM, { graceMs: 60_000 }));
    await fileWithLine(`${dir}/ready`);
    started.end("stalled");
    started.end("stalled");
    started.end("cancelled", true);
    const outcome = await started.outcome;
    assertEquals([outcome.kind, outcome.end_reason, outcome.signal], ["ended", "stalled", "SIGKILL"]);
    started.end("cancelled");
    assertEquals(await started.outcome, outcome);
  }));

Deno.test("end() after the end changes nothing", () =>
  withBench(async ({ supervisor, body }) => {
    const started = supervisor.run(body("exit 1"));
    const outcome = await started.outcome;
    started.end("cancelled", true);
    assertEquals((await started.outcome).kind, "exited");
    assertEquals(outcome.end_reason, undefined);
  }));

Deno.test("run() ends what a body leaves behind in its group, and does not wait for the pipes it holds", () =>
  withBench(async ({ supervisor, body, read, dir }) => {
    const outcome = await supervisor.run(
      body("sleep 600 & echo $! >child; nohup sleep 600 & echo $! >nohup; echo done", { task_id: "left" }),
    ).outcome;
    assertEquals([outcome.kind, outcome.exit_code], ["exited", 0]);
    assertEquals([outcome.strays_ended, outcome.proven_dead], [2, true]);
    assertStringIncludes(read("left.log"), "done\n");
    for (const name of ["child", "nohup"]) assert(!isRunning(await pidIn(`${dir}/${name}`)), name);
  }));

Deno.test("run() kills what ignores SIGTERM in the group after a short grace", () =>
  withBench(async ({ supervisor, body, dir }) => {
    const outcome = await supervisor.run(
      body(
        "sh -c 'trap \"\" TERM; echo $$ >child; sleep 600; sleep 600' & until [ -s child ]; do sleep 0.01; done",
      ),
    ).outcome;
    assertEquals([outcome.kind, outcome.proven_dead], ["exited", true]);
    assert(outcome.strays_ended >= 1);
    assert(!isRunning(await pidIn(`${dir}/child`)));
  }));

Deno.test("run() ends strays in sessions of their own by their mark: setsid, double fork, daemon with closed output", () =>
  withBench(async ({ supervisor, body, read, dir }) => {
    const wait = (name: string) => `until [ -s ${name} ]; do sleep 0.01; done`;
    const outcome = await supervisor.run(body(
      [
        "setsid sh -c 'echo $$ >a; exec sleep 600' &",
        "(setsid sh -c 'sh -c \"echo \\$\\$ >b; exec sleep 600\" & ' &)",
        "setsid sh -c 'echo $$ >c; trap \"\" TERM HUP; exec sleep 600' </dev/null >/dev/null 2>&1 &",
        ["a", "b", "c"].map(wait).join("\n"),
        "echo done",
      ].join("\n"),
      { task_id: "strays" },
    )).outcome;
    assertEquals([outcome.kind, outcome.exit_code, outcome.proven_dead], ["exited", 0, true]);
    assertEquals(outcome.strays_ended, 3);
    assertEquals(read("strays.log"), "done\n");
    for (const name of ["a", "b", "c"]) assert(!isRunning(await pidIn(`${dir}/${name}`)), name);
  }));

Deno.test("run() finds the strays of a body during which many processes were started, and leaves those of other bodies alone", () =>
  withBench(async ({ supervisor, body, dir }) => {
    const other = supervisor.run(
      body("setsid sleep 600 & echo $! >other; wait", { task_id: "api", attempt: 2 }),
    );
    const otherStray = await pidIn(`${dir}/other`);
    const outcome = await supervisor.run(
      body("setsid sleep 600 & echo $! >mine; i=0; while [ $i -lt 300 ]; do (:); i=$((i+1)); done", {
        task_id: "api",
        attempt: 1,
      }),
    ).outcome;
    assertEquals([outcome.strays_ended, outcome.proven_dead], [1, true]);
    assert(!isRunning(await pidIn(`${dir}/mine`)));
    assert(isRunning(otherStray));
    other.end("cancelled");
    assertEquals((await other.outcome).proven_dead, true);
    assert(!isRunning(otherStray));
  }));

Deno.test("run() ends a process without mark that kept the group; one that dropped both is not covered by the level `mark`", () =>
  withBench(async ({ supervisor, body, dir }) => {
    const outcome = await supervisor.run(body(
      "env -i sleep 600 & echo $! >kept\n" +
        "env -i setsid sh -c 'echo $$ >escaped; exec sleep 600' </dev/null >/dev/null 2>&1 &\n" +
        "until [ -s escaped ]; do sleep 0.01; done",
    )).outcome;
    assertEquals(supervisor.containment, "mark");
    assertEquals(outcome.kind, "exited");
    assert(!isRunning(await pidIn(`${dir}/kept`)));
    const escaped = await pidIn(`${dir}/escaped`);
    assert(isRunning(escaped));
    Deno.kill(escaped, "SIGKILL");
  }));

Deno.test("P9: run() gives up pipes that an escaped process holds", () =>
  withBench(async ({ supervisor, body, read, dir }) => {
    const outcome = await supervisor.run(body(
      "env -i setsid sh -c 'echo $$ >escaped; exec sleep 600' & until [ -s escaped ]; do sleep 0.01; done; echo done",
      { task_id: "held" },
    )).outcome;
    assertEquals([outcome.kind, outcome.exit_code], ["exited", 0]);
    assertEquals(read("held.log"), "done\n");
    Deno.kill(await pidIn(`${dir}/escaped`), "SIGKILL");
  }, { clock: hurriedClock(20) }));

Deno.test("run() kills the members of a stray's group that dropped the mark", () =>
  withBench(async ({ supervisor, body, dir }) => {
    const outcome = await supervisor.run(body(
      "setsid sh -c 'env -i sleep 600 & echo $! >clean; wait' & until [ -s clean ]; do sleep 0.01; done",
    )).outcome;
    assertEquals(outcome.proven_dead, true);
    const clean = await pidIn(`${dir}/clean`);
    await eventually("the unmarked process is gone", () => !isRunning(clean));
  }));

Deno.test("run() reports what cannot be started, with the system's reason", () =>
  withBench(async ({ supervisor, body, read, dir }) => {
    await Deno.writeTextFile(`${dir}/plain`, "text");
    const reasons: [Parameters<typeof body>, RegExp][] = [
      [[["no-such-program-anywhere"]], /^there is no program "no-such-program-anywhere"$/],
      [["true", { cwd: `${dir}/nowhere` }], /^there is no directory \/.*\/nowhere$/],
      [[["true"], { cwd: `${dir}/nowhere` }], /^there is no directory \/.*\/nowhere$/],
      [[[`${dir}/plain`]], /Permission denied/],
      [[[]], /command is empty/],
      [["#" + "x".repeat(3_000_000)], /Argument list too long/],
      [["true", { env: { A: "a\0b" } }], /nul byte/],
      [["true", { task_id: "a\nb", outputPath: `${dir}/nl.log` }], /control character/],
    ];
    for (const [args, reason] of reasons) {
      const started = supervisor.run(body(...args));
      const outcome = await started.outcome;
      assertEquals(outcome.kind, "spawn_error");
      assertMatch(outcome.error ?? "", reason);
      assertEquals([outcome.exit_code, outcome.proven_dead, outcome.output.bytes], [null, true, 0]);
      assertEquals(await started.identity, null);
      started.end("cancelled");
    }
    assertEquals(read("t1.log"), "");
  }));

Deno.test("run() goes on when the artifact cannot be written", () =>
  withBench(async ({ supervisor, body, dir }) => {
    const full = await supervisor.run(body("echo lost; exit 4", { outputPath: "/dev/full" })).outcome;
    assertEquals([full.kind, full.exit_code, full.output.bytes], ["exited", 4, 5]);
    assertEquals([full.output.kept_bytes, full.output.error?.code], [0, "no_space"]);
    await Deno.mkdir(`${dir}/sub`);
    const deleted = await supervisor.run(body("rm -rf sub; echo after", { outputPath: `${dir}/sub/o.log` }))
      .outcome;
    assertEquals([deleted.exit_code, deleted.output.bytes, deleted.output.error?.code], [0, 6, "missing"]);
  }));

Deno.test("run() takes 200 MB of output with flat memory, cut visibly", () =>
  withBench(async ({ supervisor, body, read }) => {
    let peak = 0;
    const before = Deno.memoryUsage().rss;
    const timer = setInterval(() => peak = Math.max(peak, Deno.memoryUsage().rss), 10);
    const outcome = await supervisor.run(
      body("echo first; yes 'a line that says little' | head -c 200000000; echo; echo last", {
        task_id: "flood",
        outputLimitBytes: 4 * 1024 * 1024,
      }),
    ).outcome;
    clearInterval(timer);
    const { output } = outcome;
    assertEquals([outcome.kind, output.bytes, output.truncated], ["exited", 200_000_012, true]);
    const text = read("flood.log");
    assertEquals(output.kept_bytes, text.length);
    assert(text.length <= 4 * 1024 * 1024 + 200);
    assert(text.startsWith("first\na line"));
    assert(text.endsWith("\nlast\n"));
    assertMatch(text, /\n\[omk: output cut after \d+ bytes; \d+ bytes dropped\]\na line that/);
    assert(peak - before < 128 * 1024 * 1024, `${peak - before} bytes more`);
  }));

Deno.test("run() at the containment `group`, where no mark can be read, ends the group", () =>
  withBlindShell((options) =>
    withBench(async ({ supervisor, body, dir }) => {
      assertEquals(supervisor.containment, "group");
      const outcome = await supervisor.run(body("sleep 600 & echo $! >child")).outcome;
      assertEquals([outcome.kind, outcome.strays_ended, outcome.proven_dead], ["exited", 1, true]);
      assert(!isRunning(await pidIn(`${dir}/child`)));
    }, options)
  ));
