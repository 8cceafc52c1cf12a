/** What reads the answers of lead agents in this call of omk: it tells them what people are told. */

import type { MakePlanReader } from "../../run/session.ts";
import { makePlanReader } from "../../run/planning/make_plan_reader.ts";
import type { CommandContext } from "../command.ts";
import { createStyle } from "../output.ts";
import { planProblemLines } from "../render/plan_problems.ts";
import { loadSettings } from "./load_settings.ts";

/** See the module. */
export function planReaderOf(context: Pick<CommandContext, "env" | "config">): MakePlanReader {
  return makePlanReader(
    loadSettings(context),
    (problems) => planProblemLines(problems, { cwd: "/", style: createStyle(false) }).join("\n").trimEnd(),
  );
}
