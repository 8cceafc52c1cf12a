import { assert, assertEquals } from "@std/assert";
import { aboutPlan, aboutTask, load, messagesOf, problemsOf } from "./fixture.ts";

Deno.test("P10: unknown fields are refused wherever they stand, with the name that was meant", async () => {
  const text = `{
  "task": [], "defaults": { "timeout": 3 }, "worktree": { "copies": [] }, "budget": { "times": 1 },
  "gates": [{ "name": "a", "command": "x", "requird": true }],
  "tasks": [{ "id": "t", "run": "x", "dependancies": [], "retry_policy": { "max_attempt": 1 },
    "gates": [{ "name": "g", "command": "x", "retry": 1 }], "env": { "A": { "form": "HOME" } }, "zzzzz": 1 }]
}`;
  assertEquals(await problemsOf(text), [
    '2:3: unknown field "task"; did you mean "tasks"?',
    '2:29: defaults: unknown field "timeout"; did you mean "timeout_secs"?',
    '2:59: unknown field "copies"; the fields here are "setup", "setup_inputs", "keep", "copy"',
    '2:87: unknown field "times"; did you mean "time"?',
    '3:44: gate "a": unknown field "requird"; did you mean "required"?',
    '4:38: task "t": unknown field "dependancies"; did you mean "dependencies"?',
    '4:76: task "t": unknown field "max_attempt"; did you mean "max_attempts"?',
    '5:46: task "t": unknown field "retry"; the fields here are "name", "command", "required", "timeout_secs", "scope", "retries", "allow_fail", "skip", "output_fails", "reports", "pool"',
    '5:75: task "t": "from" is missing',
    '5:77: task "t": unknown field "form"; did you mean "from"?',
    '5:97: task "t": unknown field "zzzzz"; omk help plan tells all fields',
  ]);
});

Deno.test("P10: values of the wrong type, range or choice are refused", async () => {
  const tasks: readonly [object, string][] = [
    [{ timeout_secs: 0 }, '"timeout_secs" must be greater than 0'],
    [{ timeout_secs: -5 }, '"timeout_secs" must be greater than 0'],
    [{ timeout_secs: 1e9 }, '"timeout_secs" must be at most 2592000'],
    [{ priority: 1.5 }, '"priority" must be a whole number, not 1.5'],
    [{ priority: 2 ** 40 }, '"priority" must be at most 2147483647'],
    [{ isolation: "wortree" }, '"isolation" must be one of "worktree", "none"'],
    [{ trigger_rule: true }, '"trigger_rule" must be one of "all_success", "one_success", "all_done"'],
    [{ retry_policy: { max_attempts: -1 } }, '"retry_policy.max_attempts" must be at least 0'],
    [{ retry_policy: { backoff_seconds: 1e12 } }, '"retry_policy.backoff_seconds" must be at most 86400'],
    [{ retry_policy: { backoff_multiplier: 0.5 } }, '"retry_policy.backoff_multiplier" must be at least 1'],
    [{ retry_policy: { jitter: 2 } }, '"retry_policy.jitter" must be at most 1'],
    [{ retry_policy: [] }, '"retry_policy" must be an object, not a list'],
    [{ dependencies: "a" }, '"dependencies" must be a list, not a text'],
    [{ dependencies: [1] }, '"dependencies[0]" must be a text, not 1'],
    [{ run: [] }, '"run" must not be empty'],
    [{ run: ["a", 1] }, '"run[1]" must be a text, not 1'],
    [{ env: { A: 1 } }, '"env.A" must be a text or an object, not 1'],
    [{ gates: [true] }, '"gates[0]" must be a text or an object, not true'],
    [{ metadata: null }, '"metadata" must be an object, not null'],
  ];
  for (const [fields, message] of tasks) assertEquals(await aboutTask(fields), [message]);
  const plans: readonly [object, string][] = [
    [{ version: 2 }, '"version" must be 1'],
    [{ workers: 2000 }, '"workers" must be at most 1024'],
    [
      { tasks: [] },
      '"tasks" must not be empty',
    ],
    [
      { tasks: undefined },
      '"tasks" is missing',
    ],
    [{ tasks: {} }, '"tasks" must be a list, not an object'],
    [{ pools: { db: 0 } }, '"pools.db" must be at least 1'],
    [{ pools: [] }, '"pools" must be an object, not a list'],
    [{ name: "" }, '"name" must not be empty'],
    [{ on_failure: "stop" }, '"on_failure" must be one of "continue", "no-new", "kill"'],
    [{ limits: { output_bytes: 1 } }, '"limits.output_bytes" must be at least 1024'],
    [{ gates: [{ name: "a" }] }, 'gate "a": "command" is missing'],
    [{ gates: [{ command: "a" }] }, 'gate number 1: "name" is missing'],
    [
      { budget: { time: "2 hours" } },
      '"budget.time" must be a number of seconds, or a text such as "2h" or "1h30m"',
    ],
    [
      { budget: { time: "" } },
      '"budget.time" must be a number of seconds, or a text such as "2h" or "1h30m"',
    ],
  ];
  for (const [fields, message] of plans) assertEquals(await aboutPlan(fields), [message]);
});

