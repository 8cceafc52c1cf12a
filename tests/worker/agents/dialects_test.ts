import { assertEquals } from "@std/assert";
import { resolveAgent } from "../../../src/plan/resolve_agent.ts";
import type { StreamDialect } from "../../../src/plan/spec.ts";
import type { AgentEnd, AgentLine, AgentUpdate } from "../../../src/worker/agents/port.ts";
import { openStream } from "../../../src/worker/agents/stream.ts";
import { hurriedClock } from "../../process/fixture.ts";
import { DIALECTS, ENDS, WORK } from "./dialect_work.ts";

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
