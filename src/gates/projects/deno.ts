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
    const command = hasTask ? "deno task test" : "deno test";
    return { kind: "deno", checks: [{ name: "test", command, needs: ["deno"] }], notes: [] };
  } catch (error) {
    return { kind: "deno", checks: [], notes: [`${path} was left out: ${reasonOf(error)}`] };
  }
}
