import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { cleanCommand } from "../../src/cli/commands/clean.ts";
import { indexCommand } from "../../src/cli/commands/index.ts";
import { EventIndex } from "../../src/log/index/event_index.ts";
import { existingIndex, indexPath } from "../../src/log/index/index_path.ts";
import { UsageError } from "../../src/errors.ts";
import { draft, type EventDraft } from "../../src/log/event.ts";
import { takeControllerLock } from "../../src/run/process_lock.ts";
import { worktreeDirectories } from "../../src/cli/worktree_directories.ts";
import { makePlan, makeTask } from "../run/fixture.ts";
import { callCommand, PlainPlace, recordRun } from "./fixture.ts";

const OLD = "20260101-000000-aaaa";
const OTHER = "20260101-000000-bbbb";
const PLAN = makePlan([makeTask("a", { isolation: "none" })]);
const END: readonly EventDraft[] = [
  draft("run_finished", "run", "controller/1", { status: "not_ready", exit_code: 1 }),
];

async function runs(place: PlainPlace): Promise<readonly string[]> {
  return (await Array.fromAsync(Deno.readDir(`${place.home}/runs`))).map((entry) => entry.name).sort();
}

async function git(cwd: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("git", {
    args: ["-c", "user.name=a", "-c", "user.email=b@c", ...args],
    cwd,
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trimEnd();
}

Deno.test("omk clean removes finished runs that are old enough, and only when it may", async () => {
  await using place = await PlainPlace.make();
  await recordRun(place.home, OLD, PLAN, END, { base: null });
  const young = await callCommand(cleanCommand, ["--yes"], place);
  assertStringIncludes(young.stdout, "Nothing to remove");
  const asked = await callCommand(cleanCommand, ["--keep", "0d"], place);
  assertStringIncludes(asked.stdout, `run ${OLD}, not_ready, ended `);
  assertStringIncludes(asked.stderr, "Nothing was removed: add --yes");
  assertEquals(asked.code, 0);
  await callCommand(cleanCommand, ["--keep", "0d", "--yes", "--dry-run"], place);
  assertEquals(await runs(place), [OLD]);
  const done = await callCommand(cleanCommand, ["--keep", "0d", "--yes"], place);
  assertStringIncludes(done.stdout, "Removed 1 thing");
  assertEquals(await runs(place), []);
  await assertRejects(() => callCommand(cleanCommand, ["--keep", "old"], place), UsageError, '"old" is none');
});

Deno.test("omk clean takes the events of removed runs out of the index, and makes none where there is none", async () => {
  await using place = await PlainPlace.make();
  const path = indexPath(place.home);
  for (const id of [OLD, OTHER]) await recordRun(place.home, id, PLAN, END, { base: null });
  await callCommand(cleanCommand, [OLD, "--yes"], place);
  assertEquals(await existingIndex(place.home), undefined);
  await recordRun(place.home, OLD, PLAN, END, { base: null });
  await callCommand(indexCommand, [], place);
  const indexed = async () => {
    using index = await EventIndex.open(path);
    return index.query("SELECT DISTINCT run_id FROM events").rows.map(({ run_id }) => run_id);
  };
  assertEquals(await indexed(), [OLD, OTHER]);
  await callCommand(cleanCommand, [OLD, "--yes"], place);
  assertEquals(await indexed(), [OTHER]);
  // What is no database is none of clean's business, and no reason to keep anything.
  await Deno.remove(path);
  await Deno.mkdir(`${path}/x`, { recursive: true });
  const { code } = await callCommand(cleanCommand, [OTHER, "--yes"], place);
  assertEquals([code, await runs(place)], [0, []]);
});

Deno.test("P6: omk clean keeps interrupted, running and damaged runs, and says why", async () => {
  await using place = await PlainPlace.make();
  await recordRun(place.home, OLD, PLAN, [], { base: null });
  const running = await recordRun(place.home, OTHER, PLAN, [], { base: null });
  const damaged = await recordRun(place.home, "20260101-000000-cccc", PLAN, END, { base: null });
  await Deno.writeTextFile(damaged.events, "no log\n");
  using _lock = takeControllerLock(running.controllerLock, OTHER);
  const ids = [OLD, OTHER, damaged.runId];
  const { stdout, code } = await callCommand(cleanCommand, [...ids, "--yes"], place);
  assertEquals(code, 0);
  assertStringIncludes(
    stdout,
    `run ${OLD}: it is interrupted: go on with omk resume ${OLD}, or add --discard`,
  );
  assertStringIncludes(stdout, `run ${OTHER}: it is running`);
  assertStringIncludes(stdout, `run ${damaged.runId}: it cannot be read: `);
  assertEquals(await runs(place), ids);
  await callCommand(cleanCommand, [...ids, "--yes", "--discard"], place);
  assertEquals(await runs(place), [OTHER]);
});

Deno.test("P6: omk clean keeps a run whose result is on no branch, and takes its refs with it once it is", async () => {
  await using place = await PlainPlace.make();
  const { cwd } = place;
  await git(cwd, "init", "-q", "-b", "main");
  await git(cwd, "commit", "-q", "--allow-empty", "-m", "first");
  const base = {
    commit: await git(cwd, "rev-parse", "HEAD"),
    tree: await git(cwd, "rev-parse", "HEAD^{tree}"),
  };
  await Deno.writeTextFile(`${cwd}/made.txt`, "by a task");
  await git(cwd, "add", "-A");
  const tree = await git(cwd, "write-tree");
  const head = await git(cwd, "commit-tree", tree, "-p", base.commit, "-m", "work");
  await git(cwd, "update-ref", `refs/omk/${OLD}/head`, head);
  await git(cwd, "update-ref", `refs/omk/${OLD}/task/a/1/pin`, head);
  const home = `${cwd}/.git/omk`;
  const onto = {
    branch: "refs/heads/x",
    parents: [base.commit, head] as [string, string],
    commit: head,
    tree,
  };
  const controller = { pid: 1, pgid: 1, start_time: null, boot_id: null, mark: "m" };
  const drafts = [
    draft("run_resumed", "run", "controller/2", { incarnation: 2, controller, by: "merge", onto }),
    draft("run_finished", "run", "controller/2", { status: "ready", exit_code: 0 }),
  ];
  const started = { base: { ...base, branch: "refs/heads/main", snapshot: false } };
  await recordRun(home, OLD, makePlan([makeTask("a")]), drafts, started);
  const kept = await callCommand(cleanCommand, ["--keep", "0d", "--yes"], place);
  assertStringIncludes(
    kept.stdout,
    `run ${OLD}: its result is on no branch: omk merge ${OLD}, or add --discard`,
  );
  const discarded = await callCommand(cleanCommand, ["--keep", "0d", "--discard", "--dry-run"], place);
  assertStringIncludes(discarded.stdout, "and with it its result");
  assertEquals((await git(cwd, "for-each-ref", "refs/omk")).split("\n").length, 2);
  await git(cwd, "update-ref", "refs/heads/main", head);
  const done = await callCommand(cleanCommand, ["--keep", "0d", "--yes", "--json"], place);
  const { removals } = JSON.parse(done.stdout);
  assertEquals(removals, [{ kind: "run", name: OLD, removed: true, detail: "its files and 2 refs" }]);
  assertEquals(await git(cwd, "for-each-ref", "refs/omk"), "");
});

Deno.test("P6: omk clean --slots removes free worktrees, and --discard what was set aside", async () => {
  await using place = await PlainPlace.make();
  await git(place.cwd, "init", "-q");
  const { usual } = worktreeDirectories(`${place.cwd}/.git`, place.env);
  assert(usual !== null);
  await Deno.mkdir(usual, { recursive: true });
  for (const name of ["w1", "w2"]) {
    await Deno.mkdir(`${usual}/${name}`);
    await Deno.writeTextFile(`${usual}/${name}.lock`, "");
  }
  const holder = { run_id: OLD, task_id: "a", attempt: 1, token: 1 };
  const note = { version: 1, reason: "a FIFO could not be pinned", holder, base: null };
  await Deno.writeTextFile(`${usual}/w2.aside`, JSON.stringify(note));
  const first = await callCommand(cleanCommand, ["--slots", "--yes"], place);
  assertStringIncludes(first.stdout, `worktree ${usual}/w1, free`);
  assertStringIncludes(
    first.stdout,
    `${usual}/w2: it is set aside: a FIFO could not be pinned; --discard removes it`,
  );
  assertEquals((await Array.fromAsync(Deno.readDir(usual))).some((entry) => entry.name === "w2"), true);
  const second = await callCommand(cleanCommand, ["--discard", "--yes"], place);
  assertStringIncludes(second.stdout, "of task a, attempt 1");
  assertEquals(
    (await Array.fromAsync(Deno.readDir(usual))).filter((entry) => entry.name.startsWith("w")),
    [],
  );
});

Deno.test("omk clean removes what is left of runs that were never born", async () => {
  await using place = await PlainPlace.make();
  const [stale, fresh] = [`${place.home}/runs/.new-${OLD}`, `${place.home}/runs/.new-${OTHER}`];
  for (const path of [stale, fresh]) await Deno.mkdir(path, { recursive: true });
  const yesterday = new Date(Date.now() - 2 * 24 * 3600 * 1000);
  await Deno.utime(stale, yesterday, yesterday);
  await callCommand(cleanCommand, ["--yes"], place);
  assertEquals(await runs(place), [`.new-${OTHER}`]);
});

Deno.test("omk clean removes what starts in the background have left, but not what one may be waiting for", async () => {
  await using place = await PlainPlace.make();
  const directory = `${place.home}/runs`;
  await Deno.mkdir(directory, { recursive: true });
  const yesterday = new Date(Date.now() - 2 * 24 * 3600 * 1000);
  for (const name of [".detached-old.log", ".detached-old.run", ".detached-new.log", "mine.log"]) {
    await Deno.writeTextFile(`${directory}/${name}`, "");
    if (name !== ".detached-new.log") await Deno.utime(`${directory}/${name}`, yesterday, yesterday);
  }
  const dry = await callCommand(cleanCommand, ["--dry-run", "--json"], place);
  assertEquals(
    JSON.parse(dry.stdout).leftovers,
    [".log", ".run"].map((end) => `${directory}/.detached-old${end}`),
  );
  await callCommand(cleanCommand, ["--yes"], place);
  const left = (await Array.fromAsync(Deno.readDir(directory))).map(({ name }) => name);
  assertEquals(left.sort(), [".detached-new.log", "mine.log"]);
});
