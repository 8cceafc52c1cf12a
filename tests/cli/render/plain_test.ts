/** What a run prints without a terminal; every text stands in tests/cli/snapshots/run_output. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { createGitHubMarks } from "../../../src/cli/render/ci/github.ts";
import { createGitLabMarks } from "../../../src/cli/render/ci/gitlab.ts";
import { PlainView, type PlainViewOptions } from "../../../src/cli/render/plain_view.ts";
import { stillRunningLine } from "../../../src/cli/render/still_running.ts";
import { createStyle } from "../../../src/cli/output.ts";
import { draft, taskSubject } from "../../../src/log/event.ts";
import { refOf } from "../../scheduler/steps.ts";
import { makeGate, makeOutcome, makeTask } from "../../run/fixture.ts";
import { VirtualClock } from "../../run/virtual_clock.ts";
import { Snapshots } from "../../snapshot.ts";
import { KeptOutput } from "../fixture.ts";
import { Scene } from "./scene.ts";

/** What a task prints that tries to be taken for the CI system's own. */
const FORGED = "##[error]forged\n::set-output name=x::y\n\x1b[0Ksection_end:1:omk-bad-1\r\x1b[0K\n";

const RETRY = {
  max_attempts: 1,
  backoff_seconds: 5,
  backoff_multiplier: 1,
  max_backoff_seconds: 5,
  jitter: 0,
  terminal_on_permanent_failure: true,
};

/** What a view prints of a run: one task works, one at its second attempt, one fails, one is blocked; a gate fails. */
function shown(options: Partial<PlainViewOptions>): string {
  const output = new KeptOutput();
  const clock = new VirtualClock();
  const view = new PlainView(output, { mode: "group", verbosity: "normal", marks: null, clock, ...options });
  const scene = new Scene(
    [
      makeTask("good"),
      makeTask("flaky-one", { retry_policy: RETRY, retry_declared: true }),
      makeTask("bad"),
      makeTask("after", { dependencies: ["bad"] }),
    ],
    { workers: 3, gates: [makeGate({ name: "unit" }), makeGate({ name: "style", required: false })] },
    view,
  );
  view.begin(scene.state, scene.directory);
  scene.go().start("good").start("flaky-one").start("bad");
  view.taskOutput("good", 1, "first\nsec");
  view.taskOutput("flaky-one", 1, "no luck");
  view.taskOutput("bad", 1, FORGED);
  view.taskOutput("good", 1, "ond\n");
  scene.settle("good", "success").settle("flaky-one", "exit").settle("bad", "exit");
  scene.ledger.now += 5_000;
  scene.go().start("flaky-one");
  view.taskOutput("flaky-one", 2, "10%\r100%\n\x1b[2J\x1b[32mluck\x1b[0m\n");
  scene.settle("flaky-one", "success").go();
  scene.gate("unit", "failed").gate("style", "failed", "a:b, 50%");
  scene.add(draft("run_finished", "run", "controller/1", { status: "not_ready", exit_code: 1 }));
  view.end(["the end", "::set-output name=x::y"]);
  // Escape sequences are to be read in a snapshot.
  return output.stdout.replaceAll("\x1b", "<ESC>").replaceAll("\r", "<CR>");
}

Deno.test("the lines of a run are as the snapshots say, in every mode, verbosity and CI system", async () => {
  const snapshots = new Snapshots("run_output");
  for (const mode of ["group", "prefix", "stream", "failed", "none"] as const) {
    await snapshots.check(`${mode}.txt`, shown({ mode }));
  }
  await snapshots.check("quiet.txt", shown({ verbosity: "quiet" }));
  await snapshots.check("verbose.txt", shown({ verbosity: "verbose" }));
  let count = 0;
  const github = () => createGitHubMarks(() => `token-${++count}`);
  await snapshots.check("github.txt", shown({ marks: github() }));
  count = 0;
  await snapshots.check("github_stream.txt", shown({ mode: "stream", marks: github() }));
  await snapshots.check("github_prefix.txt", shown({ mode: "prefix", marks: github() }));
  await snapshots.check("gitlab.txt", shown({ marks: createGitLabMarks() }));
  await snapshots.checkNoOthers();
});

Deno.test("no line that a task prints reaches GitHub as a command, in any mode", () => {
  for (const mode of ["group", "prefix", "stream", "failed", "none"] as const) {
    let stopped: string | undefined;
    for (const line of shown({ mode, marks: createGitHubMarks(() => "secret") }).split("\n")) {
      if (line === `::${stopped}::`) stopped = undefined;
      else if (stopped === undefined && line.startsWith("::stop-commands::")) stopped = line.slice(17);
      else if (stopped === undefined) {
        assertEquals(
          /^\s*::(?!group::|endgroup::|error |warning )|##\[/.test(line),
          false,
          `${mode}: ${line}`,
        );
      }
    }
    assertEquals(stopped, undefined);
  }
});

