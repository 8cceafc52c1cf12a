import { assert, assertEquals } from "@std/assert";
import { load, messagesOf, planOf, problemsOf } from "./fixture.ts";

/** The messages about one task, or about other fields of a plan, each without its subject. */
const aboutTask = async (fields: object, plan: object = {}) =>
  (await messagesOf({ tasks: [{ id: "t", run: "true", ...fields }], ...plan })).map((each) =>
    each.replace('task "t": ', "")
  );
const aboutPlan = (fields: object) => messagesOf({ tasks: [{ id: "t", run: "true" }], ...fields });

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
    [{ tasks: [] }, '"tasks" must not be empty'],
    [{ tasks: undefined }, '"tasks" is missing'],
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

Deno.test("each task has exactly one body, and there is something in it", async () => {
  assertEquals(await aboutTask({ run: undefined }), ["there is nothing to do"]);
  assertEquals(await aboutTask({ run: " \n" }), ['"run" is empty']);
  assertEquals(await aboutTask({ run: ["", "x"] }), ['"run" names no program']);
  assertEquals(await aboutTask({ run: "a\0b" }), ['"run" holds a NUL character']);
  assertEquals(await aboutTask({ prompt: "" }), [
    '"prompt" needs an agent that does it',
    '"run" and "prompt" exclude each other',
    '"prompt" is empty',
  ]);
  // A body in the defaults is enough.
  assertEquals(await messagesOf({ defaults: { run: "x" }, tasks: [{ id: "t" }] }), []);
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

Deno.test("pools and gates that a task names must exist, and gates must judge attempts", async () => {
  const gates = [
    { name: "test", command: "x" },
    { name: "lint", command: "x", scope: "task" },
    { name: "lint", command: "y", scope: "task" },
    { name: "a/b", command: "", pool: "none" },
  ];
  const task = {
    id: "t",
    run: "x",
    pool: "db",
    gates: ["lnt", "test", "lint", "lint", "zzzzz", { name: "lint", command: "z" }, {
      name: "n",
      command: "",
      scope: "run",
      pool: "gpu",
    }],
  };
  assertEquals((await problemsOf({ gates, tasks: [task] })).map((each) => each.replace(/^\d+:\d+: /, "")), [
    'gate "lint": there is another gate named "lint"; give each gate a name of its own',
    'gate "a/b": "a/b" cannot be the name of a gate; use 1 to 64 letters, digits, spaces, ".", "_", ":" and "-", ' +
    "beginning and ending with a letter or digit",
    'gate "a/b": "command" is empty',
    'gate "a/b": "none" is no pool of the plan; add it to the plan: "pools": {"none": 1}',
    'task "t": "db" is no pool of the plan; add it to the plan: "pools": {"db": 1}',
    'task "t": "lnt" is no gate of the plan; did you mean "lint"?',
    'task "t": the gate "test" has the scope "run": it judges the work of all tasks together; give it "scope": "task", ' +
    "or remove it here",
    'task "t": the gate "lint" is listed twice; remove one of the two',
    'task "t": "zzzzz" is no gate of the plan; define it in "gates" of the plan, with "scope": "task"',
    'task "t": the gate "lint" is listed twice; remove one of the two',
    'task "t": there is another gate named "lint"; give each gate a name of its own',
    'task "t": "command" is empty',
    'task "t": a gate that a task defines has the scope "task"; remove "scope"',
    'task "t": "gpu" is no pool of the plan; add it to the plan: "pools": {"gpu": 1}',
  ]);
  assertEquals(await aboutPlan({ pools: { "a b": 1 } }), ['"a b" cannot be the name of a pool']);
});

Deno.test("a gate's name stands for one definition in the whole plan", async () => {
  const task = (id: string, command: string) => ({ id, run: "x", gates: [{ name: "unit", command }] });
  assertEquals(await messagesOf({ tasks: [task("a", "x"), task("b", "x")] }), []);
  assertEquals(await messagesOf({ tasks: [task("a", "x"), task("b", "y")] }), [
    'task "b": there is another gate named "unit"',
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

Deno.test("P10: candidates have ids and worktrees of their own", async () => {
  assertEquals(await aboutTask({ attempts: { parallel: 2 } }), []);
  assertEquals(await aboutTask({ attempts: 3 }), ['"attempts" must be an object, not 3']);
  assertEquals(await aboutTask({ attempts: {} }), ['"parallel" is missing']);
  assertEquals(await aboutTask({ attempts: { parallel: 1 } }), ['"attempts.parallel" must be at least 2']);
  assertEquals(await aboutTask({ attempts: { parallel: 99 } }), ['"attempts.parallel" must be at most 16']);
  assertEquals(await aboutTask({ attempts: { parallel: 2, pick: "best" } }), [
    '"attempts.pick" must be one of "first-passing", "smallest-diff", "review"',
  ]);
  const picked = (pick: unknown, more: object = {}) =>
    aboutTask({ run: undefined, prompt: "x", agent: "claude", attempts: { parallel: 2, pick }, ...more });
  assertEquals(await picked("review"), []);
  assertEquals(await picked({ review: { agent: "codex", rubric: "security" } }), []);
  assertEquals(await picked({ review: { agent: "codxe" } }), ['"codxe" is no agent that omk knows']);
  assertEquals(await picked({}), ['"review" is missing']);
  assertEquals(await picked({ review: { max_rounds: 3 } }), ['unknown field "max_rounds"']);
  const unnamed = ['the review of "attempts" needs an agent that does it'];
  assertEquals(await aboutTask({ attempts: { parallel: 2, pick: "review" } }), unnamed);
  assertEquals(await aboutTask({ attempts: { parallel: 2, pick: { review: { agent: "claude" } } } }), []);
  assertEquals(
    await messagesOf({
      defaults: { attempts: { parallel: 2, pick: "review" } },
      tasks: [{ id: "t", run: "x" }, { id: "t.review", run: "x", agent: undefined }],
    }),
    [
      'defaults: the review of its candidates, "t.review", would have the id of task "t.review"',
      `task "t": ${unnamed}`,
      `task "t.review": ${unnamed}`,
    ],
  );
  assertEquals(await aboutTask({ attempts: { parallel: 2 }, isolation: "none" }), [
    '"attempts" needs a worktree for each candidate, and "isolation" is "none"',
  ]);
  const named = (id: string, other: string) =>
    messagesOf({ tasks: [{ id, run: "x", attempts: { parallel: 2 } }, { id: other, run: "x" }] });
  assertEquals(await named("t", "T.2"), ['task "t": its candidate "t.2" would have the id of task "T.2"']);
  assertEquals(await named("t", "t.3"), []);
  assertEquals(await named("x".repeat(63), "b"), [
    `task "${"x".repeat(63)}": its candidate "${"x".repeat(63)}.1" would have too long an id`,
    `task "${"x".repeat(63)}": its candidate "${"x".repeat(63)}.2" would have too long an id`,
  ]);
  const reviewed = await messagesOf({
    tasks: [{ id: "t", run: "x", attempts: { parallel: 2 } }, {
      id: "r",
      review: { of: ["t"], agent: "kimi" },
    }],
  });
  assertEquals(reviewed, ['task "r": "t" has "attempts", of which one is merged as they say']);
});

Deno.test("a task with candidates is stored as these and the choice among them", async () => {
  const { tasks } = await planOf({
    tasks: [
      { id: "a", run: "x" },
      {
        id: "t",
        name: "Work",
        prompt: "do it",
        agent: "claude",
        dependencies: ["a"],
        write_set: ["src"],
        budget: { tokens: 30 },
        attempts: { parallel: 3 },
      },
      { id: "after", run: "x", dependencies: ["t"] },
    ],
  });
  assertEquals(tasks.map(({ id, dependencies }) => [id, ...dependencies]), [
    ["a"],
    ["t.1", "a"],
    ["t.2", "a"],
    ["t.3", "a"],
    ["t", "t.1", "t.2", "t.3"],
    ["after", "t"],
  ]);
  const [, first, , , choice] = tasks;
  assertEquals([first?.candidate_of, first?.name, first?.budget, first?.attempts], [
    "t",
    "Work (candidate 1)",
    { tokens: 10 },
    undefined,
  ]);
  assertEquals([choice?.attempts?.pick, choice?.trigger_rule, choice?.budget], [
    "first-passing",
    "one_success",
    undefined,
  ]);
});

Deno.test("a review that picks is stored between the candidates and the choice, with what the task says of attempts", async () => {
  const { tasks, agents } = await planOf({
    defaults: { agent: "claude" },
    tasks: [{
      id: "t",
      prompt: "do it",
      write_set: ["src"],
      priority: 3,
      budget: { usd: 3 },
      retry_policy: { max_attempts: 5 },
      attempts: { parallel: 2, pick: { review: { agent: "codex", rubric: { text: "Look" } } } },
    }],
  });
  assertEquals(tasks.map(({ id }) => id), ["t.1", "t.2", "t.review", "t"]);
  const [first, , judge, choice] = tasks;
  assertEquals(choice?.attempts, { pick: "review", candidates: ["t.1", "t.2"], review: "t.review" });
  assertEquals(judge?.review, {
    of: ["t.1", "t.2"],
    rubric: { name: "own", text: "Look" },
    max_rounds: 0,
    picks_for: "t",
  });
  assertEquals(
    [judge?.agent, judge?.trigger_rule, judge?.write_set, judge?.priority, judge?.retry_policy.max_attempts],
    ["codex", "all_done", [], 3, 5],
  );
  assertEquals([first?.agent, judge?.budget, judge?.candidate_of], ["claude", undefined, undefined]);
  const own = await planOf({
    defaults: { attempts: { parallel: 2, pick: { review: { rubric: { file: "own.md" } } } } },
    tasks: [{ id: "t", run: "x" }],
  }, { agent: { under: "kimi" }, readRubric: (name) => Promise.resolve(`text of ${name}`) });
  assertEquals([own.tasks[2]?.agent, own.tasks[2]?.review?.rubric], [
    "kimi",
    { name: "own.md", text: "text of own.md" },
  ]);
  assertEquals(Object.keys(agents ?? {}).toSorted(), ["claude", "codex"]);
});

Deno.test("P10: a review judges what can be judged before it is merged, and waits for nothing that waits for it", async () => {
  const about = async (review: object, tasks: readonly object[] = [], more: object = {}) =>
    (await messagesOf({
      tasks: [{ id: "a", run: "x" }, { id: "r", review: { agent: "claude", ...review }, ...more }, ...tasks],
    })).map((each) => each.replace('task "r": ', ""));
  assertEquals(await about({ of: ["a"] }), []);
  assertEquals(await about({ of: ["a"], rubric: { text: "Look" }, max_rounds: 0 }), []);
  assertEquals(await about({}), ['"of" is missing']);
  assertEquals(await about({ of: [] }), ['"review.of" must not be empty']);
  assertEquals(await about({ of: ["b"] }), ['"of" names "b", which is no task of the plan']);
  assertEquals(await about({ of: ["a", "a"] }), ['"a" is listed twice in "of"']);
  assertEquals(await about({ of: ["r"] }), [
    "the task reviews itself",
    '"r" is a review itself, which leaves nothing to be judged',
  ]);
  assertEquals(await about({ of: ["a"], max_rounds: 21 }), ['"review.max_rounds" must be at most 20']);
  assertEquals(await about({ of: ["a"], agent: undefined }), ['"review" needs an agent that does it']);
  assertEquals(await about({ of: ["a"], agent: "cluade" }), ['"cluade" is no agent that omk knows']);
  const here = { id: "b", run: "x", isolation: "none" };
  assertEquals(await about({ of: ["b"] }, [here]), [
    '"b" works in the directory itself ("isolation": "none")',
  ]);
  for (
    const field of [{ write_set: ["x"] }, { gates: [] }, { isolation: "worktree" }, {
      trigger_rule: "all_done",
    }]
  ) {
    const [name = ""] = Object.keys(field);
    assertEquals(await about({ of: ["a"] }, [], field), [
      `"${name}" has no meaning for a review: it stands on what it reviews and changes nothing`,
    ]);
  }
  const after = (id: string, ...dependencies: string[]) => ({ id, run: "x", dependencies });
  assertEquals(await about({ of: ["a", "b"] }, [after("b", "a")]), [
    "the review would wait for ever: r -> b -> a -> r",
  ]);
  assertEquals(await about({ of: ["a"] }, [after("b", "a")]), []);
  const crossed = [
    after("b"),
    after("c", "a"),
    after("d", "b"),
    { id: "s", review: { of: ["b", "c"], agent: "claude" } },
  ];
  assertEquals(await about({ of: ["a", "d"] }, crossed), [
    "the review would wait for ever: r -> d -> b -> s -> c -> a -> r",
  ]);
  const [cycle] = await about({ of: ["a"] }, [after("b", "r")], { dependencies: ["b"] });
  assertEquals(cycle, "the dependencies form a cycle: r -> b -> r");
  assertEquals(await messagesOf({ defaults: { review: { of: ["a"] } }, tasks: [{ id: "a", run: "x" }] }), [
    'defaults: "review" is a task of its own, and no default for others',
  ]);
});

Deno.test("P10: a prompt has an agent that omk knows how to start, and tells what it can be told", async () => {
  const prompt = { run: undefined, prompt: "x" };
  assertEquals(await aboutTask(prompt), ['"prompt" needs an agent that does it']);
  assertEquals(await aboutTask({ ...prompt, agent: "claude" }), []);
  assertEquals(await aboutTask(prompt, { defaults: { agent: "kimi" } }), []);
  assertEquals(await aboutTask({ ...prompt, agent: "cluade" }), ['"cluade" is no agent that omk knows']);
  assertEquals(await aboutTask({ agent: "claude" }), [
    '"agent" is for a prompt, and this task runs a command',
  ]);
  const about = (agent: object, name = "mine") =>
    aboutTask({ ...prompt, agent: name }, { agents: { [name]: agent } });
  assertEquals(await about({ command: "x" }), []);
  assertEquals(await about({ preset: "kimi", model: "k2" }), []);
  assertEquals(await about({}), ['agent "mine" has no command']);
  assertEquals(await about({ command: "x", driver: "stream" }), [
    'agent "mine" does not say whose JSON lines it prints',
  ]);
  assertEquals(await about({ command: "x", model: "m" }), ['agent "mine" cannot be told its model']);
  assertEquals(await about({ command: "x", mode: "m" }), ['agent "mine" cannot be told its mode']);
  assertEquals(await about({ driver: "stream" }, "cursor"), ['agent "cursor" cannot be driven by "stream"']);
  assertEquals(await about({ model: "m" }, "copilot"), ['agent "copilot" cannot be told its model']);
  assertEquals(await about({ command: "x", env: { OMK_X: "1" } }), [
    '"OMK_X" is reserved: omk alone sets OMK_* variables',
  ]);
  assertEquals(await about({ command: "x", env: { KEY: { from: "NOT_SET_ANYWHERE" } } }), [
    'the environment variable "NOT_SET_ANYWHERE" is not set',
  ]);
  assertEquals((await about({ command: "x", colour: "red" })).length, 1);
});

Deno.test("P10: a loop says what it repeats, how often at most, and until which gate", async () => {
  const until = { name: "u", command: "true" };
  const about = (loop: object, more: object = {}) => aboutTask({ run: undefined, loop, ...more });
  assertEquals(await about({ run: "x", max_iterations: 3, until }), []);
  assertEquals(await about({ run: "x", until }), ['"max_iterations" is missing']);
  assertEquals(await about({ run: "x", max_iterations: 3 }), ['"until" is missing']);
  assertEquals(await about({ run: "x", max_iterations: 0, until }), [
    '"loop.max_iterations" must be at least 1',
  ]);
  assertEquals(await about({ run: "x", max_iterations: 1e6, until }), [
    '"loop.max_iterations" must be at most 1000',
  ]);
  assertEquals(await about({ max_iterations: 3, until }), ["there is nothing to repeat"]);
  assertEquals(await about({ prompt: " ", max_iterations: 3, until }), [
    '"prompt" needs an agent that does it',
    '"prompt" is empty',
  ]);
  assertEquals(await about({ run: " ", max_iterations: 3, until }), ['"run" is empty']);
  assertEquals(await about({ run: "x", max_iterations: 3, until: "v" }), ['"v" is no gate of the plan']);
  assertEquals(await about({ run: "x", max_iterations: 3, until: { ...until, skip: true } }), [
    'the gate "u" has "skip", so the loop would not wait for it to pass',
  ]);
  assertEquals(await about({ run: "x", max_iterations: 3, until: { ...until, required: false } }), [
    'the gate "u" has "required": false, so the loop would not wait for it to pass',
  ]);
  assertEquals(await about({ run: "x", max_iterations: 3, until }, { gates: [until] }), [
    'the gate "u" ends the loop already',
  ]);
  assertEquals(await aboutTask({ loop: { run: "x", max_iterations: 3, until } }), [
    '"run" and "loop" exclude each other',
  ]);
  const named = { run: "x", max_iterations: 3, until: "u" };
  const tasks = [{ id: "t", loop: named }];
  assertEquals(await messagesOf({ gates: [{ ...until, scope: "task" }], tasks }), []);
  assertEquals(await messagesOf({ gates: [until], tasks }), [
    'task "t": the gate "u" has the scope "run": it judges the work of all tasks together',
  ]);
});

Deno.test("gate_each needs a gate that judges merges, unless gates are detected", async () => {
  const gate = { name: "test", command: "true" };
  for (const gate_each of ["off", undefined]) {
    assertEquals(await aboutPlan({ gate_each, gates: [] }), []);
  }
  for (const gate_each of ["task", "batch"]) {
    assertEquals(await aboutPlan({ gate_each, gates: [gate] }), []);
    assertEquals(await aboutPlan({ gate_each }), []);
    for (const weakness of [{ scope: "task" }, { required: false }, { allow_fail: true }, { skip: true }]) {
      const [problem] = await aboutPlan({ gate_each, gates: [{ ...gate, ...weakness }] });
      assertEquals(problem, `"gate_each" is "${gate_each}", and the plan has no gate that judges merges`);
    }
  }
  assertEquals((await aboutPlan({ gate_each: "merge" })).length, 1);
});
