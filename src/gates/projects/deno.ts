/** Projects with a deno.json or deno.jsonc. */

import { parse } from "@std/jsonc";
import { reasonOf } from "../../errors.ts";
import { firstExisting, type KindFindings, memberOf, type Project } from "./check.ts";

/** See the module. */
export async function deno(project: Project): Promise<KindFindings | null> {
  const path = await firstExisting(project, ["deno.json", "deno.jsonc"]);
  if (path === undefined) return null;
  try {
    const config: unknown = parse(await project.read(path) ?? "");
    const hasTask = memberOf(memberOf(config, "tasks"), "test") !== undefined;
    const commands: readonly (readonly [name: string, command: string])[] = [
      ["test", hasTask ? "deno task test" : "deno test"],
      // Every project could be linted and formatted; one that has set it up means to be.
      ...(memberOf(config, "lint") === undefined ? [] : [["lint", "deno lint"] as const]),
      ...(memberOf(config, "fmt") === undefined ? [] : [["fmt", "deno fmt --check"] as const]),
    ];
    const checks = commands.map(([name, command]) => ({ name, command, needs: ["deno"] }));
    return { kind: "deno", checks, notes: [] };
  } catch (error) {
    return { kind: "deno", checks: [], notes: [`${path} was left out: ${reasonOf(error)}`] };
  }
}
