import { assertEquals } from "@std/assert";
import { findTask } from "../../src/scheduler/run_state.ts";
import { makePlan, makeTask } from "./fixture.ts";
import { Rig } from "./rig.ts";

Deno.test("P7: what judges the work is protected from agents, unless the plan allows it, and from all where it says deny", async () => {
  const cases = [
    { says: undefined, agent: "protected_changed", shell: "success" },
    { says: "deny", agent: "protected_changed", shell: "protected_changed" },
    { says: "allow", agent: "success", shell: "success" },
  ] as const;
  for (const { says, agent, shell } of cases) {
    const { run: _, ...task } = makeTask("agent");
    const tasks = [{ ...task, prompt: "Make it faster" }, makeTask("shell")];
    const rig = new Rig(makePlan(tasks, says === undefined ? {} : { protected: says }));
    rig.state.run.protected = ["*.txt"];
    await rig.run();
    const results = ["agent", "shell"].map((id) => findTask(rig.state, id)?.task.outcome?.result);
    assertEquals(results, [agent, shell], says);
  }
});
