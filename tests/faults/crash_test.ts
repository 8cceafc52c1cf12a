/** SIGKILL of omk at many random moments. */

import { momentsOf, quietRun, surviveKill } from "../e2e/crash.ts";

const MOMENTS = 30;

Deno.test("P1, P2, P6, P13: a run that was killed at 30 random moments is resumed and ends as if it never was", async () => {
  const quiet = await quietRun();
  const seed = Number(Deno.env.get("OMK_TEST_SEED") ?? Math.floor(Math.random() * 2 ** 32));
  for (const moment of momentsOf(seed, MOMENTS, quiet.events)) {
    try {
      await surviveKill(moment, quiet.tree);
    } catch (error) {
      const when = `${moment.events} events and ${moment.delayMs} ms`;
      throw new Error(`Killed after ${when} (OMK_TEST_SEED=${seed})`, { cause: error });
    }
  }
});
