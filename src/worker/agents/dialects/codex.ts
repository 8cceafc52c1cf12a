/** The lines of `codex exec --json`. */

import type { ToolKind } from "../../../plan/approval.ts";
import { causeOf, doubtOf } from "../failure_text.ts";
import { countOf, type JsonObject, objectOf, objectsOf, textOf } from "../json.ts";
import type { AgentEnd, AgentUpdate, ToolCall, ToolStatus } from "../port.ts";
import { commandOf } from "../tool_input.ts";
import type { Dialect } from "./dialect.ts";

/** Kinds of items that are calls of tools. */
const TOOLS: Readonly<Record<string, ToolKind>> = {
  command_execution: "execute",
  file_change: "edit",
  mcp_tool_call: "other",
  web_search: "fetch",
};

/** See the module. */
export class CodexDialect implements Dialect {
  #used: { readonly input: number; readonly cached: number; readonly output: number } | null = null;
  #lastWords = "";
  #lastError = "";
  #end: Pick<AgentEnd, "result" | "detail"> | null = null;

  read(message: JsonObject): readonly AgentUpdate[] {
    switch (message["type"]) {
      case "item.started":
      case "item.updated":
      case "item.completed":
        return this.#item(objectOf(message["item"]), message["type"] === "item.completed");
      case "turn.completed":
        this.#count(objectOf(message["usage"]));
        this.#end = { result: "ended" };
        return [{ kind: "alive" }];
      case "turn.failed": {
        const detail = textOf(objectOf(message["error"])["message"]) ?? this.#lastError;
        this.#end = { result: causeOf(detail) ?? "failed", detail };
        return [{ kind: "alive" }];
      }
      case "error":
        // Told for each attempt to reach the model; the turn goes on, or fails by itself.
        this.#lastError = textOf(message["message"]) ?? "";
        return [{
          kind: "trouble",
          text: this.#lastError,
          cause: causeOf(this.#lastError) ?? "model_unreachable",
        }];
      default:
        return [{ kind: "alive" }];
    }
  }

  end(): AgentEnd | null {
    if (this.#end === null) return null;
    const used = this.#used;
    return {
      ...this.#end,
      ...(this.#end.result === "ended" ? doubtOf(this.#lastWords) : {}),
      ...(used === null ? {} : {
        usage: {
          input_tokens: used.input,
          cached_tokens: used.cached,
          output_tokens: used.output,
          quality: "measured",
        },
      }),
    };
  }

  #item(item: JsonObject, isComplete: boolean): readonly AgentUpdate[] {
    const text = textOf(item["text"]) ?? "";
    const type = textOf(item["type"]) ?? "";
    if (type === "agent_message") {
      if (!isComplete) return [{ kind: "alive" }];
      this.#lastWords = text;
      return [{ kind: "text", text: `${text}\n` }];
    }
    if (type === "reasoning") {
      return isComplete ? [{ kind: "thought", text: `${text}\n` }] : [{ kind: "alive" }];
    }
    if (type === "error") return [{ kind: "note", text: textOf(item["message"]) ?? "an error" }];
    const tool = TOOLS[type];
    if (tool === undefined) return [{ kind: "alive" }];
    return [{ kind: "tool", call: callOf(item, type, tool), status: statusOf(item, isComplete) }];
  }

  #count(usage: JsonObject): void {
    const { input, cached, output } = this.#used ?? { input: 0, cached: 0, output: 0 };
    this.#used = {
      input: input + (countOf(usage["input_tokens"]) ?? 0),
      cached: cached + (countOf(usage["cached_input_tokens"]) ?? 0),
      output: output + (countOf(usage["output_tokens"]) ?? 0),
    };
  }
}

function callOf(item: JsonObject, type: string, tool: ToolKind): ToolCall {
  const command = tool === "execute" ? commandOf(item) : undefined;
  return {
    id: textOf(item["id"]) ?? "",
    title: textOf(item["tool"]) ?? textOf(item["query"]) ?? type.replaceAll("_", " "),
    tool,
    ...(command === undefined ? {} : { command }),
    paths: objectsOf(item["changes"]).flatMap((change) => textOf(change["path"]) ?? []),
  };
}

function statusOf(item: JsonObject, isComplete: boolean): ToolStatus {
  if (item["status"] === "failed" || item["status"] === "declined") return "failed";
  return isComplete ? "completed" : "in_progress";
}
