import { assertEquals } from "@std/assert";
import { checkBudgets } from "../../src/plan/checks/budgets.ts";
import type { Measures } from "../../src/plan/agent_measures.ts";
import { draftOf } from "../../src/plan/draft.ts";
import { planOf } from "./fixture.ts";
import { formatPlanJson, parsePlanJson } from "../../src/plan/plan_json.ts";

const AGENTS: Readonly<Record<string, Measures>> = {
  all: { tokens: "measured", usd: "measured" },
  tokens: { tokens: "measured", usd: "unknown" },
};
const NOTHING: Measures = { tokens: "unknown", usd: "unknown" };

const check = (plan: object, hasPrices = false) =>
  checkBudgets(draftOf(plan, []), { measuresOf: (agent = "") => AGENTS[agent] ?? NOTHING, hasPrices })
    .map(({ path, message, hint }) => `${path.join(".")}: ${message}; ${hint?.slice(0, 15)}`);

Deno.test("P10: a budget with an agent that cannot measure is refused, once for each budget, unless unknown is allowed", () => {
  const tasks = (
    agent?: string,
  ) => [{ id: "a", run: "true" }, { id: "b", prompt: "x", agent }, { id: "c", prompt: "y", agent }];
  assertEquals(check({ tasks: tasks() }), []);
  assertEquals(check({ budget: { usd: 1 }, tasks: tasks("all") }), []);
  assertEquals(
    check({ budget: { usd: 1, tokens: 5 }, tasks: [{ id: "a", run: "true" }] }),
    [],
    "no agent works",
  );
  assertEquals(check({ budget: { usd: 1, tokens: 5 }, tasks: tasks("mute") }), [
    'budget.tokens: agent "mute" cannot tell how many tokens it uses, so the budget cannot be kept; set "budget": {',
    'budget.usd: agent "mute" cannot tell what it costs, so the budget cannot be kept; set "budget": {',
  ]);
  assertEquals(check({ budget: { usd: 1, unknown: "allow" }, tasks: tasks("mute") }), []);
  assertEquals(check({ budget: { usd: 1 }, tasks: tasks("tokens") }), [
    'budget.usd: agent "tokens" cannot tell what it costs, so the budget cannot be kept; give prices of ',
  ]);
  assertEquals(check({ budget: { usd: 1 }, tasks: tasks("tokens") }, true), []);
  assertEquals(check({ tasks: [{ id: "a", prompt: "x", agent: "mute", budget: { tokens: 5 } }] }).length, 1);
  const picked = (more: object, pick: unknown = { review: { agent: "mute" } }) =>
    check({ budget: { tokens: 5 }, tasks: [{ id: "a", attempts: { parallel: 2, pick }, ...more }] }).length;
  assertEquals([picked({ run: "x" }), picked({ prompt: "x", agent: "all" })], [1, 1], "who picks works too");
  assertEquals(picked({ prompt: "x", agent: "all" }, "review"), 0);
  assertEquals(
    check({ defaults: { prompt: "x", agent: "mute", budget: { usd: 1 } }, tasks: [{ id: "a" }, { id: "b" }] })
      .map((each) => each.slice(0, 20)),
    ["defaults.budget.usd:"],
  );
});

Deno.test("loadPlan() keeps budgets and prices in the stored plan", async () => {
  const prices = { m: { input: 1, output: 2, cached_input: 0.1 } };
  const plan = await planOf({
    budget: { usd: 2.5, tokens: 1000, unknown: "allow" },
    defaults: { budget: { usd: 1 } },
    tasks: [{ id: "a", run: "true", budget: { tokens: 10 } }],
  }, { prices });
  assertEquals(plan.budget, { time_secs: null, usd: 2.5, tokens: 1000, unknown: "allow" });
  assertEquals(plan.tasks[0]?.budget, { usd: 1, tokens: 10 });
  assertEquals(plan.prices, prices);
  assertEquals(parsePlanJson(formatPlanJson(plan)).plan, plan);
});