Deno.test("P10: numbers that JSON cannot write again, and broken characters, are refused wherever they stand", async () => {
  const text =
    '{"tasks":[{"id":"t","run":"x","timeout_secs":1e999,"metadata":{"a":[-1e999],"b":"\\ud800"}}]}';
  assertEquals(await messagesOf(text), [
    'task "t": "timeout_secs" is too large a number',
    'task "t": "a" is too large a number',
    'task "t": "b" holds half of a surrogate pair, which is no character',
  ]);
});

Deno.test("ids have the form of file names, and differ in more than case", async () => {
  for (const id of ["", "-a", ".a", "a/b", "a..b", "a.", "a.lock", "a b", "é", "a".repeat(65)]) {
    assertEquals(await messagesOf({ tasks: [{ id, run: "x" }] }), [
      `task "${id}": "${id}" cannot be a task id`,
    ]);
  }
  const tasks = ["a", "A", "a"].map((id) => ({ id, run: "x" }));
  assertEquals(await messagesOf({ tasks }), [
    'task "A": the id "A" differs from "a" in case only',
    'task "a": the id "a" is already taken',
  ]);
  assertEquals(await messagesOf({ tasks: [{ run: "x" }] }), ['task number 1: "id" is missing']);
});

Deno.test("dependencies that are unknown, listed twice, or the task itself are refused", async () => {
  const text = `{"tasks": [
    {"id": "build", "run": "x"},
    {"id": "test", "run": "x", "dependencies": ["biuld", "build", "build", "test"]}
  ]}`;
  assertEquals(await problemsOf(text), [
    '3:49: task "test": "dependencies" names "biuld", which is no task of the plan; did you mean "build"?',
    '3:67: task "test": "build" is listed twice in "dependencies"; remove one of the two',
    '3:76: task "test": the task depends on itself; remove it: a task waits for others',
  ]);
});

Deno.test("cycles of any length are printed, once each", async () => {
  for (const length of [2, 3, 7]) {
    const tasks = Array.from({ length }, (_, at) => ({
      id: `t${at}`,
      run: "x",
      dependencies: [`t${(at + 1) % length}`],
    }));
    const ids = [...tasks.map((task) => task.id), "t0"];
    assertEquals(await messagesOf({ tasks: [{ id: "z", run: "x", dependencies: ["t0"] }, ...tasks] }), [
      `task "t0": the dependencies form a cycle: ${ids.join(" -> ")}`,
    ]);
  }
});

Deno.test("paths outside of the repository, or written for another system, are refused in every field", async () => {
  for (const bad of ["/etc", "../x", "C:\\x", "a\\b", "C:/x", ""]) {
    const paths = [bad];
    const gate = { name: "g", command: "x", scope: "task", reports: paths };
    const loaded = await load({
      worktree: { setup_inputs: paths, keep: paths, copy: paths },
      gates: [gate],
      defaults: { read_set: paths },
      tasks: [{
        id: "t",
        run: "x",
        read_set: paths,
        write_set: paths,
        outputs: paths,
        cwd: bad,
        gates: [{ ...gate, name: "h" }],
      }],
    });
    assert(!loaded.ok);
    assertEquals(loaded.problems.map((problem) => problem.pointer), [
      "/worktree/setup_inputs/0",
      "/worktree/keep/0",
      "/worktree/copy/0",
      "/gates/0/reports/0",
      "/defaults/read_set/0",
      "/tasks/0/read_set/0",
      "/tasks/0/write_set/0",
      "/tasks/0/outputs/0",
      "/tasks/0/cwd",
      "/tasks/0/gates/0/reports/0",
    ]);
  }
  assertEquals(await aboutTask({ outputs: ["dist/*.js"] }), [
    '"dist/*.js" has a wildcard, and must be a plain path',
  ]);
});

