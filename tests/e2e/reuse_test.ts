/** `omk run --reuse`: what is taken over of an earlier run, what is run again, and what the proof says of it. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { assertSoundAfterKill, headTree, killAt } from "./crash.ts";
import { Sandbox } from "./harness.ts";
import { read } from "./reading.ts";

/** Three tasks: `a`, then `b` with an output for `c`; `free` stands alone and says what it reads and writes. */
function plan(changes: Readonly<Record<string, object>> = {}) {
  const tasks = [
    { id: "a", run: "echo a > a.txt" },
    {
      id: "b",
      run: "cat a.txt > b.txt && mkdir -p out && echo made > out/b",
      dependencies: ["a"],
      outputs: ["out/b"],
    },
    { id: "c", run: "cat b.txt out/b > c.txt", dependencies: ["b"] },
    { id: "free", run: "cat in.txt > free.txt", read_set: ["in.txt"], write_set: ["free.txt"] },
    { id: "idle", run: "true" },
  ];
  return {
    version: 1,
    name: "reuse",
    workers: 2,
    gates: [{ name: "all", command: "test -f a.txt && test -f c.txt && test -f free.txt" }],
    tasks: tasks.map((task) => ({ ...task, ...changes[task.id] })),
  };
}

/** Each run begins with what the repository ignores and reads. */
const FILES = { ".gitignore": "out/\n", "in.txt": "in\n" };

/** A repository with a finished run of the plan, and what the tests of it start from. */
interface Base {
  readonly sandbox: Sandbox;
  readonly commit: string;
  readonly runId: string;
  readonly proof: {
    readonly run_id: string;
    readonly git: { readonly tree: string };
    readonly changed: unknown;
  };
}

let base: Promise<Base> | undefined;

async function makeBase(): Promise<Base> {
  const sandbox = await Sandbox.withPlan(plan(), FILES);
  await sandbox.omkEnds(0, ["run"]);
  const proof = JSON.parse((await read(sandbox, ["proof", "--json"])).stdout);
  return { sandbox, proof, runId: await sandbox.runId(), commit: await sandbox.git("rev-parse", "HEAD") };
}

/** The base, made for the first test that asks; its branch and its files are again what they were. */
async function fromBase(): Promise<Base> {
  const made = await (base ??= makeBase());
  await made.sandbox.git("reset", "--quiet", "--hard", made.commit);
  return made;
}

Deno.test.afterAll(async () => {
  await (await base)?.sandbox[Symbol.asyncDispose]();
});

/** The status that the newest run's proof tells. */
async function provedStatus(sandbox: Sandbox): Promise<unknown> {
  return JSON.parse((await read(sandbox, ["proof", "--json"])).stdout).status;
}

/** The ids that a kind of event is about in the newest run, sorted. */
async function idsOf(sandbox: Sandbox, kind: string, isReused?: boolean): Promise<unknown[]> {
  const payloads = await sandbox.payloads(kind);
  return payloads.filter((each) => isReused === undefined || (each.reused !== undefined) === isReused)
    .map((each) => each.task_id).toSorted();
}

Deno.test("omk run --reuse takes over all of a run where nothing has changed, and the gates run anew on the tree", async () => {
  const { sandbox, proof: first } = await fromBase();
  const foreseen = await sandbox.omkEnds(0, ["run", "--reuse", "latest", "--dry-run", "--json"]);
  const dryRun = JSON.parse(foreseen.stdout);
  assertEquals([dryRun.reused.map((each: { task_id: string }) => each.task_id).toSorted(), dryRun.tasks], [
    ["a", "b", "c", "free", "idle"],
    [],
  ]);
  const { stdout } = await sandbox.omkEnds(0, ["run", "--reuse", "latest"]);
  assertStringIncludes(stdout, `5 to take over from run ${first.run_id}`);
  assertEquals(await idsOf(sandbox, "task_claimed"), []);
  assertEquals(await idsOf(sandbox, "task_completed", true), ["a", "b", "c", "free", "idle"]);
  const second = JSON.parse((await read(sandbox, ["proof", "--json"])).stdout);
  assertEquals(second.status, "ready");
  const story = (await read(sandbox, ["explain", "b"])).stdout;
  assertStringIncludes(story, `attempt 1 of run ${first.run_id} has the same spec and inputs`);
  assertEquals(second.git.tree, first.git.tree);
  assertEquals(
    (await sandbox.payloads("gate_passed")).length,
    1,
    "on its own evidence, not on that of the first",
  );
  assertEquals(second.changed, first.changed);
  const gap = second.known_gaps.find((each: string) => each.includes("taken over"));
  assertEquals(gap, `taken over from run ${first.run_id} and not run again: "a", "b", "c", "free", "idle"`);
  await sandbox.omkEnds(0, ["verify"]);

  // What was taken over can be taken over again, from where it was made.
  await sandbox.omkEnds(0, ["run", "--reuse", second.run_id]);
  assertEquals(await idsOf(sandbox, "task_claimed"), []);
  const reused = await sandbox.payloads("task_completed");
  assertEquals(new Set(reused.map((each) => JSON.stringify(each.reused))).size, 1);
  assertEquals(reused[0]?.reused, { run: first.run_id, attempt: 1 });
  await sandbox.omkEnds(0, ["merge"]);
  assertEquals(await sandbox.read("c.txt"), "a\nmade\n");
});

