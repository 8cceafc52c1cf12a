/** From the name of a tool and what it is given to what it does, for agents without the kinds of the protocol. */

import type { ToolKind } from "../../plan/approval.ts";
import { isObject, type JsonObject, textOf } from "./json.ts";
import type { ToolCall } from "./port.ts";

/** Words in the names of tools, the first that fits. */
const KINDS: readonly (readonly [ToolKind, RegExp])[] = [
  ["execute", /bash|shell|terminal|exec|command/i],
  ["delete", /delete|remove/i],
  ["move", /move|rename/i],
  ["search", /grep|glob|search|list|find/i],
  ["edit", /write|edit|patch|replace|notebook/i],
  ["fetch", /fetch|web|http/i],
  ["read", /read|view|cat|ls$/i],
  ["think", /think|todo|plan/i],
];

const PATH_FIELDS = [
  "file_path",
  "path",
  "absolute_path",
  "filePath",
  "notebook_path",
  "file",
  "source",
  "destination",
];
const COMMAND_FIELDS = ["command", "cmd", "script"];

/** The kind of a tool by its name. */
export function kindOfTool(name: string): ToolKind {
  return KINDS.find(([, pattern]) => pattern.test(name))?.[0] ?? "other";
}

/** The command in what a tool is given; a program with arguments is given back as a text. */
export function commandOf(input: JsonObject): string | undefined {
  for (const field of COMMAND_FIELDS) {
    const value = input[field];
    if (typeof value === "string") return value;
    if (Array.isArray(value) && value.every((word) => typeof word === "string")) return value.join(" ");
  }
  return undefined;
}

/** The paths in what a tool is given. */
export function pathsOf(input: JsonObject): readonly string[] {
  return PATH_FIELDS.flatMap((field) => textOf(input[field]) ?? []);
}

/** A call as the tool's name and input tell of it. */
export function toolCall(id: string, name: string, input: unknown): ToolCall {
  const given = isObject(input) ? input : {};
  const tool = kindOfTool(name);
  const command = tool === "execute" ? commandOf(given) : undefined;
  return { id, title: name, tool, ...(command === undefined ? {} : { command }), paths: pathsOf(given) };
}
