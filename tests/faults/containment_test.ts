/** SIGKILL of omk while children of every bad kind run, at each level of containment that this machine has. */

import { assertEquals } from "@std/assert";
import type { Containment } from "../../src/process/port.ts";
import { appears, eventually } from "../e2e/call.ts";
import { Sandbox } from "../e2e/harness.ts";
import { assertUntouched, userState } from "../e2e/user_state.ts";
import { AVAILABLE, LEVELS } from "../process/levels.ts";
import { report, RUNS_ALL, share } from "./share.ts";

/** How many children misbehave at once. */
const CHILDREN = share(12, 50);

/** After this long nothing may be left, milliseconds. */
const LIMIT_MS = 2_000;

/** Ways to outlive a parent. Each keeps NAP, by which it is found, in its command. */
const KEEPS_GROUP = [
  "trap '' TERM HUP INT; while :; do sleep NAP; done",
  "(sh -c 'sleep NAP; :' &); sleep NAP",
  "nohup sh -c 'sleep NAP; :' >/dev/null 2>&1 & wait",
  "(while :; do sh -c ': NAP; sleep 0.2' & sleep 0.1; done) & wait",
];
const KEEPS_MARK = [
  "setsid sh -c 'trap \"\" TERM; sleep NAP; :' & wait",
  "setsid sleep NAP & sleep NAP",
  "(setsid sh -c 'sh -c \"sleep NAP; :\" &' &); sleep NAP",
  "setsid sh -c '(while :; do sh -c \": NAP; sleep 0.2\" & sleep 0.1; done)' & wait",
];
const HIDES = [
  'env -i PATH="$PATH" setsid sleep NAP & wait',
  `env -i PATH="$PATH" setsid sh -c '(sh -c "sleep NAP; :" &) ; while :; do sh -c ": NAP; sleep 0.2" & sleep 0.1; done' & wait`,
];

/** What a level covers. */
const COVERED: Readonly<Record<Containment, readonly string[]>> = {
  cgroup: [...KEEPS_GROUP, ...KEEPS_MARK, ...HIDES],
  pidns: [...KEEPS_GROUP, ...KEEPS_MARK, ...HIDES],
  mark: [...KEEPS_GROUP, ...KEEPS_MARK],
  group: KEEPS_GROUP,
};

/** A time to sleep that nothing else on the machine sleeps. */
function makeNap(): string {
  return String(1_000_000 + Math.floor(Math.random() * 1_000_000));
}

/** Pids of all living processes with `text` in a file of theirs below /proc. */
function pidsWith(file: "cmdline" | "environ", text: string): number[] {
  const found: number[] = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = Deno.readTextFileSync(`/proc/${name}/stat`);
      const isDead = /^ [ZX]/.test(stat.slice(stat.lastIndexOf(")") + 1));
      if (!isDead && Deno.readTextFileSync(`/proc/${name}/${file}`).includes(text)) found.push(Number(name));
    } catch {
      // It ended.
    }
  }
  return found;
}

/** What was left of the children that sleep this long. */
function pidsNaming(nap: string): number[] {
  return pidsWith("cmdline", nap);
}

/** The guardian of the omk process with this mark. */
function guardiansOf(mark: string): number[] {
  return pidsWith("environ", `OMK_GUARDIAN=${mark}`);
}

/** A project whose tasks, at their first attempt, leave a file and then misbehave in these ways. */
async function badSandbox(level: Containment, nap: string): Promise<Sandbox> {
  const sandbox = await Sandbox.withRepository();
  const kinds = COVERED[level];
  const tasks = Array.from({ length: CHILDREN }, (_, at) => ({
    id: `t${at}`,
    run: `echo work > t${at}.txt; [ $OMK_ATTEMPT -eq 1 ] || exit 0; touch ${sandbox.root}/up-${at}; ` +
      (kinds[at % kinds.length] ?? "").replaceAll("NAP", nap),
  }));
  await sandbox.plan({
    version: 1,
    workers: CHILDREN,
    gates: [{ name: "all", command: `test $(ls t*.txt | wc -l) -eq ${CHILDREN}` }],
    limits: { containment: level },
    tasks,
  });
  return sandbox;
}

/** Runs omk until all children are up, and some moments more. */
async function runUntilUp(sandbox: Sandbox): Promise<ReturnType<Sandbox["start"]>> {
  const omk = sandbox.start(["run"]);
  for (let at = 0; at < CHILDREN; at++) await appears(`${sandbox.root}/up-${at}`);
  await new Promise((resolve) => setTimeout(resolve, 200));
  return omk;
}

/** Goes on with the run, and makes sure that nothing was lost, and nothing of the user's touched. */
async function resumeWhole(sandbox: Sandbox, before: Awaited<ReturnType<typeof userState>>): Promise<void> {
  await sandbox.omkEnds(0, ["resume"]);
  const run = `refs/omk/${await sandbox.runId()}`;
  for (let at = 0; at < CHILDREN; at++) {
    assertEquals(await sandbox.git("show", `${run}/task/t${at}/1/pin:t${at}.txt`), "work");
  }
  await sandbox.omkEnds(0, ["log", "verify"]);
  await assertUntouched(sandbox, before);
}

for (const level of LEVELS) {
  Deno.test({
    name: `P6, P9, P13: omk that is killed at the containment ${level} leaves nothing that the level covers`,
    ignore: !AVAILABLE.has(level),
    async fn() {
      const nap = makeNap();
      await using sandbox = await badSandbox(level, nap);
      const before = await userState(sandbox);
      const omk = await runUntilUp(sandbox);
      const running = pidsNaming(nap).length;
      omk.kill("SIGKILL");
      const killedAt = performance.now();
      await eventually("all that was left to end", () => pidsNaming(nap).length === 0 ? true : undefined);
      const ms = Math.round(performance.now() - killedAt);
      await omk.ended;
      await sandbox.becomesQuiet();
      report(`omk killed at ${level}`, {
        children: CHILDREN,
        processes: running,
        "ms until none was left": ms,
      });
      // Elsewhere other tests take the machine.
      if (RUNS_ALL) assertEquals(ms < LIMIT_MS, true, `${ms} ms`);
      await resumeWhole(sandbox, before);
    },
  });
}

// At `group` only the dead knew the groups.
for (const level of share<readonly Containment[]>(["mark"], ["cgroup", "pidns", "mark"])) {
  Deno.test({
    name:
      `P6, P9, P13: omk resume ends what was left where the guardian was killed too, at the containment ${level}`,
    ignore: !AVAILABLE.has(level),
    async fn() {
      const nap = makeNap();
      await using sandbox = await badSandbox(level, nap);
      const before = await userState(sandbox);
      const omk = await runUntilUp(sandbox);
      const [started] = await sandbox.payloads("run_started");
      assertEquals(started?.containment, level);
      const { mark } = started?.controller as { mark: string };
      // Stopped first: omk replaces one that ends.
      for (const pid of guardiansOf(mark)) Deno.kill(pid, "SIGSTOP");
      omk.kill("SIGKILL");
      await omk.ended;
      for (const pid of guardiansOf(mark)) Deno.kill(pid, "SIGKILL");
      await resumeWhole(sandbox, before);
      assertEquals(pidsNaming(nap), []);
    },
  });
}
