/** Projects with a makefile that has a target for checking. */

import { firstExisting, type KindFindings, type Project } from "./check.ts";

/** The names that make looks for, in its order. */
export const MAKEFILES = ["GNUmakefile", "makefile", "Makefile"] as const;

/** The targets that check a project; the first that exists is taken. */
const TARGETS = ["test", "check"] as const;

/** A rule that is written out: its targets, and what they need. */
const RULE = /^([^\t#:=\s][^#:=]*?)\s*::?(?![:=])([^#;]*)/;

/** See the module. */
export async function make(project: Project): Promise<KindFindings | null> {
  const path = await firstExisting(project, MAKEFILES);
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

/**
 * The lines that make runs for these targets, and for the targets that they need, of a makefile's text; without any
 * target, for the first one.
 */
export function recipesOf(text: string, targets: readonly string[]): readonly string[] {
  const rules = new Map<string, { readonly needs: string[]; readonly lines: string[] }>();
  let current: readonly string[] = [];
  for (const line of text.replaceAll("\\\n", " ").split("\n")) {
    if (line.startsWith("\t")) {
      // `@`, `-` and `+` tell make how to run the line.
      for (const name of current) rules.get(name)?.lines.push(line.trim().replace(/^[@+-]+/, ""));
      continue;
    }
    const [, names, needs = ""] = RULE.exec(line) ?? [];
    if (names === undefined) continue;
    current = names.split(/\s+/);
    for (const name of current) {
      const rule = rules.get(name) ?? { needs: [], lines: [] };
      rule.needs.push(...needs.split(/[\s|]+/));
      rules.set(name, rule);
    }
  }
  const first = [...rules.keys()].find((name) => !name.startsWith("."));
  const wanted = new Set(targets.length > 0 ? targets : first === undefined ? [] : [first]);
  // A set is walked with what is added to it on the way.
  for (const name of wanted) for (const need of rules.get(name)?.needs ?? []) wanted.add(need);
  return [...wanted].flatMap((name) => rules.get(name)?.lines ?? []);
}

/** The targets that are written out: `a b: c`, not `a := b`, not recipes, not comments. */
function targetsOf(text: string): ReadonlySet<string> {
  const targets = new Set<string>();
  for (const line of text.split("\n")) {
    const names = RULE.exec(line)?.[1];
    for (const name of names?.split(/\s+/) ?? []) targets.add(name);
  }
  return targets;
}
