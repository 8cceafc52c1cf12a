import { assertEquals } from "@std/assert";
import type { BodyOutcome } from "../../src/process/port.ts";
import { describeOutcome } from "../../src/scheduler/retry.ts";
import { bodyOutcome } from "../../src/worker/outcome.ts";

const ENDED: BodyOutcome = {
  kind: "signaled",
  exit_code: null,
  signal: "SIGKILL",
  duration_ms: 1,
  output: { bytes: 0, kept_bytes: 0, truncated: false, sha256: "0".repeat(64) },
  strays_ended: 0,
  proven_dead: true,
};

function told(changes: Partial<BodyOutcome>): string {
  const paths = { output: "tasks/t/1/output.log", result: "tasks/t/1/result.json" };
  return describeOutcome(bodyOutcome({ ...ENDED, ...changes }, paths, { kind: "absent" }));
}

Deno.test("bodyOutcome() tells which limit a body met, where it did not succeed all the same", () => {
  assertEquals(told({}), "was ended by SIGKILL");
  assertEquals(told({ limit_met: "memory" }), "took more memory than its limit");
  assertEquals(
    told({ kind: "exited", exit_code: 137, limit_met: "memory" }),
    "took more memory than its limit",
  );
  assertEquals(told({ kind: "exited", exit_code: 0, signal: null, limit_met: "memory" }), "succeeded");
  assertEquals(told({ kind: "timed_out", limit_met: "memory" }), "took longer than its time limit");
  assertEquals(
    told({ kind: "exited", exit_code: 2, signal: null, limit_met: "processes" }),
    "exited with 2: it was refused more processes than its limit",
  );
  assertEquals(told({ kind: "exited", exit_code: 0, signal: null, limit_met: "processes" }), "succeeded");
});
