/** Projects with a makefile that has a target for checking. */

import { firstExisting, type KindFindings, type Project } from "./check.ts";

/** The names that make looks for, in its order. */
const FILES = ["GNUmakefile", "makefile", "Makefile"] as const;

/** The targets that check a project; the first that exists is taken. */
const TARGETS = ["test", "check"] as const;

/** See the module. */
export async function make(project: Project): Promise<KindFindings | null> {
  const path = await firstExisting(project, FILES);
  if (path === undefined) return null;
  const targets = targetsOf(await project.read(path) ?? "");
  const target = TARGETS.find((each) => targets.has(each));
  if (target === undefined) {
    return {
      kind: "make",
      checks: [],
      notes: [`${path} was left out: it has neither a "test" nor a "check" target`],
    };
  }
  return { kind: "make", checks: [{ name: "test", command: `make ${target}`, needs: ["make"] }], notes: [] };
}

/** The targets that are written out: `a b: c`, not `a := b`, not recipes, not comments. */
function targetsOf(text: string): ReadonlySet<string> {
  const targets = new Set<string>();
  for (const line of text.split("\n")) {
    const names = /^([^\t#:=\s][^#:=]*?)\s*::?(?![:=])/.exec(line)?.[1];
    for (const name of names?.split(/\s+/) ?? []) targets.add(name);
  }
  return targets;
}