Deno.test("omk run --reuse runs a task whose spec has changed, and what depends on it", async () => {
  const { sandbox, runId } = await fromBase();
  await sandbox.write({ "omk.jsonc": JSON.stringify(plan({ c: { run: "cat out/b > c.txt" } })) });
  await sandbox.omkEnds(0, ["run", "--reuse", runId, "--base", "HEAD"]);
  assertEquals(await idsOf(sandbox, "task_claimed"), ["c"]);
  assertEquals(await idsOf(sandbox, "task_completed", true), ["a", "b", "free", "idle"]);
  await sandbox.omkEnds(0, ["verify"]);
  await sandbox.write({ "omk.jsonc": JSON.stringify(plan({ a: { run: "echo aa > a.txt" } })) });
  await sandbox.omkEnds(0, ["run", "--reuse", "latest", "--base", "HEAD"]);
  assertEquals(await idsOf(sandbox, "task_claimed"), ["a", "b", "c"]);
  assertEquals(await provedStatus(sandbox), "ready");
});

Deno.test("omk run --reuse runs what reads or writes a path that has changed in the base, or says nothing of its paths", async () => {
  const { sandbox, runId: first } = await fromBase();
  await sandbox.commit("elsewhere", { "other.txt": "other\n" });
  await sandbox.omkEnds(0, ["run", "--reuse", first]);
  assertEquals(await idsOf(sandbox, "task_completed", true), ["free"]);
  await sandbox.omkEnds(0, ["verify"]);
  await sandbox.commit("read", { "in.txt": "other\n" });
  await sandbox.omkEnds(0, ["run", "--reuse", first]);
  assertEquals(await idsOf(sandbox, "task_completed", true), []);
  assertEquals(JSON.parse((await read(sandbox, ["proof", "--json"])).stdout).known_gaps, []);
});

Deno.test("omk run --reuse runs what is not there any more in full, and what works in the directory itself or depends on that", async () => {
  const inPlace = { id: "here", run: "true", isolation: "none", write_set: [] };
  const tasks = [...plan().tasks, inPlace, { id: "there", run: "echo x > x.txt", dependencies: ["here"] }];
  await using sandbox = await Sandbox.withPlan({ ...plan(), tasks }, FILES);
  await sandbox.omkEnds(0, ["run"]);
  const directory = await sandbox.runDirectory();
  await Deno.remove(`${directory}/outputs`, { recursive: true });
  await sandbox.omkEnds(0, ["run", "--reuse", "latest"]);
  assertEquals(await idsOf(sandbox, "task_claimed"), ["b", "c", "here", "there"]);
  assertEquals(await provedStatus(sandbox), "ready");
});

Deno.test("omk run --reuse without a run to take over, or with one that nobody knows, is a usage error", async () => {
  await using empty = await Sandbox.withPlan(plan(), FILES);
  assertStringIncludes((await empty.omkEnds(2, ["run", "--reuse", "latest"])).stderr, "Cannot find any run");
  const { sandbox } = await fromBase();
  const { stderr } = await sandbox.omkEnds(2, ["run", "--reuse", "19990101"]);
  assertStringIncludes(stderr, 'No run matches "19990101"');
  assert(!stderr.includes("fault"));
});

Deno.test("omk resume goes on with taking over where a run was killed in the middle of that", async () => {
  const { sandbox, runId: first, proof: { git: { tree } } } = await fromBase();
  for (const events of [2, 4, 6]) {
    const acknowledged = await killAt(sandbox, ["run", "--reuse", first], { events, delayMs: 0 });
    await assertSoundAfterKill(sandbox, acknowledged);
    const isFinished = (await sandbox.events()).some(({ kind }) => kind === "run_finished");
    if (!isFinished) await sandbox.omkEnds(0, ["resume"]);
    assertEquals(await idsOf(sandbox, "task_claimed"), []);
    assertEquals(await headTree(sandbox), tree);
    await sandbox.omkEnds(0, ["verify"]);
  }
});
