/** The lines are as real agents have printed them, without what nobody reads. */

import { assertEquals } from "@std/assert";
import { resolveAgent } from "../../../src/plan/resolve_agent.ts";
import type { StreamDialect } from "../../../src/plan/spec.ts";
import type { AgentEnd, AgentLine, AgentUpdate } from "../../../src/worker/agents/port.ts";
import { openStream } from "../../../src/worker/agents/stream.ts";
import { hurriedClock } from "../../process/fixture.ts";

/** What came of some lines: updates as short texts, and the end. */
interface Heard {
  readonly told: readonly string[];
  readonly end: AgentEnd;
  /** How many lines there were when the session began. */
  readonly startedAfter: number;
}

/** Plays these lines to the driver of a dialect. */
async function hear(dialect: StreamDialect, lines: readonly (string | object)[]): Promise<Heard> {
  const resolved = resolveAgent("it", { it: { driver: "stream", dialect, command: ["it"] } });
  if (!resolved.ok) throw new Error(resolved.problem);
  const job = { name: "it", spec: resolved.spec, prompt: "Work", cwd: "/w", promptFile: "/w.md" };
  const told: string[] = [];
  let played = 0;
  let startedAfter = -1;
  async function* play(): AsyncGenerator<AgentLine> {
    for (const line of lines) {
      await Promise.resolve();
      played += 1;
      if (typeof line === "object" && "tooLong" in line) yield { tooLong: Number(line.tooLong) };
      else yield { text: typeof line === "string" ? line : JSON.stringify(line) };
    }
  }
  const end = await openStream(job, hurriedClock(50)).speak({
    input: { write: () => Promise.resolve(true), close: () => Promise.resolve() },
    lines: play(),
  }, {
    started: () => {
      if (startedAfter < 0) startedAfter = played;
    },
    update: (update) => {
      if (update.kind !== "alive") told.push(short(update));
    },
    decide: () => Promise.resolve({ decision: "deny", reason: "nobody asks" }),
  });
  return { told, end, startedAfter };
}

function short(update: AgentUpdate): string {
  switch (update.kind) {
    case "tool": {
      const { call: { tool, command, paths }, status } = update;
      return `${tool} ${command ?? paths.join(",")} ${status}`;
    }
    case "plan":
    case "alive":
      return update.kind;
    case "trouble":
      return `trouble (${update.cause}) ${update.text}`;
    default:
      return `${update.kind} ${update.text.trim()}`;
  }
}

