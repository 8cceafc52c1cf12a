/** `omk init`: a first plan for a project. */

import { ExitCode, OmkError, reasonOf, UsageError } from "../../errors.ts";
import { detectGates } from "../../gates/detect.ts";
import { redactText } from "../../log/redact.ts";
import { loadPlan, PlanError } from "../../plan/load.ts";
import { findProgram } from "../../process/find_program.ts";
import { PLAN_NAME } from "../../plan/names.ts";
import type { Command, CommandContext } from "../command.ts";
import { firstPlanText } from "../first_plan.ts";
import { locate } from "../place.ts";
import { SKILL_PATH } from "../skill_path.ts";
import { counted } from "../render/text.ts";
import { projectFiles } from "../../run/project_files.ts";
import { detectSetup } from "../../run/worktree_setup.ts";

/** The longest name that a plan takes. */
const LONGEST_NAME = 200;

/** See the module. */
export const initCommand: Command = {
  name: "init",
  summary: "write a first plan for this project",
  usage: ["omk init", "omk init --skill"],
  description: [
    `Writes ${PLAN_NAME} into the root of the repository (into this directory, outside of one): the checks that the\n` +
    "project has become gates, its lock file a set-up, and two small tasks show the form and work as they are. An\n" +
    "existing plan is left alone.",
    `With --skill it writes ${SKILL_PATH} instead: what teaches a coding agent that\n` +
    "looks for skills there to write a plan, to run it, and to leave to people what is theirs.",
  ],
  positionals: { min: 0, max: 0 },
  options: [
    { name: "skill", type: "boolean", description: "Write a skill for coding agents, and no plan" },
    { name: "force", short: "f", type: "boolean", description: "Replace an existing file" },
    { name: "print", type: "boolean", description: "Print the file; write nothing" },
  ],
  examples: [
    {
      command: "omk init && omk run",
      note: "a first run; tasks see what is committed",
    },
    { command: "omk init --print", note: "see what would be written" },
    { command: "omk init --force", note: "begin anew" },
    { command: "omk init --skill", note: "teach agents to use omk here" },
  ],
  needs: { run: false, write: true },
  async run(context: CommandContext): Promise<number> {
    const { args, output, env, cwd, json } = context;
    const { commonDir, root } = await locate(context);
    if (commonDir !== null && root === null) {
      throw new UsageError({
        what: "Cannot write a plan without a checkout",
        where: cwd,
        why: "this is a bare repository, or the inside of a git directory",
        fix: "call omk init in a checkout",
      });
    }
    const directory = root ?? cwd;
    if (args.flag("skill")) return await writeSkill(context, directory);
    const files = projectFiles(directory);
    const hasCommand = (name: string) =>
      Promise.resolve(findProgram(name, env["PATH"] ?? "", cwd) !== undefined);
    const { gates, notes } = await detectGates(files, hasCommand);
    const text = firstPlanText({
      name: nameOf(directory),
      inRepository: root !== null,
      gates,
      setup: await detectSetup(files.exists, hasCommand),
    });
    const path = `${directory}/${PLAN_NAME}`;
    const loaded = await loadPlan({ text, path, env, redact: redactText });
    if (!loaded.ok) throw new PlanError(loaded.problems);
    if (args.flag("print")) {
      output.write(text);
      return ExitCode.OK;
    }
    await write(path, text, args.flag("force"), PLAN_IN_THE_WAY);
    const next = ["omk run"];
    const names = gates.map((gate) => gate.name);
    if (json) {
      output.json({ schema_version: 1, path, gates: names, notes, next });
      return ExitCode.OK;
    }
    output.print(`Wrote ${path}`);
    output.print(
      names.length === 0
        ? "  It has no gates: no checks were found in this project"
        : `  It has ${counted(names.length, "gate")}, from what is in this project: ${names.join(", ")}`,
    );
    for (const note of notes) output.print(`  note: ${note}`);
    next.forEach((command, at) =>
      output.print(`  ${output.style.dim(at === 0 ? "next:" : "     ")} ${command}`)
    );
    return ExitCode.OK;
  },
};

/** Writes or prints the skill; resolves with the exit code. */
async function writeSkill({ args, output, json }: CommandContext, directory: string): Promise<number> {
  const { SKILL_TEXT } = await import("../skill_text.ts");
  if (args.flag("print")) {
    output.write(SKILL_TEXT);
    return ExitCode.OK;
  }
  const path = `${directory}/${SKILL_PATH}`;
  try {
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  } catch (error) {
    throw new OmkError({ what: "Cannot write the skill", where: path, why: reasonOf(error), cause: error });
  }
  await write(path, SKILL_TEXT, args.flag("force"), SKILL_IN_THE_WAY);
  if (json) output.json({ schema_version: 1, path, gates: [], notes: [], next: [] });
  else {
    output.print(`Wrote ${path}`);
    output.print(
      "  commit it, so that agents in worktrees see it too; omk init --skill --print is for other places",
    );
  }
  return ExitCode.OK;
}

/** What is said where there is a file already. */
interface InTheWay {
  readonly what: string;
  readonly fix: string;
}

const PLAN_IN_THE_WAY: InTheWay = {
  what: "Cannot write the plan",
  fix: "run it with omk run, or replace it with omk init --force",
};
const SKILL_IN_THE_WAY: InTheWay = {
  what: "Cannot write the skill",
  fix: "replace it with omk init --skill --force",
};

async function write(path: string, text: string, force: boolean, { what, fix }: InTheWay): Promise<void> {
  try {
    await Deno.writeTextFile(path, text, force ? {} : { createNew: true });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) {
      throw new OmkError({
        what,
        where: path,
        why: "there is one already",
        fix,
      });
    }
    throw new OmkError({ what, where: path, why: reasonOf(error), cause: error });
  }
}

function nameOf(directory: string): string {
  return directory.slice(directory.lastIndexOf("/") + 1).slice(0, LONGEST_NAME) || "plan";
}
