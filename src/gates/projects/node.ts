/** Projects with a package.json: its scripts, run by the package manager that the project uses. */

import { reasonOf } from "../../errors.ts";
import { type Check, firstExisting, type KindFindings, memberOf, type Project } from "./check.ts";

/** The lock files of each package manager. */
const LOCK_FILES: Readonly<Record<string, readonly string[]>> = {
  pnpm: ["pnpm-lock.yaml"],
  yarn: ["yarn.lock"],
  bun: ["bun.lock", "bun.lockb"],
  npm: ["package-lock.json", "npm-shrinkwrap.json"],
};

/** What each check is called in the scripts of projects; the first that exists is taken. */
const SCRIPTS: readonly { readonly name: string; readonly scripts: readonly string[] }[] = [
  { name: "test", scripts: ["test"] },
  { name: "lint", scripts: ["lint"] },
  { name: "typecheck", scripts: ["typecheck", "type-check", "check-types"] },
];

/** What `npm init` writes as the test script: it always fails. */
const PLACEHOLDER = "no test specified";

/** A script that waits for changes never ends. */
const WATCHES = /(?:^|\s)--watch(?:All)?(?:=true)?(?:\s|$)/;

/** See the module. */
export async function node(project: Project): Promise<KindFindings | null> {
  const text = await project.read("package.json");
  if (text === null) return null;
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch (error) {
    return { kind: "npm", checks: [], notes: [`package.json was left out: ${reasonOf(error)}`] };
  }
  const manager = await managerOf(project, manifest);
  const checks: Check[] = [];
  const notes: string[] = [];
  for (const { name, scripts } of SCRIPTS) {
    const script = scripts.find((each) => typeof memberOf(memberOf(manifest, "scripts"), each) === "string");
    if (script === undefined) continue;
    const body = String(memberOf(memberOf(manifest, "scripts"), script));
    const problem = problemOf(body);
    if (problem === undefined) checks.push({ name, command: `${manager} run ${script}`, needs: [manager] });
    else notes.push(`the script "${script}" of package.json was left out: ${problem}`);
  }
  return { kind: manager, checks, notes };
}

/** What the manifest names, or else whose lock file there is; npm comes with Node itself. */
async function managerOf(project: Project, manifest: unknown): Promise<string> {
  const named = memberOf(manifest, "packageManager");
  const name = typeof named === "string" ? named.split("@")[0] : undefined;
  if (name !== undefined && Object.hasOwn(LOCK_FILES, name)) return name;
  for (const [manager, files] of Object.entries(LOCK_FILES)) {
    if (await firstExisting(project, files) !== undefined) return manager;
  }
  return "npm";
}

function problemOf(script: string): string | undefined {
  if (script.trim() === "") return "it is empty";
  if (script.includes(PLACEHOLDER)) return "it is the placeholder of npm init";
  if (WATCHES.test(script)) return "it watches for changes and never ends";
  return undefined;
}
