/** What a session of Kimi Code used: it tells so over no protocol, but keeps a file of each agent of a session. */

import { countOf, type JsonObject, objectOf, parseObject, textOf } from "./json.ts";
import { readLines } from "./lines.ts";
import type { AgentUsage } from "./port.ts";

/** Its ids, as far as they are names of directories; any other is no id. */
const SESSION_ID = /^session_[\w-]+$/;

/**
 * The sum over all agents of the session; null where there are no files of it, or they tell nothing. The form of the
 * files is that of Kimi Code 2.1: `sessions/<directory of work>/<session>/agents/<agent>/wire.jsonl`, with one
 * `usage.record` for each call of a model.
 *
 * @param env of the agent
 * @throws whatever the system says where the files are there and cannot be read
 */
export async function kimiSessionUsage(
  env: Readonly<Record<string, string>>,
  session: string,
): Promise<AgentUsage | null> {
  const home = env["KIMI_CODE_HOME"] ?? (env["HOME"] === undefined ? undefined : `${env["HOME"]}/.kimi-code`);
  if (home === undefined || !SESSION_ID.test(session)) return null;
  const sum = { input: 0, cached: 0, output: 0, calls: 0, model: undefined as string | undefined };
  for (const directory of await directoriesIn(`${home}/sessions`)) {
    const agents = `${directory}/${session}/agents`;
    for (const agent of await directoriesIn(agents)) {
      for await (const record of usageRecords(`${agent}/wire.jsonl`)) {
        const usage = objectOf(record["usage"]);
        const read = countOf(usage["inputCacheRead"]) ?? 0;
        sum.input += (countOf(usage["inputOther"]) ?? 0) + read + (countOf(usage["inputCacheCreation"]) ?? 0);
        sum.cached += read;
        sum.output += countOf(usage["output"]) ?? 0;
        sum.calls += 1;
        sum.model ??= modelOf(record);
      }
    }
  }
  if (sum.calls === 0) return null;
  return {
    input_tokens: sum.input,
    cached_tokens: sum.cached,
    output_tokens: sum.output,
    quality: "measured",
    ...(sum.model === undefined ? {} : { model: sum.model }),
  };
}

/** A model that is named by variables of the environment has a name of its own making. */
function modelOf(record: JsonObject): string | undefined {
  const name = textOf(record["model"]);
  return name?.startsWith("__") === true ? undefined : name;
}

/** Paths of the directories in a directory; none where it is not there. */
async function directoriesIn(path: string): Promise<readonly string[]> {
  const found: string[] = [];
  try {
    for await (const { name, isDirectory } of Deno.readDir(path)) {
      if (isDirectory) found.push(`${path}/${name}`);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return found.sort();
}

async function* usageRecords(path: string): AsyncGenerator<JsonObject> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  for await (const line of readLines(file.readable.getReader(), () => Promise.resolve())) {
    // Most lines are messages, and long.
    const record = "text" in line && line.text.includes('"usage.record"')
      ? parseObject(line.text)
      : undefined;
    if (record?.["type"] === "usage.record") yield record;
  }
}
