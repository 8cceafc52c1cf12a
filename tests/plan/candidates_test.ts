import { assertEquals } from "@std/assert";
import { aboutTask, messagesOf, planOf } from "./fixture.ts";

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
