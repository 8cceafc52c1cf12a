import { assert, assertEquals, assertThrows } from "@std/assert";
import { Guardian, GuardianError } from "../../src/process/guardian.ts";
import { endStrays } from "../../src/process/strays.ts";
import { createSupervisor } from "../../src/process/supervisor.ts";
import { systemClock } from "../../src/clock.ts";
import { ProcessTable } from "../../src/process/process_table.ts";
import { eventually, isRunning, PATH_ONLY, pidIn, pidsWithEnvironment } from "./fixture.ts";

const OMK_LIKE = new URL("./omk_like.ts", import.meta.url).pathname;

/** Five ways to outlive a parent; each writes the pid of what it leaves behind. */
const HOSTILE = [
  "trap '' TERM HUP INT; echo $$ >trap.pid; while :; do sleep 600; done",
  "setsid sh -c 'echo $$ >setsid.pid; exec sleep 600' & wait",
  "(setsid sh -c 'sh -c \"echo \\$\\$ >fork.pid; exec sleep 600\" &' &); sleep 600",
  "nohup sh -c 'echo $$ >nohup.pid; exec sleep 600' >/dev/null 2>&1 & wait",
  "sh -c 'trap \"\" TERM; setsid sleep 600 & echo $$ >both.pid; wait; sleep 600'",
];
const PID_FILES = ["trap", "setsid", "fork", "nohup", "both"];

/** The program that is killed, in a directory of its own, with the hostile bodies running. */
async function withHostileBodies(
  test: (
    omk: Deno.ChildProcess,
    mark: string,
    reader: ReadableStreamDefaultReader<Uint8Array>,
  ) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir();
  const omk = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-check",
      "--no-prompt",
      "-q",
      "--allow-run",
      "--allow-read",
      "--allow-write",
      "--allow-env",
    ]
      .concat(OMK_LIKE, HOSTILE),
    cwd: dir,
    stdin: "null",
    stdout: "piped",
    detached: true,
  }).spawn();
  const reader = omk.stdout.getReader();
  let mark = "";
  try {
    let text = "";
    while (!text.includes("\n")) text += new TextDecoder().decode((await reader.read()).value);
    mark = text.trim().split(" ")[1] ?? "";
    for (const name of PID_FILES) assert(isRunning(await pidIn(`${dir}/${name}.pid`)), name);
    assert(pidsWithEnvironment(mark).length >= 10);
    await test(omk, mark, reader);
  } finally {
    for (const pid of mark === "" ? [] : pidsWithEnvironment(mark)) Deno.kill(pid, "SIGKILL");
    await reader.cancel();
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("P9: SIGKILL of omk leaves none of five hostile bodies, nor the guardian, and ends omk's output", () =>
  withHostileBodies(async (omk, mark, reader) => {
    omk.kill("SIGKILL");
    await omk.status;
    // A reader behind a pipe sees the end at once: no helper holds omk's output.
    assertEquals((await reader.read()).done, true);
    await eventually("all processes with the mark are gone", () => pidsWithEnvironment(mark).length === 0);
  }));

Deno.test("the guardian survives what ends omk's group: SIGHUP, SIGINT, SIGTERM", () =>
  withHostileBodies(async (omk, mark) => {
    for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const) {
      for (const pid of pidsWithEnvironment(`OMK_GUARDIAN=${mark}`)) Deno.kill(pid, signal);
    }
    assertEquals(pidsWithEnvironment(`OMK_GUARDIAN=${mark}`).length, 1);
    Deno.kill(-omk.pid, "SIGTERM");
    await omk.status;
    await eventually("all processes with the mark are gone", () => pidsWithEnvironment(mark).length === 0);
  }));

/** A process group without any mark. */
function group(): Deno.ChildProcess {
  return new Deno.Command("sleep", { args: ["600"], clearEnv: true, env: PATH_ONLY, detached: true }).spawn();
}