Deno.test("GitHub marks escape what would end a command, and break those that a line quotes", () => {
  const marks = createGitHubMarks(() => "t");
  assertEquals(
    marks.annotation({ level: "warning", title: "a,b:c", message: "50%\r\nof it" }),
    "::warning title=a%2Cb%3Ac::50%25%0D%0Aof it",
  );
  assertEquals(marks.foreign("  ::add-mask::x"), "  : :add-mask::x");
  assertEquals(marks.foreign("| x\r::add-mask::x"), "| x\r: :add-mask::x");
  assertEquals(marks.foreign("failed: ##[command]rm"), "failed: # #[command]rm");
  assertEquals(marks.guarded([]), []);
});

Deno.test("GitHub is told each time with another token where commands go on", () => {
  let count = 0;
  const marks = createGitHubMarks(() => `t${++count}`);
  assertEquals(marks.guarded(["x"]), ["::stop-commands::t1", "x", "::t1::"]);
  assertEquals(marks.guarded(["x"]), ["::stop-commands::t2", "x", "::t2::"]);
});

Deno.test("the line of what still runs names the oldest task, silent ones, gates, and what a run waits for", () => {
  const retry = { retry_policy: RETRY, retry_declared: true };
  const tasks = Array.from({ length: 7 }, (_, at) => makeTask(`t${at}`, retry));
  const scene = new Scene(tasks, { workers: 7 });
  assertEquals(stillRunningLine(scene.state, scene.ledger.now, () => undefined), undefined);
  scene.go();
  for (const { id } of tasks) scene.start(id);
  const now = scene.ledger.now + 90_000;
  assertEquals(
    stillRunningLine(scene.state, now, (id) => id === "t3" ? now - 70_000 : now),
    "  still running: 7 tasks, oldest t0 (1m 30s), silent t3 (1m 10s); 0 of 7 done",
  );
  assertEquals(
    stillRunningLine(scene.state, now, () => undefined),
    "  still running: 7 tasks, oldest t0 (1m 30s), " +
      "silent t0 (1m 30s), t1 (1m 30s), t2 (1m 30s) and 4 more; 0 of 7 done",
  );
  for (const { id } of tasks.slice(1)) scene.settle(id, "exit");
  assertEquals(
    stillRunningLine(scene.state, now, () => now),
    "  still running: t0 (1m 30s); 0 of 7 done",
  );
  scene.gate("unit");
  assertMatch(stillRunningLine(scene.state, now, () => now) ?? "", /t0 \(1m 30s\), gate unit; 0 of 7 done$/);
});

Deno.test("the line of what still runs says what a run waits for that has nothing at work", () => {
  const scene = new Scene([makeTask("a", { retry_policy: RETRY, retry_declared: true })]).go();
  scene.end("a", "exit");
  assertEquals(
    stillRunningLine(scene.state, scene.ledger.now + 1_000, () => undefined),
    "  still waiting: 1 task to be tried again, next in 4.0s; 0 of 1 done",
  );
  scene.add(draft("run_paused", "run", "controller/1", { request: 0, reason: "lunch" }));
  assertMatch(
    stillRunningLine(scene.state, scene.ledger.now, () => undefined) ?? "",
    /^ {2}still waiting: the run is paused, omk unpause goes on;/,
  );
});

