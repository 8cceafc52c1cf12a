import { assertEquals } from "@std/assert";
import { FailureSigns } from "../../../src/worker/agents/failure_signs.ts";

const TROUBLE = { kind: "trouble", text: "Reconnecting", cause: "model_unreachable" } as const;

Deno.test("FailureSigns.explain() P9: an agent that tried in vain to reach its model could not reach it", () => {
  const signs = new FailureSigns();
  signs.update(TROUBLE);
  assertEquals(signs.explain({ result: "ended" }, null), { result: "ended" });
  assertEquals(signs.explain({ result: "died" }, null), {
    result: "model_unreachable",
    detail: "Reconnecting",
  });
  assertEquals(signs.explain({ result: "cancelled" }, "too late"), {
    result: "model_unreachable",
    detail: "too late: Reconnecting",
  });
  // An answer of the model ends the trouble; a mere sign of life does not.
  signs.update({ kind: "alive" });
  assertEquals(signs.explain({ result: "died" }, null).result, "model_unreachable");
  signs.update({ kind: "text", text: "x" });
  assertEquals(signs.explain({ result: "died" }, null), { result: "died" });
  assertEquals(signs.explain({ result: "died" }, "too late"), { result: "timeout", detail: "too late" });
});

Deno.test("FailureSigns.explain() finds the cause of a death on standard error", () => {
  const signs = new FailureSigns();
  signs.complain("Warning: x\nerror: failed to run prompt: provider.auth_error: 401");
  signs.complain(" Unauthorized\nSee log: y\n");
  assertEquals(signs.explain({ result: "died" }, null), {
    result: "login_required",
    detail: "error: failed to run prompt: provider.auth_error: 401 Unauthorized",
  });
  assertEquals(signs.explain({ result: "ended" }, null), { result: "ended" });
});
