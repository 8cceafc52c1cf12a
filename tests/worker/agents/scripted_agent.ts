/**
 * A scripted agent: a real process that speaks the Agent Client Protocol with the protocol's own library, and does what
 * its prompt says, one step per line. It stands for what real agents have been seen to do.
 *
 * Steps: `write PATH TEXT`, `say TEXT`, `think TEXT`, `tool KIND PATH` (a call that writes there), `early` (an update of a
 * call that was never announced), `ask KIND COMMAND|PATH` (then prints what it got), `ask-bare TEXT` (no kind, no input),
 * `unknown` (a request that no client knows), `usage N` (cumulative cost), `late-usage`, `garbage`, `long N` (a line of N
 * bytes), `leave-child`, `silent` (for ever), `die`, `exit CODE`, `error CODE MESSAGE`, `stop REASON`, `deaf`.
 *
 * Words on its command line: `version=N`, `no-session`, `no-hello`, `banner`, `needs-login`, `modes`.
 */

import { agent, type AgentContext, ndJsonStream, RequestError } from "@agentclientprotocol/sdk";

const words = new Set(Deno.args);
const version = Number(Deno.args.find((word) => word.startsWith("version="))?.slice("version=".length) ?? 1);
const forEver = () => new Promise<never>(() => setInterval(() => {}, 1000));
const print = (text: string) => Deno.stdout.writeSync(new TextEncoder().encode(text));

if (words.has("banner")) print("Welcome to the scripted agent!\nnot { json\n");
if (words.has("no-hello")) await forEver();

let stopReason = "end_turn";
let lateUsage = false;
let cancelled = Promise.withResolvers<void>();

interface Session {
  readonly sessionId: string;
  readonly client: AgentContext;
}

/** One step; the agent answers to the prompt when all are done. */
async function step({ sessionId, client }: Session, line: string): Promise<void> {
  const [verb = "", first = "", ...others] = line.split(" ");
  const rest = others.join(" ");
  const whole = line.slice(verb.length + 1);
  const update = (content: Record<string, unknown>) =>
    client.notify<unknown>("session/update", { sessionId, update: content });
  const usage = (amount: number) =>
    update({ sessionUpdate: "usage_update", used: 100, size: 1000, cost: { amount, currency: "USD" } });
  switch (verb) {
    case "write":
      return Deno.writeTextFileSync(first, `${rest}\n`);
    case "say":
      return await update({
        sessionUpdate: "agent_message_chunk",
        content: { type: "text", text: `${whole}\n` },
      });
    case "think":
      return await update({ sessionUpdate: "agent_thought_chunk", content: { type: "text", text: whole } });
    case "tool": {
      const call = {
        toolCallId: `t${rest}`,
        title: `Write ${rest}`,
        kind: first,
        locations: [{ path: rest }],
      };
      await update({ sessionUpdate: "tool_call", ...call, status: "pending" });
      if (rest !== "") Deno.writeTextFileSync(rest, "by a tool\n");
      return await update({
        sessionUpdate: "tool_call_update",
        toolCallId: call.toolCallId,
        status: "completed",
      });
    }
    case "early":
      return await update({
        sessionUpdate: "tool_call_update",
        toolCallId: "never-announced",
        status: "completed",
      });
    case "ask": {
      const input = first === "execute" ? { command: rest } : { file_path: rest };
      return await ask({ sessionId, client }, {
        toolCallId: "a",
        title: first,
        kind: first,
        rawInput: input,
      });
    }
    case "ask-bare":
      return await ask({ sessionId, client }, {
        toolCallId: "b",
        title: "Bash",
        content: [{ type: "content", content: { type: "text", text: whole } }],
      });
    case "unknown": {
      const error = await client.request<unknown>("craft/drainMidTurnQueue", {}).catch((thrown: unknown) =>
        thrown
      );
      const code = error instanceof RequestError ? error.code : "no error";
      return await update({
        sessionUpdate: "agent_message_chunk",
        content: { type: "text", text: `got ${code}\n` },
      });
    }
    case "usage":
      return await usage(Number(first));
    case "late-usage":
      lateUsage = true;
      return;
    case "garbage":
      print("Warning: this is no message\n[1,2]\n\u0000\n");
      return;
    case "long":
      return await update({
        sessionUpdate: "agent_message_chunk",
        content: { type: "text", text: "x".repeat(Number(first)) + "\n" },
      });
    case "leave-child":
      // A session of its own, as the tools of most agents have.
      new Deno.Command("setsid", { args: ["sleep", "1000"], stdin: "null", stdout: "null", stderr: "null" })
        .spawn()
        .unref();
      return;
    case "silent":
      return await Promise.race([forEver(), cancelled.promise]);
    case "deaf":
      Deno.addSignalListener("SIGTERM", () => {});
      return await forEver();
    case "die":
      Deno.kill(Deno.pid, "SIGKILL");
      return await forEver();
    case "exit":
      return Deno.exit(Number(first));
    case "error":
      throw new RequestError(Number(first), rest);
    case "stop":
      stopReason = first;
      return;
  }
}

