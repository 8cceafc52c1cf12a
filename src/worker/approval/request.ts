/** A request for permission as it is judged: its kind made certain, its paths followed. */

import type { ToolKind } from "../../plan/approval.ts";
import { readShellText } from "../../plan/shell_command.ts";
import type { PermissionPlace, PermissionRequest } from "./port.ts";
import { type SeenPath, seePath } from "./real_path.ts";

/** See the module. */
export interface SeenRequest {
  readonly tool: ToolKind;
  readonly title: string;
  readonly command?: string;
  readonly paths: readonly SeenPath[];
  /** The words of a plain command that are no options, followed as paths; the program is none of them. */
  readonly words: readonly SeenPath[];
}

/** Looks at what a request names. What has a command runs it, whatever kind the agent gives it. */
export async function seeRequest(request: PermissionRequest, place: PermissionPlace): Promise<SeenRequest> {
  const { title, command, paths } = request;
  return {
    tool: command === undefined ? request.tool : "execute",
    title,
    ...(command === undefined ? {} : { command }),
    paths: await Promise.all(paths.map((path) => seePath(path, place))),
    words: await Promise.all(wordsOf(command).map((word) => seePath(word, place))),
  };
}

function wordsOf(command: string | undefined): readonly string[] {
  if (command === undefined) return [];
  const { commands, isSimple } = readShellText(command);
  if (!isSimple) return [];
  return (commands[0] ?? []).slice(1).flatMap((word) => word === null || word.startsWith("-") ? [] : [word]);
}
