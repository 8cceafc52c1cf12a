/** `omk approve`: say yes or no to an agent that asks for leave. */

import { ExitCode, OmkError } from "../../errors.ts";
import { draft } from "../../log/event.ts";
import { findApproval } from "../../scheduler/approvals.ts";
import type { Command, CommandContext } from "../command.ts";
import { ask, refuseInsideTask, requireController } from "../control.ts";
import { openRun } from "../open_run.ts";
import { approvalLines } from "../render/approval_lines.ts";

/** See the module. */
export const approveCommand: Command = {
  name: "approve",
  summary: "say yes or no to an agent that asks for leave",
  usage: ["omk approve [RUN] [ID]"],
  description: [
    "Where the approval policy of a plan says ask, an agent that wants to run a command or to touch a file waits until\n" +
    "somebody answers, and takes silence for a no: approval.timeout_secs in the plan, 300 by default. Without ID it\n" +
    "shows what waits, as omk status does. No process of a task can give an approval.",
  ],
  positionals: { min: 0, max: 2 },
  options: [
    { name: "deny", type: "boolean", description: "Say no" },
    {
      name: "reason",
      type: "string",
      placeholder: "TEXT",
      description: "What the agent and the log are told",
    },
  ],
  examples: [
    { command: "omk approve", note: "what waits in the newest run" },
    { command: "omk approve latest 3", note: "let the agent do it" },
    { command: 'omk approve latest 3 --deny --reason "use the mirror"', note: "say no, and why" },
  ],
  async run(context: CommandContext): Promise<number> {
    refuseInsideTask(context, "approve");
    const { args, output, json } = context;
    const [run, approval] = words(args.positionals);
    const { directory, loaded } = await openRun(context, run);
    const { open = [] } = loaded.state.run.approvals ?? {};
    const run_id = directory.runId;
    if (approval === undefined) {
      if (args.flag("deny") || args.text("reason") !== undefined) throw withoutId();
      if (json) output.json({ schema_version: 1, run_id, open });
      else if (open.length === 0) output.print(`nothing waits for an approval in run ${run_id}`);
      else for (const line of open.flatMap((each) => approvalLines(each, Date.now()))) output.print(line);
      return ExitCode.OK;
    }
    const failure = `Cannot answer approval ${approval} of run ${run_id}`;
    requireController(loaded, failure);
    const decision = args.flag("deny") ? "deny" : "allow";
    const reason = args.text("reason") ??
      (decision === "allow" ? "a person allowed it" : "a person denied it");
    const { task_id } = findApproval(loaded.state, approval) ?? {};
    const fact = await ask(context, loaded, {
      failure,
      make: (requester, actor) =>
        draft("approval_given", "run", actor, { ...requester, approval, decision, reason }),
    });
    const answered = fact !== undefined;
    if (json) output.json({ schema_version: 1, run_id, approval, decision, answered });
    else if (!answered) output.print(`the answer is recorded, and the run has not taken it in yet`);
    else output.print(`${decision === "allow" ? "allowed" : "denied"}; the agent of task ${task_id} goes on`);
    return ExitCode.OK;
  },
};

/** The run and the approval: a number alone is an approval of the newest run. */
function words(
  positionals: readonly string[],
): readonly [run: string | undefined, approval: string | undefined] {
  const [first, second] = positionals;
  if (second === undefined && first !== undefined && /^\d{1,6}$/.test(first)) return [undefined, first];
  return [first, second];
}

function withoutId(): OmkError {
  return new OmkError({
    what: "Cannot tell which approval is answered",
    fix: "omk approve shows what waits",
  });
}