/** The same work, told in each dialect: a file written, a command, a last word. */
const WORK: Readonly<Record<StreamDialect, readonly object[]>> = {
  kimi: [
    { role: "meta", type: "system.version", version: "2.1.0" },
    {
      role: "assistant",
      tool_calls: [{
        type: "function",
        id: "call_1",
        function: { name: "Write", arguments: '{"path":"/w/a.txt","content":"A\\n"}' },
      }],
    },
    { role: "tool", tool_call_id: "call_1", content: "Wrote 2 bytes to /w/a.txt" },
    {
      role: "assistant",
      content: "Now b.",
      tool_calls: [{
        type: "function",
        id: "call_2",
        function: { name: "Bash", arguments: '{"command":"echo B"}' },
      }],
    },
    { role: "tool", tool_call_id: "call_2", content: "seen\n" },
    { role: "assistant", content: "All done here." },
    { role: "meta", type: "session.resume_hint", session_id: "session_7c", command: "kimi -r session_7c" },
  ],
  claude: [
    { type: "system", subtype: "init", model: "claude-opus-5-5", claude_code_version: "2.1.329" },
    {
      type: "assistant",
      message: {
        role: "assistant",
        content: [{
          type: "tool_use",
          id: "call_1",
          name: "Write",
          input: { file_path: "/w/a.txt", content: "A\n" },
        }],
      },
    },
    {
      type: "user",
      message: { role: "user", content: [{ tool_use_id: "call_1", type: "tool_result", content: "ok" }] },
    },
    {
      type: "assistant",
      message: {
        role: "assistant",
        content: [
          { type: "text", text: "Now b." },
          { type: "tool_use", id: "call_2", name: "Bash", input: { command: "echo B" } },
        ],
      },
    },
    {
      type: "user",
      message: { role: "user", content: [{ tool_use_id: "call_2", type: "tool_result", content: "seen" }] },
    },
    {
      type: "assistant",
      message: { role: "assistant", content: [{ type: "text", text: "All done here." }] },
    },
    {
      type: "result",
      subtype: "success",
      is_error: false,
      result: "All done here.",
      total_cost_usd: 0.015888,
      usage: {
        input_tokens: 3102,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 600,
        output_tokens: 168,
      },
      permission_denials: [],
    },
  ],
  codex: [
    { type: "thread.started", thread_id: "01a1fe9b" },
    { type: "turn.started" },
    {
      type: "item.started",
      item: {
        id: "item_1",
        type: "file_change",
        changes: [{ path: "/w/a.txt", kind: "add" }],
        status: "in_progress",
      },
    },
    {
      type: "item.completed",
      item: {
        id: "item_1",
        type: "file_change",
        changes: [{ path: "/w/a.txt", kind: "add" }],
        status: "completed",
      },
    },
    { type: "item.completed", item: { id: "item_2", type: "agent_message", text: "Now b." } },
    {
      type: "item.started",
      item: {
        id: "item_3",
        type: "command_execution",
        command: "echo B",
        exit_code: null,
        status: "in_progress",
      },
    },
    {
      type: "item.completed",
      item: { id: "item_3", type: "command_execution", command: "echo B", exit_code: 0, status: "completed" },
    },
    { type: "item.completed", item: { id: "item_4", type: "agent_message", text: "All done here." } },
    {
      type: "turn.completed",
      usage: {
        input_tokens: 3702,
        cached_input_tokens: 600,
        output_tokens: 168,
        reasoning_output_tokens: 21,
      },
    },
  ],
  gemini: [
    { type: "init", session_id: "37e1", model: "gemini-2.5-pro" },
    { type: "message", role: "user", content: "Write" },
    {
      type: "tool_use",
      tool_name: "write_file",
      tool_id: "write_file__call_4",
      parameters: { file_path: "/w/a.txt", content: "A\n" },
    },
    { type: "tool_result", tool_id: "write_file__call_4", status: "success" },
    { type: "message", role: "assistant", content: "Now b.", delta: true },
    {
      type: "tool_use",
      tool_name: "run_shell_command",
      tool_id: "call_5",
      parameters: { command: "echo B" },
    },
    { type: "tool_result", tool_id: "call_5", status: "success", output: "seen" },
    { type: "message", role: "assistant", content: "All done here.", delta: true },
    {
      type: "result",
      status: "success",
      stats: { input_tokens: 3702, output_tokens: 168, cached: 600, input: 3102 },
    },
  ],
  qwen: [
    { type: "system", subtype: "init", model: "fake-model", permission_mode: "yolo" },
    { type: "stream_event", event: { type: "goal_state" } },
    {
      type: "assistant",
      message: {
        content: [{
          type: "tool_use",
          id: "c7",
          name: "write_file",
          input: { file_path: "/w/a.txt", content: "A\n" },
        }],
      },
    },
    {
      type: "user",
      message: { content: [{ type: "tool_result", tool_use_id: "c7", is_error: false, content: "ok" }] },
    },
    {
      type: "assistant",
      message: {
        content: [
          { type: "text", text: "Now b." },
          { type: "tool_use", id: "c8", name: "run_shell_command", input: { command: "echo B" } },
        ],
      },
    },
    {
      type: "user",
      message: { content: [{ type: "tool_result", tool_use_id: "c8", is_error: false, content: "ok" }] },
    },
    { type: "assistant", message: { content: [{ type: "text", text: "All done here." }] } },
    {
      type: "result",
      subtype: "success",
      is_error: false,
      result: "All done here.",
      usage: { input_tokens: 3702, output_tokens: 168, cache_read_input_tokens: 600 },
      permission_denials: [],
    },
  ],
  opencode: [
    { type: "step_start", part: { type: "step-start" } },
    {
      type: "tool_use",
      part: {
        tool: "write",
        callID: "call_11",
        state: { status: "completed", input: { filePath: "/w/a.txt", content: "A\n" }, output: "ok" },
      },
    },
    { type: "step_finish", part: { reason: "tool-calls", tokens: tokensOfStep(), cost: 0.25 } },
    { type: "text", part: { type: "text", text: "Now b." } },
    {
      type: "tool_use",
      part: { tool: "bash", callID: "call_12", state: { status: "completed", input: { command: "echo B" } } },
    },
    { type: "step_finish", part: { reason: "tool-calls", tokens: tokensOfStep(), cost: 0.25 } },
    { type: "text", part: { type: "text", text: "All done here." } },
    { type: "step_finish", part: { reason: "stop", tokens: tokensOfStep(), cost: 0.25 } },
  ],
};

function tokensOfStep(): object {
  return { total: 1290, input: 1034, output: 49, reasoning: 7, cache: { write: 0, read: 200 } };
}

/** What else each of them tells at the end. */
const ENDS: Readonly<Record<StreamDialect, object>> = {
  kimi: { session: "session_7c", version: "2.1.0" },
  claude: { usage: counted({ usd: 0.015888, model: "claude-opus-5-5" }), version: "2.1.329" },
  codex: { usage: counted() },
  gemini: { usage: counted({ model: "gemini-2.5-pro" }) },
  qwen: { usage: counted({ model: "fake-model" }) },
  opencode: { usage: counted({ usd: 0.75 }) },
};

/** Three calls of the model: 1234 tokens in, 200 of these from its cache, 56 out. */
function counted(more: object = {}): object {
  return { input_tokens: 3702, cached_tokens: 600, output_tokens: 168, quality: "measured", ...more };
}

const DIALECTS = ["kimi", "claude", "codex", "gemini", "qwen", "opencode"] as const;

