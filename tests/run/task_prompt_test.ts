import { assertEquals, assertStringIncludes } from "@std/assert";
import { draft, taskSubject } from "../../src/log/event.ts";
import { settleAttempt, settleConflict } from "../../src/scheduler/settle.ts";
import { taskPrompt } from "../../src/run/task_prompt.ts";
import { decideAll, ledgerOf, pin, refOf, start } from "../scheduler/steps.ts";
import { makeOutcome, makeTask, RUN_ID } from "./fixture.ts";

const TOKEN = `ghp_${"a1B2".repeat(9)}`;

Deno.test("taskPrompt() tells what earlier attempts failed with, from the log and its artifacts, without secrets (P12)", async () => {
  const directory = await Deno.makeTempDir();
  const { run: _, ...task } = makeTask("a", {
    prompt: `mend it, not with ${TOKEN}`,
    retry_policy: { ...makeTask("x").retry_policy, max_attempts: 5, backoff_seconds: 0 },
  });
  const ledger = ledgerOf([task]);
  const told = (attempt: number) =>
    taskPrompt(task, {
      runId: RUN_ID,
      directory,
      template: undefined,
      attempt,
      events: async function* () {
        yield* ledger.events;
      },
    });
  const artifact = (path: string) => ({
    path,
    bytes: 1,
    kept_bytes: 1,
    truncated: false,
    sha256: "0".repeat(64),
  });
  await Deno.mkdir(`${directory}/gates`);
  await Deno.mkdir(`${directory}/tasks`);
  await Deno.writeTextFile(`${directory}/gates/001-test.log`, `expected 1, got 2; key ${TOKEN}\n`);
  await Deno.writeTextFile(`${directory}/tasks/conflict.diff`, "# theirs\n-a\n# yours\n+b\n");
  decideAll(ledger);
  const first = await told(1);
  assertStringIncludes(first, "mend it, not with [REDACTED:");
  assertEquals(first.includes("What went wrong before"), false);
  start(ledger, "a");
  ledger.add([draft("gate_failed", taskSubject("a"), "controller/1", {
    gate: "test",
    scope: "task",
    run_number: 1,
    required: true,
    tree: null,
    commit: null,
    task_id: "a",
    token: refOf(ledger, "a").token,
    definition: "0".repeat(64),
    exit_code: 1,
    signal: null,
    timed_out: false,
    duration_ms: 1,
    output: artifact("gates/001-test.log"),
    changed: [],
    untracked: [],
    counts: null,
    reason: "exited with 1",
    infrastructure: false,
  })]);
  const failed = makeOutcome("gate_failed", { detail: "test exited with 1" });
  ledger.add(settleAttempt(ledger.state, refOf(ledger, "a"), failed, [], ledger.now));
  decideAll(ledger);
  const second = await told(2);
  assertStringIncludes(second, "This is attempt 2.");
  assertStringIncludes(second, "Attempt 1 failed a gate: test exited with 1.");
  assertStringIncludes(second, 'The output of the check "test":\n```\nexpected 1, got 2; key [REDACTED:');
  start(ledger, "a");
  pin(ledger, "a");
  const ref = refOf(ledger, "a");
  ledger.add(settleAttempt(ledger.state, ref, makeOutcome("success"), [], ledger.now));
  decideAll(ledger);
  const conflict = {
    head: "d".repeat(40),
    paths: ["src/x.ts"],
    detail: "",
    diffs: artifact("tasks/conflict.diff"),
  };
  ledger.add(settleConflict(ledger.state, ref, conflict, ledger.now));
  decideAll(ledger);
  const third = await told(3);
  assertStringIncludes(third, "Attempt 2 conflicts with what was merged before it in src/x.ts.");
  assertStringIncludes(third, "The changes of both sides:\n```\n# theirs\n-a\n# yours\n+b\n```");
  assertEquals(third.includes("expected 1, got 2"), false, "only the latest attempt is quoted");
  // A gate of the run that refuses a merge is told as one of the task's own.
  await Deno.writeTextFile(`${directory}/gates/002-whole.log`, "it breaks the build\n");
  start(ledger, "a");
  const judged = {
    gate: "whole",
    scope: "run" as const,
    run_number: 1,
    required: true,
    tree: null,
    commit: null,
    task_id: null,
    token: null,
  };
  ledger.add([
    draft("gate_started", "run", "controller/1", judged),
    draft("gate_failed", "run", "controller/1", {
      ...judged,
      ...{ definition: "0".repeat(64), exit_code: 1, signal: null, timed_out: false, duration_ms: 1 },
      ...{ output: artifact("gates/002-whole.log"), changed: [], untracked: [], counts: null },
      ...{ reason: "exited with 1", infrastructure: false },
    }),
  ]);
  const refused = makeOutcome("gate_failed", { detail: "whole", gate_output: "gates/002-whole.log" });
  ledger.add(settleAttempt(ledger.state, refOf(ledger, "a"), refused, [], ledger.now));
  decideAll(ledger);
  assertStringIncludes(await told(4), 'The output of the check "whole":\n```\nit breaks the build\n```');
  assertEquals(third.includes(TOKEN), false);
  assertEquals(await told(1), first, "an earlier attempt is shown as it was told");
  await Deno.remove(directory, { recursive: true });
});
