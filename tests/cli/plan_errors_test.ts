import { assertEquals } from "@std/assert";
import { planProblemLines } from "../../src/cli/render/plan_problems.ts";
import { loadMeasure } from "../../src/cli/render/text.ts";
import { redactText } from "../../src/log/redact.ts";
import { loadPlan } from "../../src/plan/load.ts";
import { Snapshots } from "../snapshot.ts";
import { PLAIN } from "./fixture.ts";

await loadMeasure();

/** A task, as text; `more` are fields of it. */
function task(more: string, id = "a"): string {
  return `{ "version": 1, "gates": [], "tasks": [\n  { "id": "${id}", "run": "true", ${more} }\n] }`;
}

/** Plans that cannot be used, by what is wrong with them. */
const BAD: Readonly<Record<string, string>> = {
  "empty": "",
  "only a comment": "// later\n",
  "no object": "[]",
  "not JSON": "tasks:\n  - a",
  "comma missing": '{\n  "version": 1\n  "tasks": []\n}',
  "brace missing": '{ "tasks": [ { "id": "a", "run": "true" } ]',
  "quote missing": '{ "name": "x\n}',
  "comment without end": "{ /* never closed",
  "more after the end": '{ "tasks": [] } }',
  "escape unknown": '{ "name": "\\q" }',
  "duplicate key": '{ "name": "a", "name": "b", "tasks": [{ "id": "a", "run": "true" }] }',
  "no tasks": '{ "version": 1 }',
  "empty tasks": '{ "tasks": [] }',
  "version of the future": '{ "version": 2, "tasks": [{ "id": "a", "run": "true" }] }',
  "unknown top field": '{ "wrokers": 4, "tasks": [{ "id": "a", "run": "true" }] }',
  "unknown task field": task('"rnu": "x"'),
  "field of another spelling": task('"timeoutSecs": 4'),
  "number as text": task('"timeout_secs": "60"'),
  "number out of range": task('"timeout_secs": -1'),
  "huge backoff": task('"retry_policy": { "max_attempts": 1, "backoff_seconds": 1e300 }'),
  "unknown choice": task('"isolation": "wortree"'),
  "wrong trigger rule": task('"trigger_rule": "all-success"'),
  "id with a slash": task('"name": "x"', "a/b"),
  "id that ends in .lock": task('"name": "x"', "a.lock"),
  "ids that differ in case": '{ "tasks": [{ "id": "A", "run": "true" },\n  { "id": "a", "run": "true" }] }',
  "unknown dependency": task('"dependencies": ["aa"]'),
  "self dependency": task('"dependencies": ["a"]'),
  "cycle":
    '{ "tasks": [\n  { "id": "a", "run": "x", "dependencies": ["c"] },\n  { "id": "b", "run": "x", "dependencies": ["a"] },\n' +
    '  { "id": "c", "run": "x", "dependencies": ["b"] }\n] }',
  "duplicate dependency":
    '{ "tasks": [{ "id": "a", "run": "x" }, { "id": "b", "run": "x", "dependencies": ["a", "a"] }] }',
  "no body": '{ "tasks": [{ "id": "a" }] }',
  "empty body": '{ "tasks": [{ "id": "a", "run": "  " }] }',
  "two bodies": task('"prompt": "do it"'),
  "absolute path": task('"write_set": ["/etc/**"]'),
  "escaping path": task('"write_set": ["src/../../up"]'),
  "backslash path": task('"read_set": ["src\\\\x"]'),
  "drive letter": task('"outputs": ["C:/x"]'),
  "bad glob": task('"write_set": ["src/[a"]'),
  "output that is a glob": task('"outputs": ["dist/*.js"]'),
  "unknown pool": task('"pool": "databse"').replace('"gates": []', '"gates": [], "pools": { "database": 1 }'),
  "pool of nothing": task('"pool": "x"').replace('"gates": []', '"gates": [], "pools": { "x": 0 }'),
  "variable that is not set": task('"env": { "TOKEN": { "from": "NOT_SET" } }'),
  "reserved variable": task('"env": { "OMK_MARK": "x" }'),
  "secret in a command":
    '{ "tasks": [{ "id": "a", "run": "curl -H \'Authorization: Bearer ghp_0123456789abcdefghijABCDEFGHIJ012345\'" }] }',
  "gate without a command": '{ "gates": [{ "name": "test" }], "tasks": [{ "id": "a", "run": "true" }] }',
  "two gates of one name":
    '{ "gates": [{ "name": "t", "command": "x" }, { "name": "t", "command": "y" }],\n  "tasks": [{ "id": "a", "run": "true" }] }',
  "unknown gate of a task": task('"gates": ["tset"]').replace(
    '"gates": []',
    '"gates": [{ "name": "test", "command": "x", "scope": "task" }]',
  ),
  "lease too short": task('"priority": 0').replace('"gates": []', '"gates": [], "lease_secs": 5'),
  "budget of nothing": task('"priority": 0').replace(
    '"gates": []',
    '"gates": [], "budget": { "time": "soon" }',
  ),
  "what this build does not run": task('"sandbox": { "network": "none" }'),
  "tabs and wide characters": '{ "tasks": [\n\t{ "id": "a",\t"run": "echo 日本語",\t"pirority": 1 }\n] }',
  "a line that is very long": task(
    `"description": "${"x".repeat(300)}", "pirority": 1, "metadata": { "k": "${"y".repeat(300)}" }`,
  ),
  "problems all over":
    '{\n  "wrokers": 4,\n  "tasks": [\n    { "id": "a", "run": "true", "dependencies": ["b", "c"] },\n' +
    '    { "id": "b", "rnu": "true", "timeout_secs": -1 },\n    { "id": "b", "run": "", "write_set": ["/etc/**"] }\n  ]\n}',
};

async function told(text: string): Promise<string> {
  const loaded = await loadPlan({ text, path: "/project/omk.jsonc", env: {}, redact: redactText });
  if (loaded.ok) return "no problem\n";
  return `${planProblemLines(loaded.problems, "/project", PLAIN).join("\n")}\n`;
}

Deno.test("every refusal of a plan shows place, line, fault and meaning as they were last reviewed", async () => {
  const snapshots = new Snapshots("plan_errors");
  for (const [name, text] of Object.entries(BAD)) {
    const shown = await told(text);
    assertEquals(shown.includes("no problem"), false, name);
    await snapshots.check(`${name.replaceAll(" ", "_")}.txt`, `${text.slice(0, 400)}\n----\n${shown}`);
  }
  await snapshots.checkNoOthers();
});

Deno.test("P12: the line of a plan that holds a secret is not shown", async () => {
  const shown = await told(BAD["secret in a command"] ?? "");
  assertEquals([shown.includes("ghp_"), shown.includes("^")], [false, false], shown);
});

Deno.test("many problems are told up to a number, and counted", async () => {
  const tasks = Array.from({ length: 50 }, (_, at) => `{ "id": "t${at}", "run": "" }`).join(",\n");
  const shown = await told(`{ "tasks": [\n${tasks}\n] }`);
  assertEquals(shown.match(/"run" is empty/g)?.length, 20);
  assertEquals(shown.trimEnd().split("\n").at(-1), "and 30 more problems");
});