/** Asks as Qwen Code does: with two options of one kind, and ids of its own. */
async function ask({ sessionId, client }: Session, toolCall: Record<string, unknown>): Promise<void> {
  const answer = await client.request<{ outcome: Record<string, unknown> }>("session/request_permission", {
    sessionId,
    toolCall,
    options: [
      { optionId: "proceed_always", name: "Always", kind: "allow_always" },
      { optionId: "proceed_once", name: "Once", kind: "allow_once" },
      { optionId: "proceed_once_more", name: "Once, too", kind: "allow_once" },
      { optionId: "no_thanks", name: "No", kind: "reject_once" },
    ],
  });
  const text = `answer ${answer.outcome["optionId"] ?? answer.outcome["outcome"]}\n`;
  await client.notify<unknown>("session/update", {
    sessionId,
    update: { sessionUpdate: "agent_message_chunk", content: { type: "text", text } },
  });
}

const connection = agent({ name: "scripted" })
  .onRequest("initialize", () => ({
    protocolVersion: version,
    agentInfo: { name: "scripted", version: "1.2.3" },
    agentCapabilities: {},
    authMethods: [],
  }))
  .onRequest("session/new", () => {
    if (words.has("needs-login")) throw new RequestError(-32_000, "Authentication required");
    if (words.has("no-session")) return forEver();
    const modes = {
      currentModeId: "default",
      availableModes: [{ id: "default", name: "Default" }, { id: "ask", name: "Ask" }],
    };
    return { sessionId: "s1", ...(words.has("modes") ? { modes } : {}) };
  })
  .onRequest("session/set_mode", ({ params }) => {
    print(`mode ${params.modeId}\n`);
    return {};
  })
  .onNotification("session/cancel", () => {
    stopReason = "cancelled";
    cancelled.resolve();
  })
  .onRequest("session/prompt", async ({ params, client }) => {
    cancelled = Promise.withResolvers();
    const { sessionId, prompt } = params;
    const text = prompt.map((block) => block.type === "text" ? block.text : "").join("");
    for (const line of text.split("\n")) {
      if (stopReason === "cancelled") break;
      await step({ sessionId, client }, line.replace(/^- /, ""));
    }
    if (lateUsage) {
      setTimeout(() => {
        void client.notify<unknown>("session/update", {
          sessionId,
          update: { sessionUpdate: "usage_update", used: 1, size: 2, cost: { amount: 0.5, currency: "USD" } },
        });
      }, 20);
    }
    return {
      stopReason: stopReason as "end_turn",
      usage: { inputTokens: 1034, outputTokens: 56, cachedReadTokens: 200, totalTokens: 1290 },
    };
  })
  .connect(ndJsonStream(Deno.stdout.writable, Deno.stdin.readable));

await connection.closed;
