import { assertEquals, assertRejects } from "@std/assert";
import { UsageError } from "../../../src/errors.ts";
import type { AgentSpec } from "../../../src/plan/spec.ts";
import { earlierLock } from "../../../src/run/planning/earlier_lock.ts";
import { planningRunOf } from "../../../src/run/planning/kept_plan.ts";
import { lockChanges, lockPathOf, planLockOf } from "../../../src/run/planning/plan_lock.ts";
import { makeGate, makePlan, makeTask, RUN_ID } from "../fixture.ts";

const AGENT: AgentSpec = {
  preset: "claude",
  driver: "stream",
  dialect: "claude",
  command: ["claude", "-p"],
  prompt: "stdin",
  env: {},
  start_secs: 60,
  first_update_secs: 60,
  silence_secs: 60,
  checkout: "watch",
};
const PLAN = makePlan([makeTask("a")], { agents: { claude: AGENT }, gates: [makeGate()] });

function lock(changes: Partial<typeof PLAN> = {}, version: string | null = "2.1.0") {
  const found = new Map([["claude", { program: "/bin/claude", version }]]);
  return planLockOf({ ...PLAN, ...changes }, found, null);
}

Deno.test("lockChanges() tells what is other: versions, models, agents, gates, tasks, the template", () => {
  assertEquals(lockChanges(lock(), lock()), []);
  // How many tasks run at once is nothing that a plan means.
  assertEquals(lockChanges(lock(), lock({ workers: 9 })), []);
  assertEquals(lockChanges(lock(), lock({}, "2.2.0")), [
    'agent "claude" is version 2.2.0, and was version 2.1.0',
  ]);
  assertEquals(lockChanges(lock({}, null), lock()), [
    'agent "claude" is version 2.1.0, and was of an unknown version',
  ]);
  const changed = {
    agents: { claude: { ...AGENT, model: "opus" }, other: AGENT },
    gates: [makeGate({ command: "false" }), makeGate({ name: "lint" })],
    prompt_template: "{{prompt}}",
    tasks: [makeTask("b")],
  };
  assertEquals(lockChanges(lock(), lock(changed)), [
    "the tasks of the plan are others",
    'the model of agent "claude" is "opus", and was its own choice',
    'agent "other" is new',
    'gate "test" is another one',
    'gate "lint" is new',
    "the template of prompts is another one",
  ]);
  assertEquals(
    lockChanges(lock(changed), lock({ agents: { claude: { ...AGENT, silence_secs: 9, model: "opus" } } })),
    [
      "the tasks of the plan are others",
      'agent "claude" is started in another way',
      'agent "other" is not there any more',
      'gate "test" is another one',
      'gate "lint" is not there any more',
      "the template of prompts is another one",
    ],
  );
});

Deno.test("earlierLock() reads the lock beside the plan, and refuses a file that is none", async () => {
  const home = await Deno.makeTempDir();
  try {
    assertEquals(await earlierLock(home, `${home}/p.jsonc`, lock()), null);
    const path = lockPathOf(`${home}/p.jsonc`);
    assertEquals(path, `${home}/p.lock.json`);
    await Deno.writeTextFile(path, JSON.stringify(lock()));
    assertEquals(await earlierLock(home, `${home}/p.jsonc`, lock()), { lock: lock(), origin: path });
    await Deno.writeTextFile(path, "{");
    await assertRejects(
      () => earlierLock(home, `${home}/p.jsonc`, lock()),
      UsageError,
      "Cannot read the plan lock",
    );
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("planningRunOf() knows the plans that runs keep", () => {
  assertEquals(planningRunOf("/h", `/h/runs/${RUN_ID}/planned.jsonc`), RUN_ID);
  for (const path of ["/h/plan.jsonc", `/h/runs/${RUN_ID}/x/planned.jsonc`, `/h/runs/${RUN_ID}/plan.json`]) {
    assertEquals(planningRunOf("/h", path), null);
  }
});
