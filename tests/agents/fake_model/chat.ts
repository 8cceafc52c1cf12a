/** Chat completions, as Kimi Code, Qwen Code and OpenCode speak them. */

import { type Answer, type Json, type Protocol, textOf } from "./conversation.ts";

/** See the module. */
export const chat: Protocol = {
  path: /\/chat\/completions$/,
  read: (body) => ({
    turns: (body.messages ?? []).map((message: Json) => ({
      role: message.role === "developer" ? "system" : message.role,
      text: textOf(message.content),
      calls: message.tool_calls?.length ?? 0,
    })),
    tools: (body.tools ?? []).map(({ function: { name, parameters } }: Json) => ({ name, parameters })),
    isStream: body.stream === true,
    model: body.model,
  }),
  document: (answer) => ({
    ...head(answer, "chat.completion"),
    choices: [{
      index: 0,
      message: { role: "assistant", content: answer.text, tool_calls: calls(answer) },
      finish_reason: reason(answer),
    }],
    usage: usage(answer),
  }),
  events(answer) {
    const chunk = (delta: Json, finish_reason: string | null = null) => ({
      data: {
        ...head(answer, "chat.completion.chunk"),
        choices: [{ index: 0, delta, finish_reason }],
      },
    });
    const { text } = answer;
    const tools = calls(answer);
    return [
      chunk({ role: "assistant", content: "" }),
      ...(text === "" ? [] : [chunk({ content: text })]),
      ...(tools === undefined ? [] : [chunk({ tool_calls: tools })]),
      chunk({}, reason(answer)),
      { data: { ...head(answer, "chat.completion.chunk"), choices: [], usage: usage(answer) } },
      { data: "[DONE]" },
    ];
  },
};

function head({ id, model }: Answer, object: string): Json {
  return { id, object, created: 1, model };
}

function reason({ use }: Answer): string {
  return use === null ? "stop" : "tool_calls";
}

function calls({ use }: Answer): Json {
  if (use === null) return undefined;
  const call = { name: use.tool.name, arguments: JSON.stringify(use.input) };
  return [{ index: 0, id: use.id, type: "function", function: call }];
}

function usage({ usage: { input, cached, output, reasoning } }: Answer): Json {
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cached },
    completion_tokens_details: { reasoning_tokens: reasoning },
  };
}
