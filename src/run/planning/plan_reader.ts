/** Reads the answer of a lead agent: by the rules of every plan, with the settings of the project around it. */

import { redactText } from "../../log/redact.ts";
import type { LoadedPlan } from "../../plan/load.ts";
import type { PlanProblem } from "../../plan/problem.ts";
import type { PlanningSpec } from "../../plan/spec.ts";
import { writeArtifact } from "../../process/artifact_file.ts";
import type { AttemptRef } from "../../scheduler/task_state.ts";
import { attemptDirectory, type RunDirectory } from "../directory.ts";
import { composePlan, planHeader } from "./compose_plan.ts";
import type { PlanReader, PlanReading } from "./port.ts";
import { findReplyJson, type ReplyJson } from "./reply_json.ts";

/** The name of a plan that an agent makes, in problems and in the files of its run. */
export const PLANNED_NAME = "plan.jsonc";
/** A question is told on one line. */
const LONGEST_QUESTION = 2_000;

/** What a plan is read with. */
export interface PlanReaderOptions {
  readonly directory: RunDirectory;
  readonly planning: PlanningSpec;
  /** Name of the agent that plans: it also does what names no other. */
  readonly agent: string;
  /** Loads the text of a plan as that of a file of this name is loaded. Rejects for a file that it names and that cannot be read. */
  readonly load: (text: string, name: string) => Promise<LoadedPlan>;
  /** Problems as people get to see them. */
  readonly describe: (problems: readonly PlanProblem[]) => string;
}

/** See the module. */
export function createPlanReader(options: PlanReaderOptions): PlanReader {
  const { directory } = options;
  return {
    async read(ref, reply) {
      const text = await Deno.readTextFile(`${directory.path}/${reply.path}`);
      const json = await findReplyJson(text);
      const question = questionOf(json);
      if (question !== undefined) return { kind: "question", question };
      return await new Reading(options, ref).read(json);
    },
  };
}

class Reading {
  readonly #options: PlanReaderOptions;
  readonly #ref: AttemptRef;

  constructor(options: PlanReaderOptions, ref: AttemptRef) {
    this.#options = options;
    this.#ref = ref;
  }

  async read(json: ReplyJson): Promise<PlanReading> {
    switch (json.kind) {
      case "none":
        return await this.#refuse("", ["The answer holds no JSON object"], "it holds no plan");
      case "broken":
        return await this.#check(json.text, []);
      case "object": {
        const { planning, agent } = this.#options;
        const { text, objections } = composePlan(json.value, planning, agent);
        return await this.#check(text, objections);
      }
    }
  }

  async #check(text: string, objections: readonly string[]): Promise<PlanReading> {
    const { load, describe, planning, agent } = this.#options;
    const loaded = await load(text, PLANNED_NAME);
    const problems = loaded.ok ? [] : loaded.problems;
    const count = problems.length + objections.length;
    if (count > 0) {
      const lines = [...objections, ...(problems.length === 0 ? [] : [describe(problems)])];
      return await this.#refuse(text, lines, count === 1 ? "1 problem" : `${count} problems`);
    }
    const header = planHeader(planning.request, [
      `A plan of ${agent}, made by omk plan in run ${this.#options.directory.runId}.`,
    ]);
    return { kind: "plan", plan: await this.#keep(PLANNED_NAME, header + text) };
  }

  async #refuse(text: string, lines: readonly string[], summary: string): Promise<PlanReading> {
    const quoted = text === "" ? "" : `${PLANNED_NAME}, as it was read:\n\n${text.trimEnd()}\n\n`;
    const problems = await this.#keep("problems.txt", `${quoted}What is wrong:\n\n${lines.join("\n")}\n`);
    return { kind: "invalid", summary, problems };
  }

  async #keep(name: string, text: string) {
    const path = `${attemptDirectory(this.#ref.task_id, this.#ref.attempt)}/${name}`;
    return await writeArtifact(this.#options.directory.path, path, redactText(text));
  }
}

/** What the agent asks in the place of a plan. */
function questionOf(json: ReplyJson): string | undefined {
  if (json.kind !== "object" || "tasks" in json.value || !("question" in json.value)) return undefined;
  const { question } = json.value;
  if (typeof question !== "string" || question.trim() === "") return undefined;
  return redactText(question).trim().slice(0, LONGEST_QUESTION);
}
