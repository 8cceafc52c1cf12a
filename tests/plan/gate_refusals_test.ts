import { assertEquals } from "@std/assert";
import { aboutPlan, messagesOf, problemsOf } from "./fixture.ts";

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
