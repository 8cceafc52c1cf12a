/** How an agent's requests for permission are answered. */

import type { ToolKind } from "../../plan/approval.ts";

/** What an agent asks leave for, as it says it. */
export interface PermissionRequest {
  readonly tool: ToolKind;
  /** What the agent calls it, for people. */
  readonly title: string;
  /** The shell text that it would run, where it says so. */
  readonly command?: string;
  /** The paths that it would touch, as it says them: absolute, or relative to `PermissionPlace.cwd`; `file:` URIs too. */
  readonly paths: readonly string[];
}

/** Where the agent works. Absolute. */
export interface PermissionPlace {
  /** Root of its worktree. */
  readonly root: string;
  readonly cwd: string;
}

/** The answer to a request. */
export interface PermissionAnswer {
  readonly decision: "allow" | "deny";
  /** One clause, for the agent and for people. */
  readonly reason: string;
}

/** Answers the requests of one attempt. */
export interface ApprovalDesk {
  /**
   * Decides over a request, and records it with its answer. Never rejects; where a person is asked it waits no longer
   * than the policy says, and no longer than until the signal. Whatever goes wrong is a no.
   */
  decide(
    request: PermissionRequest,
    place: PermissionPlace,
    signal: AbortSignal,
  ): Promise<PermissionAnswer>;
}