Deno.test("what still runs is told every 30 s from the start to the end of a run, unless it is to be quiet", async () => {
  for (const [verbosity, expected] of [["normal", 2], ["quiet", 0]] as const) {
    const output = new KeptOutput();
    const clock = new VirtualClock();
    const view = new PlainView(output, { mode: "group", verbosity, marks: null, clock });
    const scene = new Scene([makeTask("a")], {}, view);
    view.begin(scene.state, scene.directory);
    scene.go().start("a");
    for (let round = 0; round < 2; round++) {
      await Promise.resolve();
      clock.advance();
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    const told = output.stdout.split("\n").filter((line) => line.startsWith("  still running: a ("));
    assertEquals(told.length, expected, output.stdout);
    view.close();
    view.close();
    assertEquals(clock.advance(), false, "nobody waits any more");
  }
});

Deno.test("what has printed bytes without the end of a line is not silent", async () => {
  const scene = new Scene([makeTask("a"), makeTask("b")]).go().start("a").start("b");
  const clock = new VirtualClock();
  const output = new KeptOutput();
  const view = new PlainView(output, { mode: "group", verbosity: "normal", marks: null, clock });
  const voice = { output_bytes: 3, heard_at: clock.wall() + 25_000, last_line: "..." };
  view.begin(scene.state, scene.directory, (id) => id === "a" ? voice : undefined);
  for (let round = 0; round < 2; round++) {
    await Promise.resolve();
    clock.advance();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  view.close();
  assertStringIncludes(output.stdout, "silent b (1m 00s); 0 of 2 done");
});

Deno.test("a stall with on_stall warn says that the attempt may go on, and when it does", () => {
  const output = new KeptOutput();
  const view = new PlainView(output, { mode: "none", verbosity: "normal", marks: null });
  const scene = new Scene([makeTask("a", { on_stall: "warn" })], {}, view).go().start("a");
  const { task_id, attempt, token } = refOf(scene.ledger, "a");
  const ref = { task_id, attempt, token };
  const before = output.stdout.length;
  const reason = "neither output nor CPU time for 60 s";
  scene.add(
    draft("worker_stalled", "task/a", "controller/1", { worker: "local", ...ref, since: 0, reason }),
    draft("worker_recovered", "task/a", "controller/1", { worker: "local", attempt: ref }),
    draft("worker_recovered", "run", "controller/1", { worker: "w2" }),
  );
  assertEquals(output.stdout.slice(before).trimEnd().split("\n"), [
    `  stalled a: ${reason}; it may go on, as its on_stall says`,
    "  goes on a",
    "  goes on worker w2 gives signs of life again",
  ]);
});

Deno.test("extra workers that come and go are told, and the run's own process is not", () => {
  const output = new KeptOutput();
  const view = new PlainView(output, { mode: "none", verbosity: "normal", marks: null });
  const scene = new Scene([makeTask("a")], {}, view).go();
  const process = { pid: 1, pgid: 1, start_time: "1", boot_id: "b" };
  const before = output.stdout.length;
  for (const worker of ["local", "w2"]) {
    scene.add(
      draft("worker_started", "run", "controller/1", { worker, process, slots: 2 }),
      draft("worker_stopped", "run", "controller/1", { worker, reason: "no task can run any more" }),
    );
  }
  assertEquals(output.stdout.slice(before).trimEnd().split("\n"), [
    "  worker  w2 joined with 2 slots",
    "  worker  w2 left: no task can run any more",
  ]);
});

Deno.test("a run says which proposed tasks it takes, and which it refuses and why", () => {
  const output = new KeptOutput();
  const view = new PlainView(output, { mode: "none", verbosity: "normal", marks: null });
  const scene = new Scene([makeTask("a")], {}, view).go();
  const proposed_by = { task_id: "a", attempt: 1, token: 1 };
  const before = output.stdout.length;
  scene.add(
    draft("task_accepted", "task/b", "controller/1", {
      proposed_by,
      task_id: "b",
      reason: "as the plan allows",
    }),
    draft("task_rejected", "task/a", "controller/1", {
      proposed_by,
      task_id: "c",
      reason: "it is one too many",
    }),
  );
  assertEquals(output.stdout.slice(before).trimEnd().split("\n"), [
    "  added   b: as the plan allows",
    "  refused proposal c of a: it is one too many",
  ]);
});

Deno.test("a group that is longer than what is kept is read from the artifact, and cut where it is huge", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const printed = (text: string, artifact: string | undefined): readonly string[] => {
      const output = new KeptOutput();
      const view = new PlainView(output, { mode: "group", verbosity: "normal", marks: null });
      const scene = new Scene([makeTask("a")], {}, view, directory).go();
      view.begin(scene.state, scene.directory);
      scene.start("a");
      for (let from = 0; from < text.length; from += 10_000) {
        view.taskOutput("a", 1, text.slice(from, from + 10_000));
      }
      const path = artifact === undefined ? "not/there.log" : "a.log";
      if (artifact !== undefined) Deno.writeTextFileSync(`${directory}/${path}`, artifact);
      const file = { path, bytes: 1, kept_bytes: 1, truncated: false, sha256: "0".repeat(64) };
      const outcome = makeOutcome("success", { output: file });
      scene.add(draft("task_finished", taskSubject("a"), "controller/1", {
        ...refOf(scene.ledger, "a"),
        outcome,
        outputs: [],
      }));
      view.close();
      return output.stdout.split("\n").filter((line) => line.startsWith("  | "));
    };
    const lines = (count: number) => Array.from({ length: count }, (_, at) => `line ${at} é\n`).join("");
    const some = lines(20_000);
    assertEquals(printed(some, some).length, 20_000);
    const huge = lines(200_000);
    const cut = printed(huge, huge);
    const at = cut.findIndex((line) => line.includes("left out"));
    assertEquals(cut[at], "  | [2.1 MB are left out; all of it: omk logs a --attempt 1]");
    assertEquals([cut[0], cut.at(-1)], ["  | line 0 é", "  | line 199999 é"]);
    assertEquals(cut.filter((line, place) => place !== at && !/^ {2}\| line \d+ é$/.test(line)), []);
    const lost = printed(some, undefined);
    assertMatch(lost[0] ?? "", /^ {2}\| \[\d+ lines left out, as the file of all cannot be read: /);
    assertEquals(lost.at(-1), "  | line 19999 é");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("--output prefix aligns what tasks print, and tells them apart by colours", () => {
  const output = new KeptOutput();
  const styled = Object.assign(output, { style: createStyle(true) });
  const view = new PlainView(styled, { mode: "prefix", verbosity: "quiet", marks: null });
  const tasks = [makeTask("a"), makeTask("longer"), makeTask(`very-${"long-".repeat(8)}id`)];
  const scene = new Scene(tasks, { workers: 3 }, view).go();
  view.begin(scene.state, scene.directory);
  scene.start("a").start("longer");
  view.taskOutput("a", 1, "one\ntw");
  view.taskOutput("longer", 1, "three\n");
  const [first = "", second = ""] = output.stdout.split("\n");
  assertEquals(first, `\x1b[36m${"a".padEnd(24)} |\x1b[39m one`);
  assertEquals(second, `\x1b[35m${"longer".padEnd(24)} |\x1b[39m three`);
});

Deno.test("a line that a task has not ended is ended before omk prints its own", () => {
  const output = new KeptOutput();
  const view = new PlainView(output, { mode: "stream", verbosity: "normal", marks: null });
  const scene = new Scene([makeTask("a")], {}, view).go().start("a");
  view.taskOutput("a", 1, "no end");
  scene.settle("a", "exit");
  assertStringIncludes(output.stdout, "no end\n  failed  a: exited with 1\n");
});

Deno.test("what a task prints before its start was told comes after that, and is not lost where it ends at once", () => {
  for (const mode of ["prefix", "stream"] as const) {
    const output = new KeptOutput();
    const view = new PlainView(output, { mode, verbosity: "normal", marks: null });
    const scene = new Scene([makeTask("a"), makeTask("b")], {}, view).go();
    view.taskOutput("a", 1, "early\n");
    scene.start("a");
    view.taskOutput("b", 1, "never told");
    scene.add(draft("task_failed", taskSubject("b"), "controller/1", {
      ...refOf(scene.ledger, "b"),
      outcome: makeOutcome("spawn_error"),
      reason: "no such file",
    }));
    const prefix = (id: string) => mode === "prefix" ? `${id} | ` : "";
    assertEquals(output.stdout.split("\n"), [
      "  start   a",
      `${prefix("a")}early`,
      `${prefix("b")}never told`,
      "  failed  b: no such file",
      "",
    ]);
  }
});

Deno.test("a stalled worker and what looks like a secret are told, a lease only to who asks for every detail", () => {
  const linesOf = (verbosity: "quiet" | "normal" | "verbose") => {
    const output = new KeptOutput();
    const view = new PlainView(output, { mode: "none", verbosity, marks: null });
    const scene = new Scene([makeTask("a")], {}, view).go().start("a");
    const ref = refOf(scene.ledger, "a");
    const at = scene.ledger.now;
    const before = output.stdout.length;
    scene.add(
      draft("worker_stalled", "task/a", "controller/1", { worker: "local", ...ref, since: at - 60_000 }),
      draft("lease_renewed", "task/a", "controller/1", { ...ref, lease_expires: at }),
      draft("attempt_pinned", "task/a", "controller/1", {
        ...ref,
        ref: "refs/omk/r/task/a/1/pin",
        commit: "d".repeat(40),
        tree: "e".repeat(40),
        changed: { count: 2, paths: [] },
        by_products: [{ top: "dist", files: 2, bytes: 2048 }],
        by_products_capped: false,
        unpinned: [],
        set_aside: false,
        secrets: [".env"],
      }),
    );
    return output.stdout.slice(before).trimEnd().split("\n");
  };
  const secret = "  secret  a: what looks like one stops omk merge, in .env";
  assertEquals(linesOf("quiet"), [secret]);
  assertEquals(linesOf("normal"), ["  stalled a: no sign of progress for 1m 00s; it is ended", secret]);
  assertEquals(linesOf("verbose"), [
    "  stalled a: no sign of progress for 1m 00s; it is ended",
    "  lease   a, attempt 1, until 2026-01-02T03:04:05.000Z",
    secret,
    "  pin     a: 2 paths in refs/omk/r/task/a/1/pin; ignored files, removed: dist (2.0 kB)",
  ]);
});
