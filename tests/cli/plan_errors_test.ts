import { assert, assertEquals } from "@std/assert";
import stringWidth from "string-width";
import { createStyle } from "../../src/cli/output.ts";
import { excerptWindow } from "../../src/cli/render/excerpt_window.ts";
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
  "brace missing in the middle":
    '{\n  "tasks": [\n    { "id": "a", "run": "x"\n    { "id": "b", "run": "y" }\n  ]\n}',
  "bracket missing": '{\n  "tasks": [\n    { "id": "a", "run": "x" }\n}',
  "name without quotes": "{\n  tasks: []\n}",
  "single quotes": "{ 'tasks': [] }",
  "word of another language": '{ "gates": [{ "name": "t", "command": "x", "required": True }] }',
  "quote within a text": '{ "tasks": [{ "id": "a", "run": "echo "hi"" }] }',
  "control character": '{ "name": "a\x07b" }',
  "tab in a text": '{ "name": "a\tb" }',
  "merge conflict":
    '{\n<<<<<<< HEAD\n  "workers": 1,\n=======\n  "workers": 2,\n>>>>>>> other\n  "tasks": []\n}',
  "too deep": "[".repeat(120),
  "name that programs mistake": '{ "__proto__": {}, "tasks": [{ "id": "a", "run": "true" }] }',
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
  "list as text": task('"dependencies": "build"'),
  "flag as text":
    '{ "gates": [{ "name": "t", "command": "x", "required": "false" }], "tasks": [{ "id": "a", "run": "x" }] }',
  "field of a gate":
    '{ "gates": [{ "name": "t", "command": "x", "shell": "bash" }], "tasks": [{ "id": "a", "run": "x" }] }',
  "task that is no object": '{ "tasks": ["make"] }',
  "task without an id": '{ "tasks": [{ "run": "make" }] }',
  "too large a number": task('"timeout_secs": 1e999'),
  "half a character": task('"description": "\\ud800"'),
  "name of a plan that is too long": `{ "name": "${"n".repeat(201)}", "tasks": [{ "id": "a", "run": "x" }] }`,
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
  "pool with an odd name": task('"priority": 1').replace('"gates": []', '"gates": [], "pools": { "a b": 1 }'),
  "path of a home": task('"write_set": ["~/x"]'),
  "path that takes away": task('"write_set": ["!docs"]'),
  "path in a git directory": task('"cwd": ".git/hooks"'),
  "root as output": task('"outputs": ["."]'),
  "empty path": task('"read_set": [""]'),
  "variable with an odd name": task('"env": { "A-B": "x" }'),
  "variable of git": task('"env": { "GIT_DIR": "x" }'),
  "variable from omk": task('"env": { "A": { "from": "OMK_HOME" } }'),
  "variable that is not set": task('"env": { "TOKEN": { "from": "NOT_SET" } }'),
  "reserved variable": task('"env": { "OMK_MARK": "x" }'),
  "secret in a command":
    '{ "tasks": [{ "id": "a", "run": "curl -H \'Authorization: Bearer ghp_0123456789abcdefghijABCDEFGHIJ012345\'" }] }',
  "gate without a command": '{ "gates": [{ "name": "test" }], "tasks": [{ "id": "a", "run": "true" }] }',
  "two gates of one name":
    '{ "gates": [{ "name": "t", "command": "x" }, { "name": "t", "command": "y" }],\n  "tasks": [{ "id": "a", "run": "true" }] }',
  "gate with an odd name":
    '{ "gates": [{ "name": "a/b", "command": "x" }], "tasks": [{ "id": "a", "run": "x" }] }',
  "gate with an empty command":
    '{ "gates": [{ "name": "t", "command": "" }], "tasks": [{ "id": "a", "run": "x" }] }',
  "gate of the run at a task": task('"gates": ["test"]').replace(
    '"gates": []',
    '"gates": [{ "name": "test", "command": "x" }]',
  ),
  "gate listed twice": task('"gates": ["test", "test"]').replace(
    '"gates": []',
    '"gates": [{ "name": "test", "command": "x", "scope": "task" }]',
  ),
  "scope of a gate that a task defines": task('"gates": [{ "name": "t", "command": "x", "scope": "run" }]'),
  "unknown gate of a task": task('"gates": ["tset"]').replace(
    '"gates": []',
    '"gates": [{ "name": "test", "command": "x", "scope": "task" }]',
  ),
  "lease too short": task('"priority": 0').replace('"gates": []', '"gates": [], "lease_secs": 5'),
  "heartbeat missed too soon": task('"priority": 0').replace(
    '"gates": []',
    '"gates": [], "watchdog": { "heartbeat_missing_secs": 2, "heartbeat_stale_secs": 1 }',
  ),
  "budget of no time": task('"priority": 0').replace(
    '"gates": []',
    '"gates": [], "budget": { "time": "0s" }',
  ),
  "budget of nothing": task('"priority": 0').replace(
    '"gates": []',
    '"gates": [], "budget": { "time": "soon" }',
  ),
  "gates after each merge": task('"priority": 0').replace('"gates": []', '"gates": [], "gate_each": "merge"'),
  "too few candidates": task('"attempts": {"parallel": 1}'),
  "a pick without an agent": task('"attempts": {"parallel": 2, "pick": "review"}'),
  "a pick by nobody known": task('"attempts": {"parallel": 2, "pick": {"review": {"agent": "cluade"}}}'),
  "tabs and wide characters": '{ "tasks": [\n\t{ "id": "a",\t"run": "echo 日本語",\t"pirority": 1 }\n] }',
  "a line that is very long": task(
    `"description": "${"x".repeat(300)}", "pirority": 1, "metadata": { "k": "${"y".repeat(300)}" }`,
  ),
  "problems all over":
    '{\n  "wrokers": 4,\n  "tasks": [\n    { "id": "a", "run": "true", "dependencies": ["b", "c"] },\n' +
    '    { "id": "b", "rnu": "true", "timeout_secs": -1 },\n    { "id": "b", "run": "", "write_set": ["/etc/**"] }\n  ]\n}',
};

