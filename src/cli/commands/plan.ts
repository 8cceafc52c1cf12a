/** `omk plan`: have an agent make a plan. */

import { ExitCode, OmkError } from "../../errors.ts";
import type { Command, CommandContext } from "../command.ts";
import { BASE } from "../config/settings.ts";
import { OUTPUT_OPTIONS } from "../output_options.ts";
import { RUN_EXIT_CODES } from "../run_exit_codes.ts";

/** Stands for the text on standard input. */
const STDIN = "-";

/** See the module. */
export const planCommand: Command = {
  name: "plan",
  summary: "have an agent make a plan of what you ask for",
  usage: ['omk plan "PROMPT"', "omk plan -"],
  description: [
    "A lead agent gets the prompt, a map of the repository, its checks and the form of a plan, looks around in a\n" +
    "worktree of its own, and answers with a plan. The plan is checked like any other, and goes back to the agent with\n" +
    "what is wrong with it, at most twice; if that does not help, one task gets the whole prompt. What the agent changes\n" +
    "is thrown away. Settings of omk.jsonc (gates, worktree, agents, approval, budget, defaults) hold\n" +
    "in the plan too.",
    "The plan is kept with the run that made it, and in FILE: omk run takes it from there without the agent. An agent\n" +
    "that has to know more asks: the run then ends as blocked_on_human, omk answer answers, and omk resume goes on.",
    "PROMPT - reads the prompt from standard input.",
  ],
  positionals: { min: 1, max: 1 },
  options: [
    {
      name: "file",
      short: "o",
      type: "string",
      placeholder: "FILE",
      description: "Write the plan to this file too",
    },
    { name: "force", short: "f", type: "boolean", description: "Replace FILE where it exists" },
    {
      name: "agent",
      type: "string",
      placeholder: "AGENT",
      description: "The agent that plans (default: that of omk.jsonc, of the configuration, or the only one)",
    },
    {
      name: "base",
      type: "string",
      placeholder: "BASE",
      choices: ["HEAD", "dirty"],
      description: "What the agent sees of a dirty checkout: HEAD (default) leaves its changes out",
    },
    {
      name: "worktree-dir",
      type: "string",
      placeholder: "DIR",
      description: "Where the worktree of the agent lies (default: $XDG_STATE_HOME/omk/worktrees)",
    },
    ...OUTPUT_OPTIONS.filter(({ name }) => name !== "report"),
  ],
  examples: [
    { command: 'omk plan "Add rate limiting to the API"', note: "see what would be done" },
    { command: 'omk plan "Port the tests" -o port.jsonc && omk run port.jsonc', note: "keep it as a file" },
    { command: "omk plan --agent claude - < issue.md", note: "a long prompt, and a certain agent" },
  ],
  exitCodes: [
    {
      code: ExitCode.OK,
      meaning: "there is a plan; where it is one task with the whole prompt, that is said",
    },
    {
      code: ExitCode.NOT_READY,
      meaning: "the agent failed otherwise: it did not start, had no model, or took too long",
    },
    ...RUN_EXIT_CODES.filter(({ code }) => code !== ExitCode.OK && code !== ExitCode.NOT_READY),
  ],
  async run(context: CommandContext): Promise<number> {
    const { args, config, cwd, json, output } = context;
    const [word = ""] = args.positionals;
    const request = word === STDIN ? await new Response(Deno.stdin.readable).text() : word;
    const file = args.text("file");
    const target = file === undefined ? null : file.startsWith("/") ? file : `${cwd}/${file}`;
    if (target !== null && !args.flag("force")) await refuseExisting(target);
    const { conductPlanning } = await import("../planning/conduct_planning.ts");
    const { goOnWithPlan, takePlan } = await import("../planning/go_on.ts");
    const wish = { request, then: "keep", output: target, base: config.value(BASE) ?? "HEAD" } as const;
    const replace = args.flag("force");
    if (!json) {
      const end = await conductPlanning(context, wish);
      return await goOnWithPlan(context, end, { yes: true, replace, detach: false });
    }
    const { createSilentView } = await import("../silent_view.ts");
    const { planDocument } = await import("../render/plan_document.ts");
    const end = await conductPlanning(context, { ...wish, view: createSilentView(output) });
    const made = await takePlan(context, end, replace);
    output.json(planDocument(end, made));
    return made === null ? end.code : ExitCode.OK;
  },
};

/** Before the agent has worked for minutes. */
async function refuseExisting(path: string): Promise<void> {
  try {
    await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  throw new OmkError({
    what: "Cannot write the plan",
    where: path,
    why: "there is a file already",
    fix: "choose another name, or replace it with --force",
  });
}
