import { assertEquals } from "@std/assert";
import { aboutTask, messagesOf } from "./fixture.ts";

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
