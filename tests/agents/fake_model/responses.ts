/** Responses, as Codex speaks them. */

import {
  type Answer,
  type Json,
  type Protocol,
  type ServerEvent,
  textOf,
  type Tool,
  type Turn,
} from "./conversation.ts";

/** See the module. */
export const responses: Protocol = {
  path: /\/responses$/,
  read(body) {
    const input = typeof body.input === "string"
      ? [{ type: "message", role: "user", content: body.input }]
      : body.input ?? [];
    return {
      turns: [{ role: "system", text: textOf(body.instructions), calls: 0 }, ...input.flatMap(turnsOf)],
      tools: toolsOf(body.tools ?? []),
      isStream: body.stream === true,
      model: body.model,
    };
  },
  document: (answer) => response(answer, "completed"),
  events(answer) {
    const events: ServerEvent[] = [];
    const add = (type: string, fields: Json) =>
      events.push({ name: type, data: { type, sequence_number: events.length, ...fields } });
    add("response.created", { response: response(answer, "in_progress") });
    for (const [output_index, item] of items(answer).entries()) {
      add("response.output_item.added", { output_index, item: { ...item, status: "in_progress" } });
      const at = { item_id: item.id, output_index };
      if (item.type === "message") {
        add("response.output_text.delta", { ...at, content_index: 0, delta: answer.text });
      }
      add("response.output_item.done", { output_index, item });
    }
    add("response.completed", { response: response(answer, "completed") });
    return events;
  },
};

function turnsOf({ type, role, content, output }: Json): readonly Turn[] {
  if (/_call$/.test(type ?? "")) return [{ role: "assistant", text: "", calls: 1 }];
  if (/_call_output$/.test(type ?? "")) return [{ role: "tool", text: textOf(output), calls: 0 }];
  if (role === undefined) return [];
  return [{ role: role === "developer" ? "system" : role, text: textOf(content), calls: 0 }];
}

/** Tools may lie in name spaces. */
function toolsOf(list: readonly Json[], namespace?: string): readonly Tool[] {
  return list.flatMap((tool): readonly Tool[] => {
    if (tool.type === "namespace") return toolsOf(tool.tools ?? [], tool.name);
    return [{
      name: tool.name ?? tool.type,
      parameters: tool.parameters ?? {},
      isCustom: tool.type === "custom",
      ...(namespace === undefined ? {} : { namespace }),
    }];
  });
}

function items({ id, text, use }: Answer): readonly Json[] {
  const said = text === "" ? [] : [{
    id: `msg_${id}`,
    type: "message",
    role: "assistant",
    status: "completed",
    content: [{ type: "output_text", text, annotations: [] }],
  }];
  if (use === null) return said;
  const { name, namespace, isCustom } = use.tool;
  const call = isCustom === true ? { id: `ctc_${id}`, type: "custom_tool_call", name, input: use.input } : {
    id: `fc_${id}`,
    type: "function_call",
    name,
    arguments: JSON.stringify(use.input),
    ...(namespace === undefined ? {} : { namespace }),
  };
  return [...said, { ...call, call_id: use.id, status: "completed" }];
}

function response(answer: Answer, status: "in_progress" | "completed"): Json {
  const { input, cached, output, reasoning } = answer.usage;
  const isDone = status === "completed";
  return {
    id: `resp_${answer.id}`,
    object: "response",
    created_at: 1,
    status,
    model: answer.model,
    output: isDone ? items(answer) : [],
    ...(isDone
      ? {
        usage: {
          input_tokens: input,
          input_tokens_details: { cached_tokens: cached },
          output_tokens: output,
          output_tokens_details: { reasoning_tokens: reasoning },
          total_tokens: input + output,
        },
      }
      : {}),
  };
}
