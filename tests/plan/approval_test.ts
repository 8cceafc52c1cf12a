import { assertEquals } from "@std/assert";
import { load, messagesOf, planOf, problemsOf } from "./fixture.ts";
import { formatPlanJson, parsePlanJson } from "../../src/plan/plan_json.ts";
import { formatProblem } from "../../src/plan/problem.ts";

const tasks = [{ id: "t", run: "true" }];

Deno.test("loadPlan() keeps an approval policy in its normal form, and without one says nothing", async () => {
  assertEquals((await planOf({ tasks })).approval, undefined);
  assertEquals((await planOf({ tasks, approval: "yolo" })).approval, {
    policy: "yolo",
    rules: [],
    otherwise: "deny",
    timeout_secs: 300,
  });
  const plan = await planOf({
    tasks,
    approval: {
      rules: [
        { decision: "allow", command: " npm  test " },
        { decision: "deny", tool: "edit", path: ["./ci/", "/etc/**"], reason: "not yours" },
        { decision: "ask", tool: ["fetch", "other"] },
        { decision: "allow", exact: "a && b " },
      ],
      otherwise: "safe",
      timeout_secs: 5,
    },
  });
  assertEquals(plan.approval, {
    policy: "pattern",
    rules: [
      { decision: "allow", command: ["npm", "test"] },
      { decision: "deny", tools: ["edit"], paths: ["ci/**", "/etc/**"], reason: "not yours" },
      { decision: "ask", tools: ["fetch", "other"] },
      { decision: "allow", exact: "a && b" },
    ],
    otherwise: "safe",
    timeout_secs: 5,
  });
  assertEquals(parsePlanJson(formatPlanJson(plan)).plan, plan);
});

Deno.test("P10: rules that can never fit, and policies that contradict themselves, are refused", async () => {
  const about = (approval: unknown) => messagesOf({ tasks, approval });
  const rule = (fields: object) => about({ rules: [{ decision: "allow", ...fields }] });
  assertEquals(await about("sometimes"), ['"approval" must be one of "never", "safe", "yolo"']);
  assertEquals(await about({ policy: "safe", rules: [] }), ['"rules" means nothing under the policy "safe"']);
  assertEquals(await about({ policy: "yolo", otherwise: "ask" }), [
    '"otherwise" means nothing under the policy "yolo"',
  ]);
  assertEquals(await about({ file: "a.jsonc", policy: "safe" }), ['"file" and "policy" exclude each other']);
  assertEquals(await about({ rules: [{ tool: "edit" }] }), ['"decision" is missing']);
  assertEquals(await rule({ tool: "write" }), [
    '"approval.rules[0].tool" must be one of "read", "edit", "delete", "move", "search", "execute", "think", "fetch", "other"',
  ]);
  const prefix =
    '"command" must be the plain first words of one command, without quotes and special characters';
  for (const command of ["npm test && rm x", "npm *", "a | b", "'npm test'", "X=1 a", "$X"]) {
    assertEquals(await rule({ command }), [prefix], command);
  }
  assertEquals(await rule({ command: " " }), ['"command" is empty']);
  assertEquals(await rule({ command: "a", exact: "a" }), ['"command" and "exact" exclude each other']);
  assertEquals(await rule({ tool: "edit", command: "a" }), [
    '"command" can never fit: the rule is not about the tool "execute"',
  ]);
  assertEquals(await rule({ path: "../x" }), ['"../x" leads out of a folder by ".."']);
  assertEquals(await rule({ path: ["a", "/x/../y"] }), ['"/x/../y" leads out of a folder by ".."']);
});

Deno.test("P10: a bad approval file stops the loading with file, line and column", async () => {
  const source = { tasks, approval: { file: "approval.jsonc" } };
  const read = (text: string) => ({
    readApproval: (name: string) => Promise.resolve({ path: `/p/${name}`, text }),
  });
  const problems = async (text: string) => {
    const loaded = await load(source, read(text));
    return loaded.ok ? [] : loaded.problems.map(formatProblem);
  };
  assertEquals(await problems('{ "rules": [\n  { "decision": "alow" } ] }'), [
    '/p/approval.jsonc:2:17: "approval.rules[0].decision" must be one of "allow", "deny", "ask"; did you mean "allow"?',
  ]);
  assertEquals(await problems('{ "rules": [\n  { "decision": "allow", "command": "a;b" } ] }'), [
    '/p/approval.jsonc:2:37: "command" must be the plain first words of one command, without quotes and special ' +
    'characters; "exact" takes a whole command line as it is',
  ]);
  assertEquals(await problems('{ "rule": [] }'), [
    '/p/approval.jsonc:1:3: unknown field "rule"; did you mean "rules"?',
  ]);
  assertEquals((await problems("{ rules }")).map((each) => each.slice(0, 22)), ["/p/approval.jsonc:1:3:"]);
  assertEquals((await problems("")).length, 1);
  assertEquals((await problems('{ "file": "x" }')).length, 1);
  const good = await planOf(source, read('{ "rules": [{ "decision": "ask" }] } // all'));
  assertEquals(good.approval?.rules, [{ decision: "ask" }]);
  assertEquals(await problemsOf(source, read("{}")), []);
});
