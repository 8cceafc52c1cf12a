/** From what the script wants done to a call of one of the tools that the agent offers. */

import type { Json, Tool } from "./conversation.ts";
import type { Reply } from "./script.ts";

/** A tool and what it is given. */
export interface Call {
  readonly tool: Tool;
  readonly input: Json;
}

/** Names of tools for commands, the likeliest first. */
const SHELL_NAMES =
  /^(exec_command|shell_command|local_shell|shell|bash|run_shell_command|run_command|execute|terminal)$/i;
const SHELL_LIKE = /shell|bash|exec|command|terminal/i;
const WRITER_LIKE = /write|create/i;

/** The call that does what the reply says; null where the agent offers no tool for it. */
export function callFor(reply: Reply, tools: readonly Tool[], cwd: string | null): Call | null {
  if ("shell" in reply) return shell(reply.shell, tools);
  if (!("write" in reply)) return null;
  return write(reply.write, reply.content, tools, cwd) ??
    shell(writingCommand(reply.write, reply.content), tools);
}

function shell(command: string, tools: readonly Tool[]): Call | null {
  const tool = tools.find(({ name }) => SHELL_NAMES.test(name)) ??
    tools.find((each) => SHELL_LIKE.test(each.name) && fieldOf(each, /^(command|cmd)$/) !== undefined);
  if (tool === undefined) return null;
  const field = fieldOf(tool, /^(command|cmd)$/) ?? "command";
  const isList = tool.parameters.properties?.[field]?.type === "array";
  return { tool, input: complete(tool, { [field]: isList ? ["sh", "-c", command] : command }) };
}

function write(path: string, content: string, tools: readonly Tool[], cwd: string | null): Call | null {
  const [tool] = tools
    .filter((each) =>
      WRITER_LIKE.test(each.name) && fieldOf(each, /path|file/i) && fieldOf(each, /content|text/i)
    )
    .sort((one, other) => one.name.length - other.name.length);
  if (tool === undefined) return null;
  const pathField = fieldOf(tool, /path/i) ?? fieldOf(tool, /file/i) ?? "path";
  const contentField = fieldOf(tool, /content/i) ?? fieldOf(tool, /text/i) ?? "content";
  // Most of these tools take absolute paths only.
  const full = path.startsWith("/") || cwd === null ? path : `${cwd}/${path}`;
  return { tool, input: complete(tool, { [pathField]: full, [contentField]: content }) };
}

function writingCommand(path: string, content: string): string {
  const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
  const directory = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : ".";
  return `mkdir -p ${quoted(directory)} && printf %s ${quoted(content)} > ${quoted(path)}`;
}

function fieldOf({ parameters }: Tool, pattern: RegExp): string | undefined {
  return Object.keys(parameters?.properties ?? {}).find((name) => pattern.test(name));
}

/** Gives whatever else the tool requires a plausible value. */
function complete({ parameters }: Tool, input: Record<string, Json>): Json {
  const plausible: Readonly<Record<string, Json>> = {
    boolean: false,
    number: 1,
    integer: 1,
    array: [],
    object: {},
  };
  for (const name of parameters?.required ?? []) {
    if (name in input) continue;
    const schema = parameters.properties?.[name] ?? {};
    input[name] = schema.enum?.[0] ?? schema.default ?? plausible[schema.type] ?? `the ${name}`;
  }
  return input;
}
