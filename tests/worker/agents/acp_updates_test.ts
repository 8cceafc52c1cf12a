import { assertEquals } from "@std/assert";
import { AcpUpdates } from "../../../src/worker/agents/acp_updates.ts";

const text = (of: string) => [{ type: "content", content: { type: "text", text: of } }];

/** A call of Kimi Code, whose input comes as text first, and which asks with a sentence of its own. */
function asked(command: string, sentence: string): string | undefined {
  const updates = new AcpUpdates();
  updates.read({
    sessionUpdate: "tool_call",
    toolCallId: "1",
    title: "Bash",
    kind: "execute",
    status: "pending",
    content: text(JSON.stringify({ command })),
  });
  return updates.request({ toolCall: { toolCallId: "1", title: "Bash", content: text(sentence) } }).command;
}

Deno.test("AcpUpdates.request() judges the whole command, where the request has a sentence around it or cuts it", () => {
  assertEquals(asked("npm test", "Requesting approval to Running: npm test"), "npm test");
  const long = `echo ${"x".repeat(99)} > /etc/passwd`;
  assertEquals(asked(long, `Requesting approval to Running: ${long.slice(0, 40)}…`), long);
  // What it says now counts where it is something else.
  assertEquals(asked("ls", "Requesting approval to Running: rm -rf x"), "rm -rf x");
});

Deno.test("AcpUpdates.read() takes no output of a tool for its input", () => {
  const updates = new AcpUpdates();
  const call = { sessionUpdate: "tool_call_update", toolCallId: "1", kind: "edit", title: "Write" };
  const update = updates.read({ ...call, status: "completed", content: text('{"path":"/etc/passwd"}') });
  assertEquals(update.kind === "tool" ? update.call.paths : null, []);
});
