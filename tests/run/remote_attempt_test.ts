import { assertEquals } from "@std/assert";
import { RemoteAttempt } from "../../src/run/remote_attempt.ts";
import { makeOutcome, makeTask } from "./fixture.ts";
import { VirtualClock } from "./virtual_clock.ts";

const BODY = { pid: 2, pgid: 2, start_time: null, boot_id: null };

/** An attempt outside of git, at whose worker nothing is left. */
function makeAttempt(hasBegun: boolean): RemoteAttempt {
  const request = {
    ref: { task_id: "t", attempt: 1, token: 7 },
    spec: makeTask("t"),
    base: null,
    restore: [],
  };
  const extra = {
    isPresent: () => true,
    settle: () => Promise.resolve(),
    signal: () => Promise.resolve(),
    takeOver: () => Promise.resolve(null),
  };
  return new RemoteAttempt("w", request, { extra, clock: new VirtualClock(), hasBegun });
}

Deno.test("P8: a worker's success counts only for an attempt that it has said to have begun", async () => {
  const results = async (attempt: RemoteAttempt, result: "success" | "exit") => {
    attempt.reported(makeOutcome(result));
    return [(await attempt.started)?.process ?? null, (await attempt.ended).result];
  };
  assertEquals(await results(makeAttempt(false), "success"), [null, "lost"]);
  assertEquals(await results(makeAttempt(false), "exit"), [null, "exit"]);
  assertEquals(
    await results(makeAttempt(true), "success"),
    [null, "success"],
    "to a controller before this one",
  );
  const begun = makeAttempt(false);
  begun.tookUp(BODY, null);
  assertEquals(await results(begun, "success"), [BODY, "success"]);
});
