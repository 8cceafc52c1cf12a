/** Content generation, as Gemini CLI speaks it: model and form of the answer stand in the path. */

import { type Json, type Protocol, textOf, type Turn } from "./conversation.ts";

/** See the module. */
export const gemini: Protocol = {
  path: /\/models\/[^/:]+:(generateContent|streamGenerateContent)$/,
  read: (body, path) => ({
    turns: [
      { role: "system", text: textOf(body.systemInstruction?.parts), calls: 0 },
      ...(body.contents ?? []).map(turnOf),
    ],
    tools: (body.tools ?? []).flatMap((tool: Json) => tool.functionDeclarations ?? []).map((tool: Json) => ({
      name: tool.name,
      parameters: tool.parametersJsonSchema ?? tool.parameters ?? {},
    })),
    isStream: path.endsWith(":streamGenerateContent"),
    model: /\/models\/([^/:]+):/.exec(path)?.[1] ?? "",
  }),
  document({ id, model, text, use, usage: { input, cached, output, reasoning } }) {
    const parts = [
      ...(text === "" ? [] : [{ text }]),
      ...(use === null ? [] : [{ functionCall: { id: use.id, name: use.tool.name, args: use.input } }]),
    ];
    return {
      candidates: [{ index: 0, content: { role: "model", parts }, finishReason: "STOP" }],
      usageMetadata: {
        promptTokenCount: input,
        candidatesTokenCount: output,
        totalTokenCount: input + output,
        cachedContentTokenCount: cached,
        thoughtsTokenCount: reasoning,
      },
      modelVersion: model,
      responseId: id,
    };
  },
  events: (answer) => [{ data: gemini.document(answer) }],
};

function turnOf({ role, parts = [] }: Json): Turn {
  const of = (field: string) => parts.filter((part: Json) => part[field] !== undefined);
  if (role === "model") return { role: "assistant", text: textOf(parts), calls: of("functionCall").length };
  if (of("functionResponse").length > 0) return { role: "tool", text: "", calls: 0 };
  return { role: "user", text: textOf(parts), calls: 0 };
}
