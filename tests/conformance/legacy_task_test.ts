import { assertEquals, assertThrows } from "@std/assert";
import { LegacyTaskError, readLegacyTask } from "./legacy_task.ts";

/** A task as the earlier omk wrote it. */
function read(fields: object = {}) {
  return readLegacyTask(
    JSON.stringify({ id: "api", name: "API", created_at: "2026-01-02T03:04:05Z", ...fields }),
  );
}

Deno.test("readLegacyTask() tells what to do from where it stands, and keeps every other field as metadata", () => {
  const { spec, state } = read({
    description: "limit keys",
    dependencies: ["schema"],
    priority: 3,
    pool: "database",
    read_set: ["src/schema"],
    write_set: ["src/api"],
    state: "running",
    owner: "worker-1",
    lease_expires: "2026-01-02T03:09:05+00:00",
    retry_count: 1,
    started_at: "2026-01-02T03:04:06.500Z",
    completed_at: null,
    role: "executor",
  });
  assertEquals(spec, {
    id: "api",
    name: "API",
    description: "limit keys",
    dependencies: ["schema"],
    priority: 3,
    pool: "database",
    read_set: ["src/schema"],
    write_set: ["src/api"],
    retry_policy: {
      max_attempts: 2,
      backoff_seconds: 1,
      backoff_multiplier: 2,
      max_backoff_seconds: 300,
      jitter: 0,
      terminal_on_permanent_failure: true,
    },
    retry_declared: true,
    metadata: { role: "executor" },
  });
  assertEquals(state, {
    state: "running",
    owner: "worker-1",
    lease_expires: Date.UTC(2026, 0, 2, 3, 9, 5),
    not_before: null,
    retry_count: 1,
    created_at: Date.UTC(2026, 0, 2, 3, 4, 5),
    started_at: Date.UTC(2026, 0, 2, 3, 4, 6, 500),
    completed_at: null,
  });
});

Deno.test("readLegacyTask() takes the lease of a pending task for its delay, and what said nothing for absent", () => {
  const { spec, state } = read({ lease_expires: "2026-01-02T03:04:07Z", pool: "default", write_set: [] });
  assertEquals([state.lease_expires, state.not_before], [null, Date.UTC(2026, 0, 2, 3, 4, 7)]);
  assertEquals([spec.pool, spec.write_set, spec.metadata], [null, null, {}]);
});

Deno.test("readLegacyTask() refuses what is no task, and names the field", () => {
  const refusals: readonly [object, string][] = [
    [{ id: "../x" }, "id: is no task id"],
    [{ max_retries: -1 }, "max_retries: Too small"],
    [{ retry_policy: { backoff_multiplier: 0.5 } }, "retry_policy.backoff_multiplier: Too small"],
    [{ state: "blocked" }, "state: Invalid option"],
    [{ lease_expires: "soon" }, "lease_expires: Invalid ISO datetime"],
  ];
  for (const [fields, why] of refusals) assertThrows(() => read(fields), LegacyTaskError, why);
  assertThrows(() => readLegacyTask("{"), LegacyTaskError, "it is no JSON");
  assertThrows(() => readLegacyTask("[]"), LegacyTaskError, "the task: Invalid input");
});
