/** The lines of `opencode run --format json`. They have no last one: the session is over when a step has ended with `stop`. */

import { causeOf, doubtOf } from "../failure_text.ts";
import { amountOf, countOf, type JsonObject, objectOf, textOf } from "../json.ts";
import type { AgentEnd, AgentUpdate, ToolStatus } from "../port.ts";
import { toolCall } from "../tool_input.ts";
import type { Dialect } from "./dialect.ts";

const STATUSES: Readonly<Record<string, ToolStatus>> = {
  pending: "pending",
  running: "in_progress",
  completed: "completed",
  error: "failed",
};

/** See the module. */
export class OpencodeDialect implements Dialect {
  #steps = 0;
  #input = 0;
  #cached = 0;
  #output = 0;
  #usd = 0;
  #lastWords = "";
  #error: string | null = null;
  #denied = 0;

  read(message: JsonObject): readonly AgentUpdate[] {
    const part = objectOf(message["part"]);
    switch (message["type"]) {
      case "text": {
        const text = textOf(part["text"]) ?? "";
        this.#lastWords = text;
        return [{ kind: "text", text: `${text}\n` }];
      }
      case "tool_use": {
        const state = objectOf(part["state"]);
        if (/rejected permission|prevents you from using/.test(textOf(state["error"]) ?? "")) {
          this.#denied += 1;
        }
        const call = toolCall(textOf(part["callID"]) ?? "", textOf(part["tool"]) ?? "tool", state["input"]);
        return [{ kind: "tool", call, status: STATUSES[textOf(state["status"]) ?? ""] ?? "in_progress" }];
      }
      case "step_finish":
        this.#count(part);
        return [{ kind: "alive" }];
      case "error": {
        const error = objectOf(message["error"]);
        const data = objectOf(error["data"]);
        const status = countOf(data["statusCode"]);
        const text = textOf(data["message"]) ?? textOf(error["name"]) ?? "it reported an error";
        this.#error = status === undefined ? text : `${status}: ${text}`;
        return [{ kind: "note", text: this.#error }];
      }
      default:
        return [{ kind: "alive" }];
    }
  }

  end(): AgentEnd | null {
    const usage = {
      input_tokens: this.#input,
      cached_tokens: this.#cached,
      output_tokens: this.#output,
      usd: this.#usd,
      quality: "measured" as const,
    };
    if (this.#error !== null) {
      return {
        result: causeOf(this.#error) ?? "failed",
        detail: this.#error,
        ...(this.#steps > 0 ? { usage } : {}),
      };
    }
    if (this.#steps === 0) return null;
    const denied = this.#denied === 0 ? {} : { denied: this.#denied };
    return { result: "ended", ...doubtOf(this.#lastWords), ...denied, usage };
  }

  #count(part: JsonObject): void {
    const tokens = objectOf(part["tokens"]);
    const cache = objectOf(tokens["cache"]);
    const read = countOf(cache["read"]) ?? 0;
    this.#steps += 1;
    // Each of its figures leaves the others out.
    this.#input += (countOf(tokens["input"]) ?? 0) + read + (countOf(cache["write"]) ?? 0);
    this.#cached += read;
    this.#output += (countOf(tokens["output"]) ?? 0) + (countOf(tokens["reasoning"]) ?? 0);
    this.#usd += amountOf(part["cost"]) ?? 0;
  }
}
