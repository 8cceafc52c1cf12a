/** What the fake model answers: decided by a test, call by call. */

import type { ModelUsage } from "./conversation.ts";

/** One answer. */
export type Reply =
  /** The last word: no tool is called. */
  | { readonly text: string }
  /** A call of the agent's tool for commands. */
  | { readonly shell: string }
  /** A call of the agent's tool for writing files, or for commands where it has none; relative to where it works. */
  | { readonly write: string; readonly content: string }
  /** An HTTP status that is an error. */
  | { readonly status: number }
  /** The connection is cut after the first bytes. */
  | { readonly cut: true }
  /** No answer for ever. */
  | { readonly hang: true };

/** A call of the model. */
export interface Ask {
  /** The prompt, with whatever the agent put around it. */
  readonly prompt: string;
  /** How many tools were called since. */
  readonly turn: number;
  /** What the last of these printed; empty before. */
  readonly toolOutput: string;
  readonly model: string;
}

/** Decides what is answered. */
export type Script = (ask: Ask) => Reply;

/** What every call uses. */
export const USAGE_PER_CALL: ModelUsage = { input: 1234, cached: 200, output: 56, reasoning: 7 };

/** These replies, one after the other; the last one again and again. */
export function inTurn({ turn }: Pick<Ask, "turn">, ...replies: readonly [Reply, ...Reply[]]): Reply {
  return replies[Math.min(turn, replies.length - 1)] ?? replies[0];
}

/** Writes a file and says so: what most scripts are made of. */
export function writing(ask: Ask, path: string, content: string): Reply {
  return inTurn(ask, { write: path, content }, { text: `I wrote ${path} as asked.` });
}
