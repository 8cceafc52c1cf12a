import { assertEquals } from "@std/assert";
import { planOf, taskOf } from "./fixture.ts";

Deno.test("normalizePlan() fills in every default", async () => {
  assertEquals(await planOf({ tasks: [{ id: "a", run: "true" }] }), {
    version: 1,
    name: "omk",
    workers: 4,
    pools: {},
    budget: { time_secs: null },
    worktree: {
      setup: null,
      setup_inputs: [
        "package-lock.json",
        "yarn.lock",
        "pnpm-lock.yaml",
        "bun.lock",
        "deno.lock",
        "Cargo.lock",
        "go.sum",
        "poetry.lock",
        "uv.lock",
        "requirements.txt",
        "Gemfile.lock",
        "composer.lock",
      ],
      keep: [],
      copy: [],
    },
    gates: null,
    on_failure: "continue",
    durability: "batch",
    watchdog: { heartbeat_missing_secs: 30, heartbeat_stale_secs: 60 },
    lease_secs: 300,
    limits: { output_bytes: 67_108_864, pin_file_bytes: 104_857_600 },
    tasks: [{
      id: "a",
      name: "a",
      run: "true",
      dependencies: [],
      trigger_rule: "all_success",
      priority: 0,
      pool: null,
      read_set: [],
      write_set: null,
      outputs: [],
      isolation: "worktree",
      env: {},
      cwd: "",
      timeout_secs: 1800,
      retry_policy: {
        max_attempts: 0,
        backoff_seconds: 1,
        backoff_multiplier: 2,
        max_backoff_seconds: 300,
        jitter: 0.1,
        terminal_on_permanent_failure: true,
      },
      retry_declared: false,
      on_stall: "retry",
      acceptance_criteria: [],
      gates: [],
      metadata: {},
    }],
  });
});

Deno.test("normalizePlan() keeps what the plan says", async () => {
  const plan = await planOf({
    name: "n",
    workers: 2,
    pools: { db: 1 },
    budget: { time: "1h30m" },
    worktree: {
      setup: ["npm", "ci"],
      setup_inputs: ["./a.lock"],
      keep: ["node_modules/"],
      copy: [".env.test"],
    },
    gates: [{
      name: "test",
      command: "npm test",
      timeout_secs: 5,
      required: false,
      reports: ["./out/*.xml", "sub/"],
    }],
    on_failure: "kill",
    durability: "strict",
    watchdog: { heartbeat_stale_secs: 20 },
    lease_secs: 90.5,
    limits: { output_bytes: 2048 },
    tasks: [{
      id: "a",
      name: "A",
      description: "d",
      run: ["x"],
      pool: "db",
      cwd: "./sub/",
      priority: -3,
      metadata: { k: [1] },
    }],
  });
  assertEquals(plan.name, "n");
  assertEquals(plan.budget, { time_secs: 5400 });
  assertEquals(plan.worktree, {
    setup: ["npm", "ci"],
    setup_inputs: ["a.lock"],
    keep: ["node_modules"],
    copy: [".env.test"],
  });
  assertEquals(plan.gates, [{
    name: "test",
    command: "npm test",
    required: false,
    timeout_secs: 5,
    scope: "run",
    retries: 0,
    allow_fail: false,
    skip: false,
    output_fails: false,
    reports: ["out/*.xml", "sub/**"],
  }]);
  assertEquals(plan.watchdog, { heartbeat_missing_secs: 30, heartbeat_stale_secs: 20 });
  assertEquals(plan.limits, { output_bytes: 2048, pin_file_bytes: 104_857_600 });
  const [task] = plan.tasks;
  assertEquals([task?.name, task?.description, task?.pool, task?.cwd, task?.priority], [
    "A",
    "d",
    "db",
    "sub",
    -3,
  ]);
  assertEquals(task?.metadata, { k: [1] });
});

Deno.test("normalizePlan() merges defaults: objects by key, all else replaced, bodies never mixed", async () => {
  const defaults = {
    run: "default",
    env: { A: "1", B: "1" },
    metadata: { x: 1 },
    retry_policy: { max_attempts: 5, jitter: 0 },
    read_set: ["a"],
    timeout_secs: 7,
  };
  const own = { env: { B: "2" }, metadata: { y: 2 }, retry_policy: { jitter: 0.5 }, read_set: ["b"] };
  const task = await taskOf(own, { defaults });
  assertEquals(task.run, "true");
  assertEquals(task.env, { A: "1", B: "2" });
  assertEquals(task.metadata, { x: 1, y: 2 });
  assertEquals([task.retry_policy.max_attempts, task.retry_policy.jitter], [5, 0.5]);
  assertEquals(task.retry_declared, true);
  assertEquals(task.read_set, ["b"]);
  assertEquals(task.timeout_secs, 7);
  const plan = await planOf({ defaults, tasks: [{ id: "t" }] });
  assertEquals(plan.tasks[0]?.run, "default");
});

Deno.test("normalizePlan() resolves the gates of tasks", async () => {
  const gates = [{ name: "lint", command: "x", scope: "task", retries: 2 }];
  const task = await taskOf({ gates: ["lint", { name: "own", command: ["y"] }] }, { gates });
  assertEquals(
    task.gates.map((gate) => [gate.name, gate.command, gate.scope, gate.retries, gate.timeout_secs]),
    [
      ["lint", "x", "task", 2, 600],
      ["own", ["y"], "task", 0, 600],
    ],
  );
});

Deno.test("P5: without a worktree, an absent write set is everything, and outputs are written too", async () => {
  assertEquals((await taskOf({ isolation: "none" })).write_set, ["**"]);
  assertEquals((await taskOf({ isolation: "none", write_set: [] })).write_set, []);
  assertEquals(
    (await taskOf({ isolation: "none", write_set: ["a/"], outputs: ["b", "app/[id]"] })).write_set,
    [
      "a/**",
      "b",
      "app/[id]",
    ],
  );
  assertEquals((await taskOf({ write_set: [], outputs: ["b"] })).write_set, []);
  assertEquals((await taskOf({})).write_set, null);
});

Deno.test("normalizePlan() resolves tracked links, and knows tracked directories by whatever name", async () => {
  const tracked = [
    { path: "v2/a.ts" },
    { path: "conf.d/x.conf" },
    { path: "cur", linkTarget: "v2" },
    { path: "sub/up", linkTarget: "../cur/./deep" },
    { path: "out", linkTarget: "/etc" },
    { path: "loop", linkTarget: "loop" },
    { path: "here", linkTarget: "." },
  ];
  const setOf = async (entry: string, caseSensitive = true) =>
    (await taskOf({ read_set: [entry] }, {}, { tracked, caseSensitive })).read_set;
  assertEquals(await setOf("cur/a.ts"), ["v2/a.ts"]);
  assertEquals(await setOf("cur"), ["cur", "v2"]);
  assertEquals(await setOf("cur/**"), ["v2/**"]);
  assertEquals(await setOf("sub/up/*.ts"), ["v2/deep/*.ts"]);
  assertEquals(await setOf("sub/*/x"), ["sub/*/x"]);
  assertEquals(await setOf("out/x"), ["out/x"]);
  assertEquals(await setOf("out"), ["out"]);
  assertEquals(await setOf("here"), ["here", "**"]);
  assertEquals(await setOf("loop/a"), ["loop/a"]);
  assertEquals(await setOf("conf.d"), ["conf.d/**"]);
  assertEquals(await setOf("new.d"), ["new.d"]);
  assertEquals(await setOf("CUR/a"), ["CUR/a"]);
  assertEquals(await setOf("CUR/a", false), ["v2/a"]);
});