Deno.test("add() and remove() thousands of times: the guardian forgets, does not grow, and ends what is left", async () => {
  const mark = crypto.randomUUID();
  const guardian = new Guardian({ shell: "/bin/sh", mark, environment: PATH_ONLY });
  guardian.start();
  const [kept, removed] = [group(), group()];
  const resident = () => Number(Deno.readTextFileSync(`/proc/${guardian.pid}/statm`).split(" ")[1]);
  guardian.add(kept.pid);
  guardian.add(removed.pid);
  let first = 0;
  for (let round = 1; round <= 5; round++) {
    for (let id = 1; id <= 1000; id++) {
      guardian.add(4_000_000 + id);
      guardian.remove(4_000_000 + id);
    }
    // The guardian has read everything once it waits in read() for the next line.
    await eventually("the guardian waits", () => {
      const io = Deno.readTextFileSync(`/proc/${guardian.pid}/wchan`);
      return /pipe_read|^0$/.test(io);
    });
    if (round === 1) first = resident();
  }
  assert(resident() <= first + 16, `${resident()} pages, ${first} before`);
  guardian.remove(removed.pid);
  await guardian.close(false, 10_000);
  assertEquals((await kept.status).signal, "SIGKILL");
  assert(isRunning(removed.pid));
  removed.kill("SIGKILL");
  await removed.status;
});

Deno.test("close() in good order ends the guardian and nothing else", async () => {
  const guardian = new Guardian({ shell: "/bin/sh", mark: crypto.randomUUID(), environment: PATH_ONLY });
  await guardian.close(true, 1_000);
  assertEquals(guardian.pid, null);
  const other = new Guardian({ shell: "/bin/sh", mark: crypto.randomUUID(), environment: PATH_ONLY });
  other.start();
  const pid = other.pid ?? 0;
  const kept = group();
  other.add(kept.pid);
  await other.close(true, 10_000);
  assert(!isRunning(pid));
  assert(isRunning(kept.pid));
  kept.kill("SIGKILL");
  await kept.status;
});

Deno.test("a guardian that was killed is replaced, and the next one knows the groups that run", async () => {
  const guardian = new Guardian({ shell: "/bin/sh", mark: crypto.randomUUID(), environment: PATH_ONLY });
  guardian.start();
  const guarded = group();
  guardian.add(guarded.pid);
  const first = guardian.pid ?? 0;
  Deno.kill(first, "SIGKILL");
  await eventually("another guardian", () => guardian.pid !== null && guardian.pid !== first);
  await guardian.close(false, 10_000);
  assertEquals((await guarded.status).signal, "SIGKILL");
});

Deno.test("start() fails with a reason where there is no shell", () => {
  const guardian = new Guardian({ shell: "/nonexistent/sh", mark: "m", environment: {} });
  assertThrows(() => guardian.start(), GuardianError, "/nonexistent/sh");
});

Deno.test("endStrays() leaves a guardian inside a task to its work, and waits for it", async () => {
  const mark = crypto.randomUUID();
  const inner = new Guardian({
    shell: "/bin/sh",
    mark: crypto.randomUUID(),
    environment: { ...PATH_ONLY, OMK_MARK: mark },
  });
  inner.start();
  const guarded = group();
  inner.add(guarded.pid);
  const table = await ProcessTable.start({ shell: "/bin/sh", environment: PATH_ONLY });
  const search = endStrays({ table, clock: systemClock }, { mark });
  await inner.close(false, 10_000);
  assertEquals(await search, { ended: 0, clear: true });
  assertEquals((await guarded.status).signal, "SIGKILL");
  await table.close();
});

Deno.test("an omk inside a task: when the outer one ends the attempt, nothing of the inner one is left", async () => {
  const dir = await Deno.makeTempDir();
  const supervisor = await createSupervisor({ environment: PATH_ONLY });
  const inner = [Deno.execPath(), "run", "--no-check", "-q", "-A", OMK_LIKE].concat(
    "setsid sh -c 'echo $$ >inner.pid; exec sleep 600' & wait",
  );
  const body = supervisor.run({
    task_id: "outer",
    attempt: 1,
    command: inner,
    cwd: dir,
    env: Deno.env.toObject(),
    timeoutMs: 600_000,
    graceMs: 0,
    outputPath: `${dir}/outer.log`,
    outputLimitBytes: 1024 * 1024,
  });
  const pid = await pidIn(`${dir}/inner.pid`);
  body.end("cancelled", true);
  const outcome = await body.outcome;
  assertEquals([outcome.kind, outcome.proven_dead], ["ended", true]);
  assert(!isRunning(pid));
  assertEquals(pidsWithEnvironment(`OMK_MARK=${supervisor.mark}`), []);
  await supervisor.close();
  assertEquals(pidsWithEnvironment(supervisor.mark), []);
  await Deno.remove(dir, { recursive: true });
});
