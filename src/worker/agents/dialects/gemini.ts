/** The lines of `gemini -o stream-json`. */

import { causeOf, doubtOf } from "../failure_text.ts";
import { countOf, type JsonObject, objectOf, textOf } from "../json.ts";
import type { AgentEnd, AgentUpdate, ToolCall } from "../port.ts";
import { toolCall } from "../tool_input.ts";
import type { Dialect } from "./dialect.ts";

/** See the module. */
export class GeminiDialect implements Dialect {
  readonly #calls = new Map<string, ToolCall>();
  #model: string | undefined;
  #lastWords = "";
  #end: AgentEnd | null = null;

  read(message: JsonObject): readonly AgentUpdate[] {
    switch (message["type"]) {
      case "init":
        this.#model = textOf(message["model"]);
        return [{ kind: "alive" }];
      case "message": {
        if (message["role"] !== "assistant") return [{ kind: "alive" }];
        const text = textOf(message["content"]) ?? "";
        this.#lastWords = message["delta"] === true ? this.#lastWords + text : text;
        return [{ kind: "text", text }];
      }
      case "tool_use": {
        const id = textOf(message["tool_id"]) ?? "";
        const call = toolCall(id, textOf(message["tool_name"]) ?? "tool", message["parameters"]);
        this.#calls.set(id, call);
        this.#lastWords = "";
        return [{ kind: "tool", call, status: "in_progress" }];
      }
      case "tool_result": {
        const call = this.#calls.get(textOf(message["tool_id"]) ?? "");
        if (call === undefined) return [{ kind: "alive" }];
        return [{ kind: "tool", call, status: message["status"] === "error" ? "failed" : "completed" }];
      }
      case "error":
        return [{ kind: "note", text: textOf(message["message"]) ?? "an error" }];
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

  #endOf(message: JsonObject): AgentEnd {
    const stats = objectOf(message["stats"]);
    const input = countOf(stats["input_tokens"]);
    const output = countOf(stats["output_tokens"]);
    const cached = countOf(stats["cached"]);
    const usage = {
      ...(input === undefined ? {} : { input_tokens: input }),
      ...(cached === undefined ? {} : { cached_tokens: cached }),
      ...(output === undefined ? {} : { output_tokens: output }),
      quality: input === undefined ? "unknown" as const : "measured" as const,
      ...(this.#model === undefined ? {} : { model: this.#model }),
    };
    if (message["status"] === "success") return { result: "ended", ...doubtOf(this.#lastWords), usage };
    const detail = textOf(objectOf(message["error"])["message"]) ?? "it reported an error";
    return { result: causeOf(detail) ?? "failed", detail, usage };
  }
}
