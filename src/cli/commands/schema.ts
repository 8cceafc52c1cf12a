/** `omk schema`: the JSON Schemas of omk's formats. */

import { ExitCode, OmkError, reasonOf, UsageError } from "../../errors.ts";
import { PLAN_SCHEMA_PATH } from "../../plan/names.ts";
import { VERSION } from "../../version.ts";
import type { Command, CommandContext } from "../command.ts";
import { printLines } from "../print_lines.ts";
import type { EditorSchema } from "../editor_schema.ts";
import { alignColumns } from "../render/text.ts";
import { type SchemaEntry, SCHEMAS } from "../schema/catalog.ts";

/** See the module. */
export const schemaCommand: Command = {
  name: "schema",
  summary: "print the JSON Schemas of plan, proof and events",
  usage: ["omk schema", "omk schema NAME", "omk schema --all", "omk schema --write"],
  description: [
    "Prints the JSON Schema of a format: of plan, configuration, proof, events, and of what each command prints with\n" +
    "--json. Without NAME it lists them. --all prints one object with every schema under its name.",
    `--write makes editors complete and check omk.jsonc: it writes the schema of the plan to ${PLAN_SCHEMA_PATH} and\n` +
    'adds a "$schema" line to omk.jsonc that names it: Visual Studio Code and most others then need no settings and\n' +
    "no network. Nothing else in the plan changes, and a second call changes nothing at all.",
  ],
  positionals: { min: 0, max: 1 },
  options: [
    { name: "all", type: "boolean", description: "All schemas, in one object" },
    { name: "write", type: "boolean", description: "Set up editors for the plan of this project" },
    {
      name: "file",
      short: "o",
      type: "string",
      placeholder: "FILE",
      description: "Write to this file, which is replaced",
    },
  ],
  examples: [
    { command: "omk schema", note: "which schemas there are" },
    { command: "omk schema --write", note: "let editors complete and check omk.jsonc" },
    { command: "omk schema proof --file proof.schema.json", note: "one schema, as a file" },
    { command: "omk schema events | jq '.oneOf | length'", note: "how many kinds of events there are" },
  ],
  needs: { run: false, write: true },
  toleratesBadConfig: true,
  async run(context: CommandContext): Promise<number> {
    const { args, output, json } = context;
    const [name] = args.positionals;
    const all = args.flag("all");
    if (args.flag("write")) return await setUpEditors(context, name !== undefined || all);
    if (all && name !== undefined) {
      throw new UsageError({ what: `Option --all does not go with "${name}"`, fix: "leave one of them out" });
    }
    if (name === undefined && !all) {
      if (args.text("file") !== undefined) {
        throw new UsageError({ what: "Option --file needs a NAME, or --all" });
      }
      const schemas = SCHEMAS.map(({ name, description }) => ({ name, description }));
      const rows = schemas.map((each) => [each.name, each.description]);
      if (json) output.json({ schema_version: 1, omk: VERSION, schemas });
      else await printLines(output, (_, columns) => alignColumns(rows, columns));
      return ExitCode.OK;
    }
    const document = name === undefined ? await makeAll() : await (await find(name)).make();
    const text = json ? `${JSON.stringify(document)}\n` : `${JSON.stringify(document, null, 2)}\n`;
    const file = args.text("file");
    if (file === undefined) {
      output.write(text);
      return ExitCode.OK;
    }
    const path = file.startsWith("/") ? file : `${context.cwd}/${file}`;
    await writeFile(path, text);
    output.note(`Wrote ${path}`);
    return ExitCode.OK;
  },
};

async function setUpEditors(context: CommandContext, hasMore: boolean): Promise<number> {
  const { output, json, cwd } = context;
  if (hasMore) {
    throw new UsageError({
      what: "Option --write stands alone",
      fix: "use --file to write one schema to a file",
    });
  }
  const { locate } = await import("../place.ts");
  const { writeEditorSchema } = await import("../editor_schema.ts");
  const { root } = await locate(context);
  const done = await writeEditorSchema(root ?? cwd);
  if (json) {
    output.json({ schema_version: 1, ...done });
    return ExitCode.OK;
  }
  for (const line of told(done)) output.print(line);
  return ExitCode.OK;
}

/** What was done, and what is left to do. */
function told({ schema, file, plan, line }: EditorSchema): readonly string[] {
  const field = `"$schema": "./${PLAN_SCHEMA_PATH}"`;
  return [
    file === "there" ? `${schema} is up to date` : `Wrote ${schema}`,
    {
      added: `  ${plan} names it now: ${field}`,
      there: `  ${plan} names it`,
      other: `  ${plan} names another schema, and was left as it is; this one: ${field}`,
      unreadable:
        `  ${plan} is not JSON yet, and was left as it is; once omk run --dry-run takes it, call this again`,
      no_plan: `  write a plan with omk init, and call this again; or put this line into a plan: ${field}`,
    }[line],
    ...(file === "written" || line === "added"
      ? ["  commit both, so that every editor of the project finds them"]
      : []),
  ];
}

async function makeAll(): Promise<Readonly<Record<string, unknown>>> {
  const entries = SCHEMAS.map(async (entry) => [entry.name, await entry.make()] as const);
  return Object.fromEntries(await Promise.all(entries));
}

async function find(name: string): Promise<SchemaEntry> {
  const entry = SCHEMAS.find((each) => each.name === name);
  if (entry !== undefined) return entry;
  const { nearest } = await import("../../plan/nearest.ts");
  const guess = nearest(name, SCHEMAS.map((each) => each.name));
  throw new UsageError({
    what: `There is no schema "${name}"`,
    why: guess === undefined ? undefined : `did you mean ${guess}?`,
    fix: "omk schema lists them",
  });
}

async function writeFile(path: string, text: string): Promise<void> {
  try {
    await Deno.writeTextFile(path, text);
  } catch (error) {
    throw new OmkError({ what: "Cannot write the schema", where: path, why: reasonOf(error), cause: error });
  }
}
