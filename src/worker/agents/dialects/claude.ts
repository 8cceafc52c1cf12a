/** The lines of `claude -p --output-format stream-json`, and of Qwen Code, which has the same form. */

import { causeOf, doubtOf } from "../failure_text.ts";
import { amountOf, countOf, type JsonObject, objectOf, objectsOf, textOf } from "../json.ts";
import type { AgentEnd, AgentUpdate, AgentUsage, ToolCall } from "../port.ts";
import { toolCall } from "../tool_input.ts";
import type { Dialect } from "./dialect.ts";

/** How the two count tokens that come from a cache: beside the input, or in it. */
export interface ClaudeDialectOptions {
  readonly countsCacheApart: boolean;
}

/** See the module. */
export class ClaudeDialect implements Dialect {
  readonly #options: ClaudeDialectOptions;
  readonly #calls = new Map<string, ToolCall>();
  #model: string | undefined;
  #version: string | undefined;
  #end: AgentEnd | null = null;

  /** Takes what differs between agents. */
  constructor(options: ClaudeDialectOptions) {
    this.#options = options;
  }

  read(message: JsonObject): readonly AgentUpdate[] {
    switch (message["type"]) {
      case "system":
        this.#model ??= textOf(message["model"]);
        this.#version ??= textOf(message["claude_code_version"]) ?? textOf(message["qwen_code_version"]);
        return [message["subtype"] === "api_retry" ? troubleOf(message) : { kind: "alive" }];
      case "assistant":
        return contentOf(message).map((block) => this.#said(block));
      case "user":
        return contentOf(message).flatMap((block) => this.#result(block));
      case "result":
        this.#end = this.#endOf(message);
        return [];
      default:
        return [{ kind: "alive" }];
    }
  }

  end(): AgentEnd | null {
    return this.#end;
  }

  #said(block: JsonObject): AgentUpdate {
    switch (block["type"]) {
      case "text":
        return { kind: "text", text: `${textOf(block["text"]) ?? ""}\n` };
      case "thinking":
        return { kind: "thought", text: `${textOf(block["thinking"]) ?? ""}\n` };
      case "tool_use": {
        const call = toolCall(textOf(block["id"]) ?? "", textOf(block["name"]) ?? "tool", block["input"]);
        this.#calls.set(call.id, call);
        return { kind: "tool", call, status: "in_progress" };
      }
      default:
        return { kind: "alive" };
    }
  }

  #result(block: JsonObject): readonly AgentUpdate[] {
    const call = this.#calls.get(textOf(block["tool_use_id"]) ?? "");
    if (block["type"] !== "tool_result" || call === undefined) return [{ kind: "alive" }];
    return [{ kind: "tool", call, status: block["is_error"] === true ? "failed" : "completed" }];
  }

  #endOf(message: JsonObject): AgentEnd {
    const said = textOf(message["result"]) ?? textOf(objectOf(message["error"])["message"]) ?? "";
    const denied = objectsOf(message["permission_denials"]).length;
    const more = {
      usage: this.#usageOf(message),
      ...(denied === 0 ? {} : { denied }),
      ...(this.#version === undefined ? {} : { version: this.#version }),
    };
    const subtype = textOf(message["subtype"]) ?? "";
    if (/max_turns|max_budget/.test(subtype)) return { result: "limit", detail: subtype, ...more };
    if (message["is_error"] === true || subtype.startsWith("error")) {
      return { result: causeOf(said) ?? "failed", detail: said === "" ? subtype : said, ...more };
    }
    return { result: "ended", ...doubtOf(said), ...more };
  }

  #usageOf(message: JsonObject): AgentUsage {
    const usage = objectOf(message["usage"]);
    const read = countOf(usage["cache_read_input_tokens"]);
    const cached = (read ?? 0) + (countOf(usage["cache_creation_input_tokens"]) ?? 0);
    const input = countOf(usage["input_tokens"]);
    const output = countOf(usage["output_tokens"]);
    const usd = amountOf(message["total_cost_usd"]);
    return {
      ...(input === undefined ? {} : { input_tokens: input + (this.#options.countsCacheApart ? cached : 0) }),
      ...(read === undefined ? {} : { cached_tokens: read }),
      ...(output === undefined ? {} : { output_tokens: output }),
      ...(usd === undefined ? {} : { usd }),
      quality: input === undefined ? "unknown" : "measured",
      ...(this.#model === undefined ? {} : { model: this.#model }),
    };
  }
}

/** It tells a status, or none where there is no connection, and a word. */
function troubleOf(message: JsonObject): AgentUpdate {
  const text = `${message["error_status"] ?? "no connection"}: ${textOf(message["error"]) ?? "no answer"}`;
  return { kind: "trouble", text, cause: causeOf(text) ?? "model_unreachable" };
}

function contentOf(message: JsonObject): readonly JsonObject[] {
  const { content } = objectOf(message["message"]);
  return typeof content === "string" ? [{ type: "text", text: content }] : objectsOf(content);
}
