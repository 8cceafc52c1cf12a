/** From what an agent sends over the Agent Client Protocol to typed updates and requests, whatever it leaves out. */

import { TOOL_KINDS, type ToolKind } from "../../plan/approval.ts";
import type { PermissionRequest } from "../approval/port.ts";
import { isObject, type JsonObject, objectOf, objectsOf, parseObject, textOf } from "./json.ts";
import type { AgentUpdate, ToolCall, ToolStatus } from "./port.ts";
import { commandOf, kindOfTool, pathsOf } from "./tool_input.ts";

const STATUSES: readonly ToolStatus[] = ["pending", "in_progress", "completed", "failed"];

/** Reads updates of one session. A call of a tool comes in parts, and its updates may come before it. */
export class AcpUpdates {
  readonly #calls = new Map<string, ToolCall>();
  #lastWords = "";
  /** Whether anything came that a model must have made. */
  #hasContent = false;

  /** What an update tells. */
  read(update: JsonObject): AgentUpdate {
    switch (update["sessionUpdate"]) {
      case "agent_message_chunk": {
        const text = textOfContent(update["content"]);
        this.#lastWords += text;
        return text === "" ? { kind: "alive" } : { kind: "text", text };
      }
      case "agent_thought_chunk": {
        const text = textOfContent(update["content"]);
        this.#hasContent ||= text !== "";
        return text === "" ? { kind: "alive" } : { kind: "thought", text };
      }
      case "tool_call":
      case "tool_call_update": {
        this.#hasContent = true;
        this.#lastWords = "";
        return { kind: "tool", call: this.#merge(update), status: statusOf(update["status"]) };
      }
      case "plan":
        return {
          kind: "plan",
          steps: objectsOf(update["entries"]).map((entry) => ({
            text: textOf(entry["content"]) ?? "",
            status: textOf(entry["status"]) ?? "pending",
          })),
        };
      default:
        return { kind: "alive" };
    }
  }

  /** What a request for permission is about, with what is known of its call already. */
  request(params: JsonObject): PermissionRequest {
    const call = objectOf(params["toolCall"]);
    const { tool, title, command: known, paths } = this.#merge(call);
    const said = tool === "execute" ? commandInText(contentText(call)) : undefined;
    // Its words may be the command that it told before with a sentence around it, or its beginning; else they count.
    const isTheSame = said === undefined ||
      known !== undefined && (said.includes(known) || isBeginning(said, known));
    const command = isTheSame ? known : said;
    return { tool, title, paths, ...(command === undefined ? {} : { command }) };
  }

  /** The text after the last call of a tool; null where a tool was called, or something was thought, and nothing said. */
  lastWords(): string | null {
    return this.#lastWords === "" && this.#hasContent ? null : this.#lastWords;
  }

  #merge(update: JsonObject): ToolCall {
    const id = textOf(update["toolCallId"]) ?? "";
    const known = this.#calls.get(id);
    const title = textOf(update["title"]) ?? known?.title ?? textOf(update["name"]) ?? "tool";
    // Some tell the input of a call as text; later the text is what came of it.
    const told = update["status"] === "pending" ? parseObject(contentText(update)) : {};
    const input = { ...told, ...objectOf(update["rawInput"]) };
    const tool = kindOf(update["kind"]) ?? known?.tool ?? kindOfTool(title);
    const command = tool === "execute" ? commandOf(input) ?? known?.command : undefined;
    const paths = [...new Set([...known?.paths ?? [], ...pathsOf(input), ...pathsIn(update)])];
    const call: ToolCall = { id, title, tool, paths, ...(command === undefined ? {} : { command }) };
    this.#calls.set(id, call);
    return call;
  }
}

function kindOf(value: unknown): ToolKind | undefined {
  return TOOL_KINDS.find((kind) => kind === value && kind !== "other");
}

function statusOf(value: unknown): ToolStatus {
  return STATUSES.find((status) => status === value) ?? "in_progress";
}

function textOfContent(content: unknown): string {
  return isObject(content) && content["type"] === "text" ? textOf(content["text"]) ?? "" : "";
}

/** Whether the text is the beginning of the other one, cut with an ellipsis. */
function isBeginning(text: string, of: string): boolean {
  return text.endsWith("…") && of.startsWith(text.slice(0, -1));
}

/** The text that a call has beside its fields. */
function contentText(call: JsonObject): string {
  return objectsOf(call["content"]).map((each) => textOfContent(each["content"])).join("\n").trim();
}

/** The command in the text of a request: in a fence, after a prompt sign, after a few words of some agents, or all of it. */
function commandInText(text: string): string | undefined {
  if (text === "") return undefined;
  const fenced = /^```\w*\n([\s\S]*?)\n?```$/m.exec(text)?.[1];
  return (fenced ?? text).replace(/^\$ |^Requesting approval to Running: /, "");
}

/** Places and diffs that a call names. */
function pathsIn(update: JsonObject): readonly string[] {
  return [...objectsOf(update["locations"]), ...objectsOf(update["content"])]
    .flatMap((each) => textOf(each["path"]) ?? []);
}
