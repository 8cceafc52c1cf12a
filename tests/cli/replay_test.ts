import { assert, assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { canonicalJson } from "../../src/canonical_json.ts";
import { replayCommand } from "../../src/cli/commands/replay.ts";
import { mermaidTimeline } from "../../src/cli/render/timeline/mermaid.ts";
import { svgTimeline } from "../../src/cli/render/timeline/svg.ts";
import { timelineText } from "../../src/cli/render/timeline/text.ts";
import { timelinePicture } from "../../src/cli/render/timeline/timeline_picture.ts";
import { runDirectoryAt } from "../../src/run/directory.ts";
import { loadRun } from "../../src/run/load_run.ts";
import { Timeline, type TimelineSpan } from "../../src/run/timeline.ts";
import { callCommand, PLAIN, PlainPlace } from "./fixture.ts";

const CORPUS = fromFileUrl(new URL("../corpus", import.meta.url));

/** The id of a recorded run. */
async function recordedId(name: string): Promise<string> {
  const log = (await Array.fromAsync(Deno.readDir(`${CORPUS}/${name}`), (entry) => entry.name))
    .filter((entry) => /^events.*\.jsonl$/.test(entry)).sort()[0];
  return JSON.parse((await Deno.readTextFile(`${CORPUS}/${name}/${log}`)).split("\n")[0] ?? "").run_id;
}

async function timelineOf(name: string): Promise<Timeline> {
  const timeline = new Timeline();
  const directory = runDirectoryAt(`${CORPUS}/${name}`, await recordedId(name));
  await loadRun(directory, { onEvent: (event) => timeline.take(event) });
  return timeline;
}

Deno.test("P1 P11: omk replay --json gives the recorded state of every recorded run", async () => {
  await using place = await PlainPlace.make();
  for await (const { name, isDirectory } of Deno.readDir(CORPUS)) {
    if (!isDirectory || !await hasState(name)) continue;
    const id = await recordedId(name);
    const directory = `${place.home}/runs/${id}`;
    await Deno.mkdir(directory, { recursive: true });
    for await (const file of Deno.readDir(`${CORPUS}/${name}`)) {
      await Deno.copyFile(`${CORPUS}/${name}/${file.name}`, `${directory}/${file.name}`);
    }
    const { stdout } = await callCommand(replayCommand, [id, "--json"], place);
    const { state, events, run_id } = JSON.parse(stdout);
    assertEquals(run_id, id);
    assertEquals(
      canonicalJson(state),
      (await Deno.readTextFile(`${CORPUS}/${name}/state.json`)).trimEnd(),
      name,
    );
    const half = Math.floor(events / 2);
    const words = [id, "--until", String(half)];
    assertEquals(
      JSON.parse((await callCommand(replayCommand, [...words, "--json"], place)).stdout).events,
      half + 1,
    );
    await Deno.remove(directory, { recursive: true });
  }
});

async function hasState(name: string): Promise<boolean> {
  for await (const file of Deno.readDir(`${CORPUS}/${name}`)) if (file.name === "state.json") return true;
  return false;
}

Deno.test("Timeline finds every attempt, merge and gate of a recorded run, each with an end", async () => {
  const { spans, moments, last } = await timelineOf("steered-run");
  assert(spans.length > 0 && moments.length > 0 && last !== null);
  assertEquals(spans.filter(({ end, result }) => (end === null) !== (result === null)), []);
  assertEquals(spans.filter(({ start, end }) => end !== null && end < start), []);
  const byStart = spans.toSorted((a, b) => a.start - b.start).map(({ start }) => start);
  assertEquals(spans.map(({ start }) => start), byStart);
  assert(moments.some(({ kind }) => kind.endsWith("_requested")), "who asked for what is told");
});

Deno.test("a timeline is drawn as text, Mermaid and SVG, and nothing in it is taken for markup", async () => {
  const timeline = await timelineOf("first-formats");
  const evil: TimelineSpan = {
    kind: "attempt",
    task_id: 'a<b>&"c;:d',
    gate: null,
    number: 1,
    by: "worker/<x>",
    start: (timeline.last ?? 0) - 5,
    end: null,
    result: null,
  };
  timeline.spans.push(evil);
  const text = timelineText(timeline, PLAIN, 200);
  assertEquals(text.length, timeline.spans.length + timeline.moments.length);
  assertMatch(text[0] ?? "", /^\+0\.0s .*run started/);
  assert(text.some((line) => /attempt 1: success/.test(line)));
  const picture = timelinePicture('run <&"> one', timeline);
  assertEquals(picture.lanes.reduce((sum, { bars }) => sum + bars.length, 0), timeline.spans.length);
  const gantt = mermaidTimeline(picture);
  assertEquals(gantt[0], "gantt");
  for (const line of gantt.slice(4)) {
    assertMatch(line, /^ {2}(?:section [^:;]+|[^:;]+ :(?:done, |crit, |active, )?\d+, \d+)$/);
  }
  const svg = svgTimeline(picture).join("\n");
  assert(!svg.includes("<b>") && svg.includes("a&lt;b&gt;&amp;&quot;c"), svg);
  assertEquals(
    svg.match(/<rect class="bar [a-z]+" x="[\d.]+" y="[\d.]+" width="[\d.]+" height="\d+" rx="2">/g)?.length,
    timeline.spans.length,
  );
  assertEquals(svgTimeline(timelinePicture("empty", new Timeline())).at(-1), "</svg>");
});