function withoutColour(line: string): string {
  // deno-lint-ignore no-control-regex
  return line.replaceAll(/\x1b\[\d+m/g, "");
}

async function told(text: string): Promise<string> {
  const loaded = await loadPlan({ text, path: "/project/omk.jsonc", env: {}, redact: redactText });
  if (loaded.ok) return "no problem\n";
  return `${planProblemLines(loaded.problems, { cwd: "/project", style: PLAIN }).join("\n")}\n`;
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

/** The fault of an excerpt of ASCII text: its end may have been cut. */
const ASCII = /^[\x20-\x7e]*$/;

Deno.test("the caret stands below the fault, with colour and without", async () => {
  let seen = 0;
  for (const [name, text] of Object.entries(BAD)) {
    const loaded = await loadPlan({ text, path: "/p/omk.jsonc", env: {}, redact: redactText });
    if (loaded.ok) continue;
    for (const problem of loaded.problems) {
      const { excerpt } = problem;
      if (excerpt === undefined || !ASCII.test(excerpt.line) || excerpt.line.trim() === "") continue;
      for (const style of [PLAIN, createStyle(true)]) {
        const lines = planProblemLines([problem], { cwd: "/", style }).map(withoutColour);
        const [, shown = "", marks = ""] = lines;
        const marked = shown.slice(marks.indexOf("^"), marks.lastIndexOf("^") + 1);
        assertEquals(marked, excerpt.line.slice(excerpt.start, excerpt.start + marked.length), name);
        assertEquals(marks.indexOf("|"), shown.indexOf("|"), name);
        seen++;
      }
    }
  }
  assert(seen > 100);
});

Deno.test("excerptWindow() keeps the fault in sight in any width, whatever characters the line has", () => {
  for (const filler of ["x", "日", "e\u0301", "👩‍👩‍👧", "\t"]) {
    for (const before of [0, 1, 40, 400]) {
      for (const columns of [36, 80, 100]) {
        const line = `${filler.repeat(before)}"fault"${filler.repeat(300)}`;
        const start = filler.length * before;
        const { text, before: at, marked } = excerptWindow({ line, start, length: 7 }, columns);
        const place = text.indexOf('"fault"');
        assert(place >= 0, text);
        assertEquals([stringWidth(text.slice(0, place)), marked], [at, 7], text);
        assert(stringWidth(text) <= columns, text);
      }
    }
  }
});

Deno.test("a plan on one long line with many problems is told about without delay", async () => {
  const tasks = Array.from(
    { length: 3000 },
    (_, at) => ({ id: `t${at}`, run: "", description: "x".repeat(300) }),
  );
  const text = JSON.stringify({ tasks });
  let redacted = 0;
  const redact = (each: string) => {
    redacted += each.length;
    return each;
  };
  const loaded = await loadPlan({ text, path: "omk.jsonc", env: {}, redact });
  assert(!loaded.ok);
  assertEquals(loaded.problems.length, 3000);
  assert(redacted < 10 * text.length, `${redacted} characters for ${text.length}`);
});

Deno.test("P12: the line of a plan that holds a secret is not shown", async () => {
  const shown = await told(BAD["secret in a command"] ?? "");
  assertEquals([shown.includes("ghp_"), shown.includes("^")], [false, false], shown);
});

Deno.test("many problems are told up to a number, and counted", async () => {
  const tasks = Array.from({ length: 50 }, (_, at) => `{ "id": "t${at}", "run": "" }`).join(",\n");
  const shown = await told(`{ "tasks": [\n${tasks}\n] }`);
  assertEquals(shown.match(/"run" is empty/g)?.length, 20);
  assertEquals(shown.trimEnd().split("\n").at(-1), "and 30 more problems; --json tells all of them");
});
