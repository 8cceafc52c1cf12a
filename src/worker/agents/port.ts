/** The agent port: how a prompt is carried out by a coding agent, whatever protocol that speaks. */

import type { AgentSpec, Command } from "../../plan/spec.ts";
import type { BodyPipes } from "../../process/port.ts";

/** What a tool of an agent does, as the Agent Client Protocol names it; `other` where the agent does not say. */
export type ToolKind =
  | "read"
  | "edit"
  | "delete"
  | "move"
  | "search"
  | "execute"
  | "think"
  | "fetch"
  | "switch_mode"
  | "other";

/** What an agent wants to do with a tool, as far as it tells; nothing of it is evidence. */
export interface ToolCall {
  /** Names the call in this session. */
  readonly id: string;
  /** What people see: the name of the tool, or a sentence. */
  readonly title: string;
  readonly kind: ToolKind;
  /** The command that is to be executed; null where it is none, or the agent does not tell. */
  readonly command: string | null;
  /** Files that it is about, as the agent writes them: absolute, or relative to its directory. */
  readonly paths: readonly string[];
}

/** What an agent asks leave for. */
export interface PermissionRequest {
  /** Names the request in this attempt: `p1`, `p2`… */
  readonly id: string;
  readonly call: ToolCall;
  /** All that the agent says of it, in one text for people and rules; not redacted. */
  readonly detail: string;
}

/** The answer to a request for permission. There always is one: who asks a person sets a deadline that denies (P9). */
export interface PermissionAnswer {
  readonly decision: "allow" | "deny";
  /** Why, for people: the rule, the person, or the deadline. */
  readonly reason: string;
}

/**
 * Decides over a request; an answer that takes its time is a question to a person. `signal` aborts when nobody waits for
 * the answer any more. A rejection denies.
 */
export type DecidePermission = (
  request: PermissionRequest,
  signal: AbortSignal,
) => Promise<PermissionAnswer>;

/** One thing that an agent tells while it works. */
export type AgentUpdate =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "thought"; readonly text: string }
  | { readonly kind: "tool"; readonly call: ToolCall; readonly status: ToolStatus }
  | { readonly kind: "plan"; readonly steps: readonly { readonly text: string; readonly status: string }[] }
  /** Something that people should know: a line that is no message, a permission that was denied. */
  | { readonly kind: "note"; readonly text: string }
  /** A sign of life without content. */
  | { readonly kind: "alive" };

/** How far a call of a tool is. */
export type ToolStatus = "pending" | "in_progress" | "completed" | "failed";

/** How much a figure can be trusted: the agent counted it, it was worked out from others, or nobody knows. */
export type UsageQuality = "measured" | "estimated" | "unknown";

/** What a session used, as far as its agent tells; absent figures are unknown. */
export interface AgentUsage {
  /** Tokens that the model read, those from its cache included. */
  readonly input_tokens?: number;
  /** Of these, tokens that came from its cache. */
  readonly cached_tokens?: number;
  /** Tokens that the model wrote, its thoughts included. */
  readonly output_tokens?: number;
  /** US dollars. */
  readonly usd?: number;
  /** Of the tokens: `estimated` where the agent tells of a part only. */
  readonly quality: UsageQuality;
  /** The model, where the agent names it. */
  readonly model?: string;
}

/** How the conversation with an agent ended; what its work is worth is not for the agent to say (P8). */
export type AgentResult =
  /** It says that it is done. */
  | "ended"
  /** It stopped at a limit of its own: tokens, turns, a budget. */
  | "limit"
  /** The model refused the prompt. */
  | "refused"
  | "cancelled"
  /** One of omk's deadlines was over: start-up, first update, silence. */
  | "timeout"
  | "model_unreachable"
  | "out_of_credit"
  /** It has no key, or the key was refused. */
  | "login_required"
  /** Its process, or its end of the pipes, was gone before the answer. */
  | "died"
  /** What it said is not of the protocol, or of a version that omk does not speak. */
  | "protocol_error"
  /** It reported an error that is none of the others. */
  | "failed";

/** The end of a conversation. */
export interface AgentEnd {
  readonly result: AgentResult;
  /** One sentence for people; absent where there is nothing to add. */
  readonly detail?: string;
  readonly usage?: AgentUsage;
  /** Version that the agent tells of itself. */
  readonly version?: string;
}

/** What an agent is to do, and where. */
export interface AgentJob {
  /** Name of the agent in the plan. */
  readonly name: string;
  readonly spec: AgentSpec;
  readonly prompt: string;
  /** Absolute; the worktree or a directory in it. */
  readonly cwd: string;
  /** Absolute path of a file that omk may write the prompt to. */
  readonly promptFile: string;
}

/** What a conversation reports to. */
export interface AgentListener {
  update(update: AgentUpdate): void;
  /** The session exists: from here on the first update is waited for. */
  started(): void;
  /** Decides over a permission, with everything that is counted and recorded for it. */
  decide: DecidePermission;
}

/** One conversation with one process of an agent. */
export interface AgentConversation {
  /** What is to be started. */
  readonly command: Command;
  /** Speaks until its end; called once, when the process exists. Never rejects. */
  speak(pipes: BodyPipes, listener: AgentListener): Promise<AgentEnd>;
  /** Asks the agent to stop; `speak` ends soon, or its process is ended. */
  cancel(): void;
  /** Reads what the agent has put elsewhere, once its process is gone; the end it returns takes the place of the first. */
  afterwards?(end: AgentEnd): Promise<AgentEnd>;
}

/** Opens conversations of one driver. */
export type OpenConversation = (job: AgentJob) => Promise<AgentConversation>;