Deno.test("openStream() hears the same work in every dialect, with what each of them counts", async () => {
  for (const dialect of DIALECTS) {
    const { told, end, startedAfter } = await hear(dialect, WORK[dialect]);
    // OpenCode has no line for the session alone.
    assertEquals(startedAfter, dialect === "opencode" ? 0 : 1, dialect);
    const changes = told.filter((each) => !each.endsWith("in_progress"));
    assertEquals(changes, [
      "edit /w/a.txt completed",
      "text Now b.",
      "execute echo B completed",
      "text All done here.",
    ], dialect);
    assertEquals(end, { result: "ended", ...ENDS[dialect] }, dialect);
  }
});

Deno.test("openStream() P8: garbage, lines too long, and fields of any form end no conversation, and are no work", async () => {
  const garbage = [
    "Warning: this is no message",
    { tooLong: 99 },
    "[1,2]",
    "null",
    "",
    "{}",
    { type: 7, role: [], message: "x", item: null, part: [], usage: "many", event: 1 },
    { type: "assistant", message: { content: [null, 7, { type: "tool_use" }] } },
    { type: "item.completed", item: { type: "command_execution", command: 7 } },
    { role: "assistant", tool_calls: [{ function: { name: 7, arguments: "{not json" } }, null] },
    { type: "tool_use", tool_id: 7, parameters: [], part: { state: { input: 7 } } },
  ];
  for (const dialect of DIALECTS) {
    const [first, ...rest] = WORK[dialect];
    const { told, end } = await hear(dialect, [...garbage, first ?? {}, ...garbage, ...rest]);
    assertEquals(end.result, "ended", dialect);
    assertEquals(told.includes("note a line of 99 bytes was dropped"), true, dialect);
    assertEquals((await hear(dialect, garbage)).end.result, "died", dialect);
    assertEquals((await hear(dialect, [])).end, {
      result: "died",
      detail: "its output ended before its last line",
    }, dialect);
  }
});

Deno.test("openStream() P8: failures have the type that the agent's words give them, and no success", async () => {
  const failed = async (dialect: StreamDialect, ...lines: readonly (string | object)[]) => {
    const { end: { result, detail, denied }, told } = await hear(dialect, lines);
    return [result, detail ?? "", denied ?? 0, told.filter((each) => each.startsWith("trouble")).length];
  };
  const retry = {
    role: "meta",
    type: "turn.step.retrying",
    error_name: "APIStatusError",
    error_message: "500 oops",
  };
  assertEquals((await failed("kimi", WORK.kimi[0] ?? {}, retry)).slice(2), [0, 1]);
  assertEquals((await failed("kimi", WORK.kimi[0] ?? {}, retry))[0], "died");

  const api = {
    type: "system",
    subtype: "api_retry",
    attempt: 1,
    max_retries: 2,
    error_status: 500,
    error: "server_error",
  };
  const result = { type: "result", subtype: "success", is_error: true };
  assertEquals(await failed("claude", api, { ...result, result: "API Error: 500 fake 500. This is" }), [
    "model_unreachable",
    "API Error: 500 fake 500. This is",
    0,
    1,
  ]);
  assertEquals(
    (await failed("claude", { ...result, result: "Credit balance is too low" }))[0],
    "out_of_credit",
  );
  assertEquals(
    (await failed("claude", { ...result, result: "Invalid API key · Please run /login" }))[0],
    "login_required",
  );
  assertEquals((await failed("claude", { type: "result", subtype: "error_max_turns" }))[0], "limit");
  assertEquals(
    await failed("claude", {
      type: "result",
      subtype: "success",
      result: "I may not",
      permission_denials: [{}, {}],
    }),
    ["ended", "", 2, 0],
  );
  assertEquals(
    (await failed("qwen", {
      type: "result",
      subtype: "error_during_execution",
      is_error: true,
      error: { message: "[API Error: 401 fake 401]" },
    }))[0],
    "login_required",
  );

  const reconnecting = { type: "error", message: "Reconnecting... 1/5 (high demand)" };
  assertEquals(
    await failed("codex", reconnecting, { type: "turn.failed", error: { message: "429 Too Many Requests" } }),
    [
      "model_unreachable",
      "429 Too Many Requests",
      0,
      1,
    ],
  );
  assertEquals(
    (await failed("codex", reconnecting, { type: "turn.failed" }))[1],
    "Reconnecting... 1/5 (high demand)",
  );

  assertEquals(
    await failed("gemini", { type: "result", status: "error", error: { message: "[API Error: fake 500]" } }),
    ["model_unreachable", "[API Error: fake 500]", 0, 0],
  );

  const error = { name: "APIError", data: { message: "no", statusCode: 401, isRetryable: false } };
  assertEquals(await failed("opencode", { type: "error", error }), ["login_required", "401: no", 0, 0]);
  const rejected = {
    type: "tool_use",
    part: {
      tool: "write",
      state: { status: "error", error: "The user rejected permission to use this specific tool call." },
    },
  };
  assertEquals(await failed("opencode", rejected, { type: "step_finish", part: { reason: "tool-calls" } }), [
    "ended",
    "",
    1,
    0,
  ]);
});
