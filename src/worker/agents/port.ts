/** The agent port: how a prompt is carried out by a coding agent, whatever protocol that speaks. */

import type { ToolKind } from "../../plan/approval.ts";
import type { AgentSpec, Command } from "../../plan/spec.ts";
import type { BodyInput } from "../../process/port.ts";
import type { Clock } from "../../clock.ts";
import type { PermissionAnswer, PermissionRequest } from "../approval/port.ts";

/** A call of a tool, as the agent tells of it; nothing of it is evidence. */
export interface ToolCall {
  /** Names the call in its session. */
  readonly id: string;
  /** What people see: the name of the tool, or a sentence. */
  readonly title: string;
  readonly tool: ToolKind;
  /** The shell text that it runs; absent where it is none, or the agent does not tell. */
  readonly command?: string;
  /** Files that it is about, as the agent writes them: absolute, relative to its directory, or `file:` URIs. */
  readonly paths: readonly string[];
}

/** One thing that an agent tells while it works. */
export type AgentUpdate =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "thought"; readonly text: string }
  | { readonly kind: "tool"; readonly call: ToolCall; readonly status: ToolStatus }
  | { readonly kind: "plan"; readonly steps: readonly { readonly text: string; readonly status: string }[] }
  /** Its model does not answer, and it tries again. Some do so for ever, so it is no sign of life. */
  | { readonly kind: "trouble"; readonly text: string; readonly cause: OutsideCause }
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

/** Causes of a failure that lie outside of the agent. */
export type OutsideCause = Extract<AgentResult, "model_unreachable" | "out_of_credit" | "login_required">;

/** The end of a conversation. */
export interface AgentEnd {
  readonly result: AgentResult;
  /** One sentence for people; absent where there is nothing to add. */
  readonly detail?: string;
  /**
   * What the agent's own words make likely where nothing came of its work: some end a turn in good order although no
   * model has answered.
   */
  readonly doubt?: OutsideCause;
  /** Permissions that it was denied without omk being asked. */
  readonly denied?: number;
  readonly usage?: AgentUsage;
  /** Id of its session, by which its own files tell of it. */
  readonly session?: string;
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
  /** Decides over a request for permission. Never rejects; `signal`: nobody waits for the answer any more. */
  decide(request: PermissionRequest, signal: AbortSignal): Promise<PermissionAnswer>;
}

/** A line that an agent has printed. */
export type AgentLine =
  | { readonly text: string }
  /** It was longer than omk takes; so many bytes of it were not kept. */
  | { readonly tooLong: number };

/** What an agent is spoken with over. */
export interface AgentPipes {
  readonly input: BodyInput;
  /** Ends with the agent's output, or when omk waits for it no longer. */
  readonly lines: AsyncIterable<AgentLine>;
}

/** One conversation with one process of an agent. */
export interface AgentConversation {
  /** What is to be started. */
  readonly command: Command;
  /** Speaks until its end; called once, when the process exists. Never rejects. */
  speak(pipes: AgentPipes, listener: AgentListener): Promise<AgentEnd>;
  /** Asks the agent to stop; `speak` ends soon, or its process is ended. */
  cancel(): void;
}

/** Opens a conversation of one driver; nothing is started by it. */
export type OpenConversation = (job: AgentJob, clock: Clock) => AgentConversation;