Deno.test("a write set may not go through a link that leads out of the repository", async () => {
  const tracked = [{ path: "out", linkTarget: "/tmp" }, { path: "up/out", linkTarget: "../../x" }];
  const plan = { tasks: [{ id: "t", run: "x", write_set: ["out/a", "up/out/b"], read_set: ["out/a"] }] };
  assertEquals(await messagesOf(plan, { tracked }), [
    'task "t": "out/a" goes through the symbolic link "out", which leads out of the repository',
    'task "t": "up/out/b" goes through the symbolic link "up/out", which leads out of the repository',
  ]);
});

Deno.test("P10: environment variables have names that omk leaves to tasks, and sources that exist", async () => {
  const env = {
    OK: "1",
    GIT_CONFIG_COUNT: "0",
    HOME2: { from: "HOME" },
    OMK_RUN_ID: "1",
    GIT_DIR: "x",
    "A-B": "x",
    "": "x",
    NUL: "a\0",
    GONE: { from: "NOT_SET" },
    KEY: { from: "OMK_KEY" },
    BAD: { from: "a b" },
  };
  assertEquals(await aboutTask({ env }), [
    '"OMK_RUN_ID" is reserved: omk alone sets OMK_* variables',
    '"GIT_DIR" would lead git out of the task\'s worktree',
    '"A-B" cannot be the name of an environment variable',
    '"" cannot be the name of an environment variable',
    'the value of "NUL" holds a NUL character',
    'the environment variable "NOT_SET" is not set',
    '"OMK_KEY" is omk\'s own, and is not given to tasks',
    '"a b" cannot be the name of an environment variable',
  ]);
  assertEquals(await aboutTask({ env: { A: { from: "toString" } } }), [
    'the environment variable "toString" is not set',
  ]);
});

Deno.test("leases, thresholds and the budget must fit each other", async () => {
  assertEquals(await aboutPlan({ lease_secs: 60 }), [
    '"lease_secs" (60) must be at least 3 times "heartbeat_missing_secs" (30)',
  ]);
  assertEquals(await aboutPlan({ watchdog: { heartbeat_missing_secs: 200 } }), [
    '"lease_secs" (300 by default) must be at least 3 times "heartbeat_missing_secs" (200)',
  ]);
  assertEquals(await aboutPlan({ watchdog: { heartbeat_missing_secs: 5, heartbeat_stale_secs: 1 } }), [
    '"heartbeat_missing_secs" must be greater than 5',
    '"heartbeat_stale_secs" must be at least 10',
  ]);
  assertEquals(await aboutPlan({ lease_secs: 60, watchdog: { heartbeat_missing_secs: 20 } }), []);
  assertEquals(await aboutPlan({ budget: { time: "0s" } }), [
    '"budget.time" must be greater than 0 and at most 2592000 s',
  ]);
  assertEquals(await aboutPlan({ budget: { time: "31d" } }), [
    '"budget.time" must be greater than 0 and at most 2592000 s',
  ]);
});

Deno.test("P12: a plan that redaction would change is refused, and the message does not repeat the secret", async () => {
  const secret = "SECRET-1";
  const gate = { name: "g", command: ["x", secret], scope: "task" };
  const plan = {
    worktree: { setup: `x ${secret}` },
    gates: [gate],
    tasks: [{
      id: "t",
      run: `curl -H ${secret}`,
      env: { TOKEN: secret },
      gates: ["g"],
      metadata: { [secret]: 1 },
      dependencies: [secret],
    }],
  };
  const problems = await problemsOf(plan);
  assertEquals(problems.map((each) => each.replace(/^\d+:\d+: /, "").replace(/; .*/, "")), [
    '"setup" holds what looks like a secret',
    'gate "g": "command" holds what looks like a secret',
    'task "t": "run" holds what looks like a secret',
    'task "t": "TOKEN" holds what looks like a secret',
    'task "t": a field name holds what looks like a secret',
    'task "t": "dependencies" holds what looks like a secret',
    'task "t": "dependencies" names "[REDACTED]", which is no task of the plan',
  ]);
  assert(!JSON.stringify(await load(plan)).includes(secret));
  assertEquals(
    problems[0]?.split("; ")[1],
    'pass it as an environment variable: "env": {"NAME": {"from": "NAME"}}',
  );
});
