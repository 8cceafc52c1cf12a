/** The JSON object that an agent ends its answer with. Pure. */

import { parsePlanText } from "../../plan/parse.ts";

/** What was found in an answer. */
export type ReplyJson =
  /** `text`: as the agent wrote it. */
  | { readonly kind: "object"; readonly text: string; readonly value: object }
  /** It looks like an object, and cannot be read. */
  | { readonly kind: "broken"; readonly text: string }
  | { readonly kind: "none" };

/** So many objects are tried, the last one first. */
const OBJECTS_TRIED = 50;

/**
 * The last fenced object of an answer; where none is fenced, the last bare one that is not inside of another. JSON with
 * comments is taken too.
 */
export async function findReplyJson(reply: string): Promise<ReplyJson> {
  const text = reply.replaceAll("\r\n", "\n");
  const fenced = fencedBlocks(text).filter((block) => block.startsWith("{"));
  for (const block of fenced.slice(-OBJECTS_TRIED).toReversed()) {
    const value = await objectOf(block);
    if (value !== undefined) return { kind: "object", text: block, value };
  }
  const last = fenced.at(-1);
  if (last !== undefined) return { kind: "broken", text: last };
  for (const bare of bareObjects(text).slice(-OBJECTS_TRIED).toReversed()) {
    const value = await objectOf(bare);
    if (value !== undefined) return { kind: "object", text: bare, value };
  }
  const start = text.search(/^\s*\{/m);
  return start < 0 ? { kind: "none" } : { kind: "broken", text: text.slice(start).trim() };
}

async function objectOf(text: string): Promise<object | undefined> {
  const parsed = await parsePlanText(text);
  return parsed.ok ? parsed.raw : undefined;
}

/** What stands between fences, three or more backticks or tildes on a line of their own, closed by as many. */
function fencedBlocks(text: string): readonly string[] {
  const blocks: string[] = [];
  let open: { readonly fence: string; readonly lines: string[] } | null = null;
  for (const line of text.split("\n")) {
    const fence = /^[ \t]*(`{3,}|~{3,})/.exec(line)?.[1];
    if (open === null) {
      if (fence !== undefined) open = { fence, lines: [] };
    } else if (fence?.startsWith(open.fence) === true && line.trim() === fence) {
      blocks.push(open.lines.join("\n").trim());
      open = null;
    } else open.lines.push(line);
  }
  return blocks;
}

/** The texts between an opening brace and the one that closes it, none inside of another. */
function bareObjects(text: string): readonly string[] {
  const found: string[] = [];
  let start = -1;
  let depth = 0;
  let isString = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (isString) {
      if (char === "\\") at += 1;
      // A text of JSON ends with its line, so a quotation mark of prose swallows no more than that.
      else if (char === '"' || char === "\n") isString = false;
    } else if (char === '"' && depth > 0) isString = true;
    else if (char === "{") {
      if (depth === 0) start = at;
      depth += 1;
    } else if (char === "}" && depth > 0) {
      depth -= 1;
      if (depth === 0) found.push(text.slice(start, at + 1));
    }
  }
  return found;
}
