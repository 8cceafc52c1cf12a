/**
 * The values that stand behind the placeholders of the help: run ids for RUN, names of tasks for TASK. They are
 * read from a few files, and no program is started. What is missing or damaged counts as empty, for the caller
 * catches all.
 */

import { field, parseOrNothing, textField } from "../json_fields.ts";
import { locate, type Place } from "../place.ts";
import type { RunDirectory } from "../../run/directory.ts";
import { findRun, LATEST, listRunIds } from "../../run/find_run.ts";
import type { Candidate, Completion } from "./candidate.ts";

/** What values may depend on. */
export interface ValueContext {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly commandName: string;
  /** Whether the command may be given a plan: where it names no run, words are about that plan. */
  readonly takesPlan: boolean;
  /** The positional arguments before the word. */
  readonly positionals: readonly string[];
}

/** So many runs are offered, the newest first. */
const MOST_RUNS = 50;
/** Of so many a line says what they were. */
const RUNS_DESCRIBED = 20;
/** A larger proof is not read for one line. */
const LARGEST_PROOF_BYTES = 512 * 1024;

type Source = (context: ValueContext) => Promise<Completion>;

const files: Source = () => Promise.resolve({ kind: "files" });
const directories: Source = () => Promise.resolve({ kind: "directories" });

/**
 * What each placeholder stands for; nothing is offered for one that is not here. A command's own meaning of a
 * placeholder stands behind the name of the command.
 */
const SOURCES: Readonly<Record<string, Source>> = {
  FILE: files,
  PLAN: files,
  DIR: directories,
  DIRECTORY: directories,
  RUN: words(runs),
  TASK: words(tasks),
  GATE: words(gates),
  KIND: words(kinds),
  AGENT: words(agents),
  BRANCH: words(branches),
  COMMAND: words(commands),
  TOPIC: words(topics),
  "schema NAME": words(schemas),
  "list STATUS": words(standings),
};

/** What a placeholder stands for; undefined where that is not known. */
export function valuesOf(placeholder: string, context: ValueContext): Promise<Completion> | undefined {
  return (SOURCES[`${context.commandName} ${placeholder}`] ?? SOURCES[placeholder])?.(context);
}

function words(list: (context: ValueContext) => Promise<readonly Candidate[]>): Source {
  return async (context) => ({ kind: "words", candidates: await list(context) });
}

async function runs(context: ValueContext): Promise<readonly Candidate[]> {
  const { home } = await locate(context);
  const ids = (await listRunIds(home)).toReversed().slice(0, MOST_RUNS);
  if (ids.length === 0) return [];
  const described = ids.map(async (value, at) => ({
    value,
    description: at < RUNS_DESCRIBED ? await describeRun(await findRun(home, value)) : "",
  }));
  return [{ value: LATEST, description: "the newest run" }, ...await Promise.all(described)];
}

async function agents(): Promise<readonly Candidate[]> {
  const { AGENT_PRESETS, PRESET_NAMES } = await import("../../plan/agent_presets.ts");
  return PRESET_NAMES.map((value) => ({ value, description: AGENT_PRESETS[value].title }));
}

async function describeRun(directory: RunDirectory): Promise<string> {
  try {
    const { size } = await Deno.stat(directory.proof);
    if (size > LARGEST_PROOF_BYTES) return "";
    const proof = parseOrNothing(await Deno.readTextFile(directory.proof));
    return `${textField(proof, "name")}: ${textField(proof, "status")}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "not finished";
    throw error;
  }
}

async function tasks(context: ValueContext): Promise<readonly Candidate[]> {
  const plan = await planOf(context);
  return list(plan, "tasks").map((task) => {
    const value = textField(task, "id");
    const name = textField(task, "name");
    return { value, description: name === value ? "" : name };
  });
}

async function gates(context: ValueContext): Promise<readonly Candidate[]> {
  const plan = await planOf(context);
  const all = [...list(plan, "gates"), ...list(plan, "tasks").flatMap((task) => list(task, "gates"))];
  const names = new Set(all.map((gate) => typeof gate === "string" ? gate : textField(gate, "name")));
  return [...names].map((value) => ({ value, description: "" }));
}

/** The plan that a word is about: that of the run that was named, the one to be run, or that of the newest run. */
async function planOf(context: ValueContext): Promise<unknown> {
  const [first] = context.positionals;
  const place = await locate(context);
  const ids = await listRunIds(place.home);
  const isRun = first === LATEST || (first !== undefined && ids.some((id) => id.startsWith(first)));
  if (context.takesPlan && !isRun) return await readPlan(context, place, first);
  const directory = await findRun(place.home, isRun ? first : LATEST);
  return JSON.parse(await Deno.readTextFile(directory.plan));
}

/** A plan as somebody writes it: what can be understood of it counts. */
async function readPlan(context: ValueContext, place: Place, name: string | undefined): Promise<unknown> {
  const path = name === undefined
    ? `${place.root ?? context.cwd}/omk.jsonc`
    : name.startsWith("/")
    ? name
    : `${context.cwd}/${name}`;
  const { parse } = await import("jsonc-parser");
  return parse(await Deno.readTextFile(path), [], { allowTrailingComma: true });
}

function list(value: unknown, name: string): readonly unknown[] {
  const found = field(value, name);
  return Array.isArray(found) ? found : [];
}

async function kinds(): Promise<readonly Candidate[]> {
  const { KINDS } = await import("../../log/kinds.ts");
  return Object.entries(KINDS).map(([value, kind]) => ({ value, description: kind.class }));
}

/** The local branches, from loose and packed refs. */
async function branches(context: ValueContext): Promise<readonly Candidate[]> {
  const { commonDir } = await locate(context);
  if (commonDir === null) return [];
  const names = new Set([...await looseRefs(`${commonDir}/refs/heads`), ...await packedBranches(commonDir)]);
  return [...names].sort().map((value) => ({ value, description: "" }));
}

async function looseRefs(directory: string, prefix = ""): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    if (isDirectory) names.push(...await looseRefs(`${directory}/${name}`, `${prefix}${name}/`));
    else names.push(`${prefix}${name}`);
  }
  return names;
}

async function packedBranches(commonDir: string): Promise<readonly string[]> {
  try {
    const text = await Deno.readTextFile(`${commonDir}/packed-refs`);
    return [...text.matchAll(/^[0-9a-f]+ refs\/heads\/(.+)$/gm)].map((match) => match[1] ?? "");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

async function commands(): Promise<readonly Candidate[]> {
  const { commandWords } = await import("./command_words.ts");
  return commandWords([]);
}

async function topics(): Promise<readonly Candidate[]> {
  const { TOPICS } = await import("../help_topics/topics.ts");
  return TOPICS.map(({ name, summary }) => ({ value: name, description: summary }));
}

async function schemas(): Promise<readonly Candidate[]> {
  const { SCHEMAS } = await import("../schema/catalog.ts");
  return SCHEMAS.map(({ name, description }) => ({ value: name, description }));
}

/** How a run may stand: at work, at rest, or at its end with a status. */
async function standings(): Promise<readonly Candidate[]> {
  const { KINDS } = await import("../../log/kinds.ts");
  const ends = KINDS.run_finished.payload.shape.status.options;
  return ["running", "paused", "interrupted", "unreadable", ...ends].map((value) => ({
    value,
    description: "",
  }));
}
