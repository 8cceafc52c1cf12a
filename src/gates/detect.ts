/**
 * Detection: the gates that a project asks for by itself, where its plan names none. Every kind of project that is
 * found counts, and only commands that exist on this machine become gates; what was left out is told.
 */

import { DEFAULT_GATE_TIMEOUT_SECS } from "../plan/defaults.ts";
import type { GateSpec } from "../plan/spec.ts";
import type { Check, Project, ProjectKind } from "./projects/check.ts";
import { deno } from "./projects/deno.ts";
import { cargo, dotnet, go, php, ruby } from "./projects/languages.ts";
import { jvm } from "./projects/jvm.ts";
import { make } from "./projects/make.ts";
import { node } from "./projects/node.ts";
import { python } from "./projects/python.ts";

/** The files of a project; paths are relative to its root. */
export interface ProjectFiles {
  /** Whether there is such a file. */
  exists(path: string): Promise<boolean>;
  /** The text of a file that exists. */
  read(path: string): Promise<string>;
  /** The names of the entries of the root. Without it, kinds that only a suffix betrays (.NET) are not found. */
  list?(): Promise<readonly string[]>;
}

/** Says whether the machine has a program: its path, or just `true`; anything falsy where it has not. */
export type FindCommand = (name: string) => Promise<string | boolean | undefined>;

/** The gates of a project. */
export interface DetectedGates {
  /** In the order of the table of kinds; names are unique. */
  readonly gates: readonly GateSpec[];
  /** One sentence for each check that was left out, with the reason. */
  readonly notes: readonly string[];
}

/** Every kind that is looked for. */
const KINDS: readonly ProjectKind[] = [node, deno, cargo, go, python, jvm, dotnet, ruby, php, make];

/**
 * Finds the gates of a project. A check is named after what it does (`test`, `lint`, …); where several kinds offer
 * the same one, all of them carry their kind: `npm-test`, `cargo-test`.
 */
export async function detectGates(files: ProjectFiles, findCommand: FindCommand): Promise<DetectedGates> {
  const project: Project = {
    exists: (path) => files.exists(path),
    read: async (path) => await files.exists(path) ? await files.read(path) : null,
    list: async () => await files.list?.() ?? [],
    hasCommand: async (name) => Boolean(await findCommand(name)),
  };
  const usable: { readonly kind: string; readonly check: Check }[] = [];
  const notes: string[] = [];
  for (const look of KINDS) {
    const found = await look(project);
    if (found === null) continue;
    notes.push(...found.notes);
    for (const check of found.checks) {
      const missing = await firstMissing(check.needs, project);
      if (missing === undefined) usable.push({ kind: found.kind, check });
      else notes.push(`${textOf(check)} was left out: ${missing} is not on the PATH`);
    }
  }
  return { gates: usable.map(({ kind, check }) => gateFor(nameOf(kind, check, usable), check)), notes };
}

async function firstMissing(needs: readonly string[], project: Project): Promise<string | undefined> {
  for (const name of needs) {
    if (!await project.hasCommand(name)) return name;
  }
  return undefined;
}

function nameOf(kind: string, check: Check, all: readonly { readonly check: Check }[]): string {
  const isOnly = all.filter((each) => each.check.name === check.name).length === 1;
  return isOnly ? check.name : `${kind}-${check.name}`;
}

function gateFor(name: string, check: Check): GateSpec {
  return {
    name,
    command: check.command,
    required: true,
    timeout_secs: DEFAULT_GATE_TIMEOUT_SECS,
    scope: "run",
    retries: 0,
    allow_fail: false,
    skip: false,
    output_fails: check.output_fails ?? false,
    reports: [],
  };
}

function textOf(check: Check): string {
  return typeof check.command === "string" ? check.command : check.command.join(" ");
}
