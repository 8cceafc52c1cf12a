/**
 * The lines of `kimi -p PROMPT --output-format stream-json`. They have no tokens; those stand in the files of the
 * session, whose id is in the last line.
 */

import { causeOf, doubtOf } from "../failure_text.ts";
import { type JsonObject, objectOf, objectsOf, parseObject, textOf } from "../json.ts";
import type { AgentEnd, AgentUpdate, ToolCall } from "../port.ts";
import { toolCall } from "../tool_input.ts";
import type { Dialect } from "./dialect.ts";

/** See the module. */
export class KimiDialect implements Dialect {
  readonly #calls = new Map<string, ToolCall>();
  #version: string | undefined;
  #session: string | undefined;
  #lastWords = "";

  read(message: JsonObject): readonly AgentUpdate[] {
    switch (message["role"]) {
      case "meta":
        return [this.#meta(message)];
      case "assistant":
        return this.#said(message);
      case "tool": {
        const call = this.#calls.get(textOf(message["tool_call_id"]) ?? "");
        // Whether the tool has failed is not told.
        return call === undefined ? [{ kind: "alive" }] : [{ kind: "tool", call, status: "completed" }];
      }
      default:
        return [{ kind: "alive" }];
    }
  }

  end(): AgentEnd | null {
    if (this.#session === undefined) return null;
    return {
      result: "ended",
      ...doubtOf(this.#lastWords),
      session: this.#session,
      ...(this.#version === undefined ? {} : { version: this.#version }),
    };
  }

  #meta(message: JsonObject): AgentUpdate {
    switch (message["type"]) {
      case "system.version":
        this.#version = textOf(message["version"]);
        return { kind: "alive" };
      case "session.resume_hint":
        this.#session = textOf(message["session_id"]);
        return { kind: "alive" };
      case "turn.step.retrying": {
        const text = textOf(message["error_message"]) ?? "the model did not answer";
        return { kind: "trouble", text, cause: causeOf(text) ?? "model_unreachable" };
      }
      default:
        return { kind: "alive" };
    }
  }

  #said(message: JsonObject): readonly AgentUpdate[] {
    const text = textOf(message["content"]) ?? "";
    const calls = objectsOf(message["tool_calls"]).map((each) => {
      const { name, arguments: input } = objectOf(each["function"]);
      const call = toolCall(
        textOf(each["id"]) ?? "",
        textOf(name) ?? "tool",
        parseObject(textOf(input) ?? ""),
      );
      this.#calls.set(call.id, call);
      return call;
    });
    this.#lastWords = calls.length > 0 ? "" : text;
    return [
      ...(text === "" ? [] : [{ kind: "text", text: `${text}\n` } as const]),
      ...calls.map((call): AgentUpdate => ({ kind: "tool", call, status: "in_progress" })),
    ];
  }
}
