/** SIGKILL of omk in mid-run at a chosen moment, and all that must hold after it. */

import { assert, assertEquals } from "@std/assert";
import { eventually } from "./call.ts";
import { type LoggedEvent, Sandbox } from "./harness.ts";
import { assertUntouched, userState } from "./user_state.ts";

/** Tasks with children in sessions of their own, a dependency with an output, a retry, and a gate. */
const PLAN = {
  version: 1,
  workers: 3,
  gates: [{ name: "all", command: "test -e d.txt && sleep 0.05" }],
  tasks: [
    { id: "a", run: "setsid sleep 1000 & sleep 0.05; echo a > a.txt" },
    {
      id: "b",
      run: "mkdir -p dist; tr a b < a.txt > dist/b.out; sleep 0.05; cp dist/b.out b.txt",
      dependencies: ["a"],
      outputs: ["dist/b.out"],
    },
    {
      id: "c",
      run: "echo c > c.txt; sleep 0.05; test $OMK_ATTEMPT -gt 1",
      retry_policy: { max_attempts: 3, backoff_seconds: 0 },
    },
    { id: "d", run: "cat dist/b.out b.txt c.txt > d.txt", dependencies: ["b", "c"] },
    { id: "e", run: "trap '' TERM; sleep 0.1 & wait; echo e > e.txt" },
    { id: "f", run: "echo nothing", dependencies: ["e"], write_set: [] },
  ],
};

/** A repository with that plan. */
export async function crashSandbox(): Promise<Sandbox> {
  return await Sandbox.withPlan(PLAN, { ".gitignore": "dist/\n" });
}

/** What an undisturbed run leaves. */
export interface QuietRun {
  /** The tree of its head. */
  readonly tree: string;
  /** How many events its log has. */
  readonly events: number;
}

/** Runs the plan without a disturbance. */
export async function quietRun(): Promise<QuietRun> {
  await using sandbox = await crashSandbox();
  await sandbox.omkEnds(0, ["run"]);
  return { tree: await headTree(sandbox), events: (await sandbox.events()).length };
}

/** The tree of the newest run's head. */
export async function headTree(sandbox: Sandbox): Promise<string> {
  return await sandbox.git("rev-parse", `refs/omk/${await sandbox.runId()}/head^{tree}`);
}

/** When omk is killed: once it has shown this many events, and some milliseconds later. */
export interface Moment {
  readonly events: number;
  readonly delayMs: number;
}

/** Random moments of a run with so many events; the same for the same seed. */
export function momentsOf(seed: number, count: number, events: number): readonly Moment[] {
  let state = seed;
  const random = () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
  return Array.from({ length: count }, () => ({
    events: 1 + Math.floor(random() * (events - 1)),
    delayMs: Math.floor(random() * 40),
  }));
}

/** Starts omk with these arguments and kills it at a moment; returns the events that it had acknowledged. */
export async function killAt(
  sandbox: Sandbox,
  args: readonly string[],
  moment: Moment,
): Promise<readonly LoggedEvent[]> {
  const omk = sandbox.start([...args, "--json"]);
  let isOver = false;
  const ended = omk.ended.finally(() => isOver = true);
  await eventually(`${moment.events} events`, () => {
    return isOver || omk.stdout.split("\n").length > moment.events ? true : undefined;
  });
  await new Promise((resolve) => setTimeout(resolve, moment.delayMs));
  omk.kill("SIGKILL");
  const { stdout } = await ended;
  return stdout.split("\n").slice(0, -1).map((line) => JSON.parse(line));
}

/** Checks what must hold after a SIGKILL, before anybody repairs anything. */
export async function assertSoundAfterKill(
  sandbox: Sandbox,
  acknowledged: readonly LoggedEvent[],
): Promise<void> {
  await sandbox.becomesQuiet();
  const directory = await sandbox.runDirectory();
  const verified = await sandbox.omk(["log", "verify", `${directory}/events.jsonl`]);
  assertEquals(verified.code, 0, verified.stdout + verified.stderr);
  const logged = new Map((await sandbox.events()).map((event) => [event.index, event.id]));
  const lost = acknowledged.filter((event) => logged.get(event.index) !== event.id);
  assertEquals(
    lost.map((event) => `${event.index} ${event.kind}`),
    [],
    "acknowledged events are not in the log",
  );
}

/** Kills a run at a moment, checks what it left, resumes it, and checks that it ends as an undisturbed one. */
export async function surviveKill(moment: Moment, quietTree: string): Promise<void> {
  await using sandbox = await crashSandbox();
  const before = await userState(sandbox);
  const acknowledged = await killAt(sandbox, ["run"], moment);
  await assertSoundAfterKill(sandbox, acknowledged);
  const isFinished = (await sandbox.events()).some((event) => event.kind === "run_finished");
  const { standing } = await sandbox.omkJson(["status"]);
  assertEquals(standing, isFinished ? "ready" : "interrupted");
  if (!isFinished) await sandbox.omkEnds(0, ["resume"]);
  assertEquals(await headTree(sandbox), quietTree);
  assertEquals((await sandbox.omkJson(["status"])).standing, "ready");
  const claims = (await sandbox.payloads("task_claimed")).map(({ task_id, attempt }) =>
    `${task_id}/${attempt}`
  );
  assert(new Set(claims).size === claims.length, `an attempt was claimed twice: ${claims}`);
  assertEquals(sandbox.processes(), []);
  await assertUntouched(sandbox, before);
  await sandbox.omkEnds(0, ["verify"]);
}
