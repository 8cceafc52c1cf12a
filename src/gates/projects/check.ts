/** What every kind of project is described with. */

import type { Command } from "../../plan/spec.ts";

/** One check that a project offers. */
export interface Check {
  /** What it does: `test`, `lint`, `typecheck`, `fmt`, `vet`, `clippy`. */
  readonly name: string;
  readonly command: Command;
  /** The programs that it needs on the PATH. */
  readonly needs: readonly string[];
  /** Any output counts as failure. */
  readonly output_fails?: boolean;
}

/** What was found of one kind of project. */
export interface KindFindings {
  /** Short name that tells its checks from those of other kinds: `npm`, `cargo`. */
  readonly kind: string;
  readonly checks: readonly Check[];
  /** One sentence for each check that was left out for another reason than a missing program. */
  readonly notes: readonly string[];
}

/** The project as a kind sees it; paths are relative to its root. */
export interface Project {
  exists(path: string): Promise<boolean>;
  /** Null where there is no such file. */
  read(path: string): Promise<string | null>;
  /** The names of the entries of the root. */
  list(): Promise<readonly string[]>;
  hasCommand(name: string): Promise<boolean>;
}

/** Looks for one kind of project; null where this is none. */
export type ProjectKind = (project: Project) => Promise<KindFindings | null>;

/** The first of these paths that is a file of the project. */
export async function firstExisting(project: Project, paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    if (await project.exists(path)) return path;
  }
  return undefined;
}

/** A member of a parsed JSON value; undefined where the value is no object or has no such member. */
export function memberOf(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[key];
}
