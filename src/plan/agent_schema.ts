/** What a plan, or the user's configuration, may say of an agent. */

import * as z from "zod";
import { DEFAULT_FIRST_UPDATE_SECS, DEFAULT_SILENCE_SECS, DEFAULT_START_SECS } from "./defaults.ts";
import { PRESET_NAMES } from "./agent_presets.ts";
import { STREAM_DIALECTS } from "./spec.ts";

const DAY_SECS = 86_400;
const seconds = () => z.number().gt(0).max(DAY_SECS);

/** One entry of `agents`. */
export const agentInput = z.strictObject({
  description: z.string().optional().describe("What the agent is for, for people"),
  preset: z.enum(PRESET_NAMES).optional().describe(
    "The agent of omk's own table that this one is a variant of. Default: the one of its name, if there is one",
  ),
  driver: z.enum(["acp", "stream", "command"]).optional().describe(
    "How it is spoken with. acp: the Agent Client Protocol over its pipes; stream: JSON lines on its standard output; " +
      "command: any program, whose output is text. Default: that of the preset, else command",
  ),
  dialect: z.enum(STREAM_DIALECTS).optional().describe("Whose JSON lines it prints, for `stream`"),
  command: z.union([z.string(), z.array(z.string()).min(1)]).optional().meta({
    description: "How it is started: a program with its arguments, or a text for `sh -c`. `{prompt}` and " +
      "`{prompt_file}` in an argument stand for the prompt and for a file that holds it. Default: that of the preset",
    examples: [["my-agent", "--print", "{prompt}"], "scripts/agent.sh"],
  }),
  prompt: z.enum(["argument", "stdin", "file"]).optional().describe(
    "How the prompt reaches it, but for `acp`: as an argument (the last one, or in the place of `{prompt}`; in a text " +
      'for `sh -c` it is "$1"), on standard input, or in a file (`{prompt_file}`, and OMK_PROMPT_FILE). Default: stdin',
  ),
  model: z.string().min(1).optional().describe("Which model it is to use, for a preset that can be told"),
  mode: z.string().min(1).optional().describe("Mode of the session, for `acp`, as the agent names it"),
  env: z.record(
    z.string(),
    z.union([
      z.string(),
      z.strictObject({ from: z.string().describe("Name of the variable of omk's own environment") }),
    ]),
  ).optional().describe("Environment variables, as those of a task; a task's own go first"),
  start_secs: seconds().optional().meta({
    description: `Time until its session must exist, seconds. Default: ${DEFAULT_START_SECS}`,
    default: DEFAULT_START_SECS,
  }),
  first_update_secs: seconds().optional().meta({
    description:
      `Time from there until it must have told something, and time that it may try in vain to reach its model, seconds. Default: ${DEFAULT_FIRST_UPDATE_SECS}`,
    default: DEFAULT_FIRST_UPDATE_SECS,
  }),
  silence_secs: seconds().optional().meta({
    description: `How long it may say nothing after that, seconds. Default: ${DEFAULT_SILENCE_SECS}`,
    default: DEFAULT_SILENCE_SECS,
  }),
  checkout: z.enum(["watch", "ignore"]).optional().meta({
    description:
      "watch: an attempt fails during which files of the checkout change, since an agent may have strayed " +
      "there; ignore: for people who edit it while agents work. Default: watch",
    default: "watch",
  }),
}).meta({ id: "agent" });

/** An entry of `agents` as it is written. */
export type AgentInput = z.infer<typeof agentInput>;
