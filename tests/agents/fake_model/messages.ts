/** Messages, as Claude Code speaks them. */

import {
  type Answer,
  type Json,
  type Protocol,
  type ServerEvent,
  textOf,
  type Turn,
} from "./conversation.ts";

/** See the module. */
export const messages: Protocol = {
  path: /\/messages$/,
  read: (body) => ({
    turns: [
      { role: "system", text: textOf(body.system), calls: 0 },
      ...(body.messages ?? []).flatMap(turnsOf),
    ],
    tools: (body.tools ?? []).map(({ name, input_schema }: Json) => ({
      name,
      parameters: input_schema ?? {},
    })),
    isStream: body.stream === true,
    model: body.model,
  }),
  document: (answer) => ({
    ...head(answer),
    content: blocks(answer),
    stop_reason: reason(answer),
    stop_sequence: null,
    usage: usage(answer),
  }),
  events(answer) {
    const events: ServerEvent[] = [];
    const add = (type: string, fields: Json = {}) => events.push({ name: type, data: { type, ...fields } });
    const message = {
      ...head(answer),
      content: [],
      stop_reason: null,
      usage: { ...usage(answer), output_tokens: 1 },
    };
    add("message_start", { message });
    for (const [index, block] of blocks(answer).entries()) {
      const isText = block.type === "text";
      const empty = isText ? { ...block, text: "" } : { ...block, input: {} };
      const delta = isText
        ? { type: "text_delta", text: block.text }
        : { type: "input_json_delta", partial_json: JSON.stringify(block.input) };
      add("content_block_start", { index, content_block: empty });
      add("content_block_delta", { index, delta });
      add("content_block_stop", { index });
    }
    add("message_delta", {
      delta: { stop_reason: reason(answer), stop_sequence: null },
      usage: usage(answer),
    });
    add("message_stop");
    return events;
  },
};

function turnsOf({ role, content }: Json): readonly Turn[] {
  const list: readonly Json[] = typeof content === "string"
    ? [{ type: "text", text: content }]
    : content ?? [];
  const of = (type: string) => list.filter((block) => block.type === type);
  if (role === "assistant") {
    return [{ role, text: textOf(of("text")), calls: of("tool_use").length }];
  }
  const results = of("tool_result");
  const text = textOf(of("text"));
  return [
    ...results.map((result): Turn => ({ role: "tool", text: textOf(result.content), calls: 0 })),
    // What stands beside a result is a note of the agent, and no prompt.
    ...(text === "" ? [] : [{ role: results.length > 0 ? "system" : "user", text, calls: 0 } as const]),
  ];
}

function head({ id, model }: Answer): Json {
  return { id: `msg_${id}`, type: "message", role: "assistant", model };
}

function blocks({ text, use }: Answer): readonly Json[] {
  return [
    ...(text === "" ? [] : [{ type: "text", text }]),
    ...(use === null ? [] : [{ type: "tool_use", id: use.id, name: use.tool.name, input: use.input }]),
  ];
}

function reason({ use }: Answer): string {
  return use === null ? "end_turn" : "tool_use";
}

function usage({ usage: { input, cached, output } }: Answer): Json {
  return {
    input_tokens: input - cached,
    cache_read_input_tokens: cached,
    cache_creation_input_tokens: 0,
    output_tokens: output,
  };
}
