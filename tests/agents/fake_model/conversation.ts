/** What the fake model has in common over all the protocols that agents speak with a model. */

/** Whatever JSON holds; read leniently, since a request of an agent is not what is under test. */
// deno-lint-ignore no-explicit-any -- a test reads what it expects, and fails where that is not there
export type Json = any;

/** One message of a conversation. */
export interface Turn {
  readonly role: "system" | "user" | "assistant" | "tool";
  readonly text: string;
  /** How many tools an assistant's turn calls. */
  readonly calls: number;
}

/** A tool that the agent offers. */
export interface Tool {
  readonly name: string;
  /** JSON Schema of what it takes. */
  readonly parameters: Json;
  /** What it lies in, for `responses`. */
  readonly namespace?: string;
  /** Takes one free text, for `responses`. */
  readonly isCustom?: boolean;
}

/** A request of an agent. */
export interface Conversation {
  readonly turns: readonly Turn[];
  readonly tools: readonly Tool[];
  readonly isStream: boolean;
  readonly model: string;
}

/** A call of a tool that the model answers with. */
export interface ToolUse {
  readonly id: string;
  readonly tool: Tool;
  readonly input: Json;
}

/** Tokens of one call, as the model counts them. */
export interface ModelUsage {
  /** Those from the cache included. */
  readonly input: number;
  readonly cached: number;
  /** Thoughts included. */
  readonly output: number;
  readonly reasoning: number;
}

/** What the model says, before it is written in a protocol. */
export interface Answer {
  /** Unique. */
  readonly id: string;
  readonly model: string;
  readonly text: string;
  readonly use: ToolUse | null;
  readonly usage: ModelUsage;
}

/** One event of a stream. */
export interface ServerEvent {
  readonly name?: string;
  /** An object, or a text that is sent as it is. */
  readonly data: Json;
}

/** One protocol. */
export interface Protocol {
  /** Whether a request to this path speaks it. */
  readonly path: RegExp;
  read(body: Json, path: string): Conversation;
  /** The answer as one document. */
  document(answer: Answer): Json;
  /** The answer as a stream; its first event comes before any content. */
  events(answer: Answer): readonly ServerEvent[];
}

/** The text of a message, in any of the forms that protocols have for it. */
export function textOf(content: Json): string {
  if (typeof content === "string") return content;
  if (Array.isArray(content)) return content.map(textOf).join("\n");
  return content?.text ?? content?.input_text ?? "";
}
