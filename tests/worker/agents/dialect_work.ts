/** One piece of work in the words of every dialect: the lines are as real agents have printed them, without what nobody reads. */

import type { StreamDialect } from "../../../src/plan/spec.ts";

/** A call in a message of Kimi: its arguments are a text. */
function kimiCall(id: string, name: string, args: object): object {
  return { type: "function", id, function: { name, arguments: JSON.stringify(args) } };
}

/** A line of Claude Code that holds a message. */
function claudeMessage(role: "assistant" | "user", ...content: readonly object[]): object {
  return { type: role, message: { role, content } };
}

/** Qwen Code prints the same, without the role in the message. */
function qwenMessage(type: "assistant" | "user", ...content: readonly object[]): object {
  return { type, message: { content } };
}

function toolUse(id: string, name: string, input: object): object {
  return { type: "tool_use", id, name, input };
}

function spoken(text: string): object {
  return { type: "text", text };
}

const CODEX_CHANGE = { id: "item_1", type: "file_change", changes: [{ path: "/w/a.txt", kind: "add" }] };
const CODEX_COMMAND = { id: "item_3", type: "command_execution", command: "echo B" };

/** The same work, told in each dialect: a file written, a command, a last word. */
export const WORK: Readonly<Record<StreamDialect, readonly object[]>> = {
  kimi: [
    { role: "meta", type: "system.version", version: "2.1.0" },
    {
      role: "assistant",
      tool_calls: [kimiCall("call_1", "Write", { path: "/w/a.txt", content: "A\n" })],
    },
    { role: "tool", tool_call_id: "call_1", content: "Wrote 2 bytes to /w/a.txt" },
    {
      role: "assistant",
      content: "Now b.",
      tool_calls: [kimiCall("call_2", "Bash", { command: "echo B" })],
    },
    { role: "tool", tool_call_id: "call_2", content: "seen\n" },
    { role: "assistant", content: "All done here." },
    { role: "meta", type: "session.resume_hint", session_id: "session_7c", command: "kimi -r session_7c" },
  ],
  claude: [
    { type: "system", subtype: "init", model: "claude-opus-5-5", claude_code_version: "2.1.329" },
    claudeMessage("assistant", toolUse("call_1", "Write", { file_path: "/w/a.txt", content: "A\n" })),
    claudeMessage("user", { tool_use_id: "call_1", type: "tool_result", content: "ok" }),
    claudeMessage("assistant", spoken("Now b."), toolUse("call_2", "Bash", { command: "echo B" })),
    claudeMessage("user", { tool_use_id: "call_2", type: "tool_result", content: "seen" }),
    claudeMessage("assistant", spoken("All done here.")),
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
    { type: "item.started", item: { ...CODEX_CHANGE, status: "in_progress" } },
    { type: "item.completed", item: { ...CODEX_CHANGE, status: "completed" } },
    { type: "item.completed", item: { id: "item_2", type: "agent_message", text: "Now b." } },
    { type: "item.started", item: { ...CODEX_COMMAND, exit_code: null, status: "in_progress" } },
    { type: "item.completed", item: { ...CODEX_COMMAND, exit_code: 0, status: "completed" } },
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
    qwenMessage("assistant", toolUse("c7", "write_file", { file_path: "/w/a.txt", content: "A\n" })),
    qwenMessage("user", { type: "tool_result", tool_use_id: "c7", is_error: false, content: "ok" }),
    qwenMessage("assistant", spoken("Now b."), toolUse("c8", "run_shell_command", { command: "echo B" })),
    qwenMessage("user", { type: "tool_result", tool_use_id: "c8", is_error: false, content: "ok" }),
    qwenMessage("assistant", spoken("All done here.")),
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
export const ENDS: Readonly<Record<StreamDialect, object>> = {
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

/** All of them. */
export const DIALECTS = ["kimi", "claude", "codex", "gemini", "qwen", "opencode"] as const;
