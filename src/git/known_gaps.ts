/** What a repository has that omk handles only in part; `omk doctor` and the proof name it. */

import { decode, gitFields, runGit } from "./command.ts";
import { exists, readTextOrNull } from "./files.ts";
import { EMPTY_TREE } from "./objects.ts";
import type { ObjectId } from "./port.ts";

/** At most this many patterns are named per gap. */
const PATTERNS_NAMED = 5;

/** The merge drivers that git itself has. */
const BUILT_IN_DRIVERS: ReadonlySet<string> = new Set(["text", "binary", "union"]);

/** The part of a repository's location that is needed here. */
interface Location {
  readonly commonDir: string;
  readonly gitDir: string;
  readonly root: string | null;
  readonly objectFormat: "sha1" | "sha256";
}

/**
 * One sentence per gap: a shallow or sparse checkout, submodules, LFS and other filters, paths whose bytes git
 * converts on checkout, merge drivers of the user's own.
 */
export async function findKnownGaps(location: Location, head: ObjectId | null): Promise<string[]> {
  const gaps: string[] = [];
  const options = { cwd: location.root ?? location.gitDir, profile: "user" } as const;
  if (await exists(`${location.commonDir}/shallow`)) gaps.push("Shallow clone: older history is not here");
  const settings = await settingsOf(options.cwd);
  if (settings.get("core.sparsecheckout") === "true") {
    gaps.push("Sparse checkout: worktrees of tasks hold the whole tree");
  }
  if (head === null) return gaps;
  if ((await gitFields(["ls-tree", "-z", "--name-only", head, ".gitmodules"], options)).length > 0) {
    gaps.push("Submodules: they stay at their commits and are not checked out for tasks");
  }
  const attributes = await attributeTexts(location, head);
  return [...gaps, ...attributeGaps(attributes, settings)];
}

async function settingsOf(cwd: string): Promise<Map<string, string>> {
  const output = await runGit(["config", "-z", "--get-regexp", "^core\\.(autocrlf|eol|sparsecheckout)$"], {
    cwd,
    profile: "user",
    okCodes: [0, 1],
  });
  const fields = decode(output.stdout).split("\0").filter((field) => field !== "");
  return new Map(fields.map((field) => {
    const [key = "", value = "true"] = field.split("\n");
    return [key, value.toLowerCase()];
  }));
}

/** The attribute files of a commit, and the repository's own one. */
async function attributeTexts(location: Location, head: ObjectId): Promise<string[]> {
  const options = { cwd: location.root ?? location.gitDir, profile: "user" } as const;
  const fields = await gitFields([
    ...["diff-tree", "-r", "-z", "--raw", "--no-renames", EMPTY_TREE[location.objectFormat], head],
    ...["--", ":(glob)**/.gitattributes"],
  ], options);
  const blobs = fields.filter((field) => field.startsWith(":")).map((field) => field.split(" ")[3] ?? "");
  const texts: string[] = [];
  if (blobs.length > 0) {
    // A partial clone may lack some; what is missing is refused elsewhere.
    const output = await runGit(["cat-file", "--batch"], {
      ...options,
      stdin: `${blobs.join("\n")}\n`,
      okCodes: [0, 128],
    });
    texts.push(decode(output.stdout));
  }
  const local = await readTextOrNull(`${location.commonDir}/info/attributes`);
  return local === null ? texts : [...texts, local];
}

function attributeGaps(texts: readonly string[], settings: ReadonlyMap<string, string>): string[] {
  const filters = new Map<string, Set<string>>();
  const converted = new Set<string>();
  const drivers = new Set<string>();
  // Where git writes CRLF into checkouts, every path that it takes for text is converted.
  const crlf = settings.get("core.autocrlf") === "true" || settings.get("core.eol") === "crlf";
  for (const line of texts.flatMap((text) => text.split("\n"))) {
    const [pattern = "", ...attributes] = line.trim().split(/\s+/);
    if (pattern === "" || pattern.startsWith("#")) continue;
    for (const attribute of attributes) {
      const [name = "", value] = attribute.split("=", 2);
      if (name === "filter" && value !== undefined) mapOf(filters, value).add(pattern);
      if (name === "merge" && value !== undefined && !BUILT_IN_DRIVERS.has(value)) drivers.add(value);
      const converts = attribute === "eol=crlf" || attribute === "ident" ||
        name === "working-tree-encoding" ||
        (crlf && name === "text");
      if (converts) converted.add(pattern);
    }
  }
  const gaps: string[] = [];
  for (const [filter, patterns] of filters) {
    gaps.push(
      filter === "lfs"
        ? `Git LFS (${named(patterns)}): tasks see pointer files, and new files are stored as they are`
        : `Filter "${filter}" (${named(patterns)}): it is not run, tasks see the stored bytes`,
    );
  }
  if (settings.get("core.autocrlf") === "true") converted.add("core.autocrlf");
  if (converted.size > 0) {
    gaps.push(`Converted paths (${named(converted)}): tasks see the stored bytes, without conversion`);
  }
  for (const driver of drivers) gaps.push(`Merge driver "${driver}": it is not run, git's own merge is used`);
  return gaps;
}

function mapOf(map: Map<string, Set<string>>, key: string): Set<string> {
  const found = map.get(key) ?? new Set();
  map.set(key, found);
  return found;
}

function named(patterns: ReadonlySet<string>): string {
  const first = [...patterns].slice(0, PATTERNS_NAMED).join(", ");
  return patterns.size > PATTERNS_NAMED ? `${first} and ${patterns.size - PATTERNS_NAMED} more` : first;
}
