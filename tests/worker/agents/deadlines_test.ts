import { assertEquals } from "@std/assert";
import { AgentDeadlines } from "../../../src/worker/agents/deadlines.ts";
import { hurriedClock } from "../../process/fixture.ts";

const LIMITS = { start_secs: 600, first_update_secs: 20, silence_secs: 600 };

Deno.test("AgentDeadlines P9: who tries in vain to reach its model has as long as for its first word", async () => {
  const late = Promise.withResolvers<string>();
  const deadlines = new AgentDeadlines(hurriedClock(200), LIMITS, late.resolve);
  deadlines.started();
  deadlines.heard(false);
  deadlines.troubled();
  // Each of these would begin the wait anew, if it were a sign of life.
  const telling = setInterval(() => {
    deadlines.troubled();
    deadlines.heard(false);
  }, 10);
  try {
    assertEquals(await late.promise, "the agent could not reach its model for 20 s");
  } finally {
    clearInterval(telling);
    deadlines.stop();
  }
});

Deno.test("AgentDeadlines P9: an answer of the model ends the trouble", async () => {
  const late = Promise.withResolvers<string>();
  const deadlines = new AgentDeadlines(hurriedClock(200), { ...LIMITS, silence_secs: 10 }, late.resolve);
  deadlines.started();
  deadlines.troubled();
  deadlines.heard(true);
  assertEquals(await late.promise, "the agent told nothing for 10 s");
  deadlines.stop();
});
