import { assert, assertEquals } from "@std/assert";
import { ProcessTable } from "../../src/process/process_table.ts";
import { RequestShell, RequestShellError } from "../../src/process/request_shell.ts";
import { eventually, PATH_ONLY } from "./fixture.ts";
import { assertRejects } from "@std/assert";

/** A table, and two marked processes of attempts 1 and 2 of the task `api`, each with a child. */
async function withTable(
  procRoot: string,
  test: (table: ProcessTable, mark: string, first: number, second: number) => Promise<void>,
): Promise<void> {
  const mark = crypto.randomUUID();
  const table = await ProcessTable.start({ shell: "/bin/sh", environment: PATH_ONLY, procRoot });
  const children = ["1", "2"].map((attempt) =>
    new Deno.Command("sh", {
      args: ["-c", "sleep 600 & wait"],
      clearEnv: true,
      env: { ...PATH_ONLY, OMK_MARK: `outer:${mark}`, OMK_TASK_ID: "api", OMK_ATTEMPT: attempt },
      detached: true,
    }).spawn()
  );
  const [first = 0, second = 0] = children.map(({ pid }) => pid);
  try {
    await eventually("four processes", async () => (await table.carriers({ mark })).length === 4);
    await test(table, mark, first, second);
  } finally {
    for (const child of children) {
      Deno.kill(-child.pid, "SIGKILL");
      await child.status;
    }
    await table.close();
  }
}

for (const [procRoot, source] of [["/proc", "proc"], ["/nonexistent", "ps"]] as const) {
  Deno.test(`ProcessTable finds processes by mark, attempt and group (${source})`, () =>
    withTable(procRoot, async (table, mark, first, second) => {
      assertEquals([table.source, table.marksReadable], [source, true]);
      const pids = async (attempt: number) =>
        (await table.carriers({ mark, attempt: { task_id: "api", attempt } })).map(({ pid }) => pid);
      assertEquals((await pids(1)).sort(), [...await table.liveMembers(first) ?? []].sort());
      assertEquals((await pids(2)).sort(), [...await table.liveMembers(second) ?? []].sort());
      assertEquals(await pids(3), []);
      assertEquals(await table.carriers({ mark, attempt: { task_id: "ap", attempt: 1 } }), []);
      assertEquals(await table.carriers({ mark: "outer", attempt: { task_id: "api", attempt: 3 } }), []);
      assertEquals(await table.carriers({ mark: mark.slice(1) }), []);
      assertEquals((await table.carriers({ mark }))[0]?.role, "task");
    }));

  Deno.test(`ProcessTable tells the start time and life of a process (${source})`, () =>
    withTable(procRoot, async (table, _mark, first) => {
      const stat = await table.stat(first);
      assertEquals([stat?.pgid, stat?.alive], [first, true]);
      assert((stat?.startTime ?? "") !== "");
      assertEquals(await table.isRunning(first, stat?.startTime ?? null), true);
      assertEquals(await table.isRunning(first, "another"), false);
      assertEquals(await table.stat(2 ** 22 + 1), null);
      assertEquals((await table.cpuTimes([first])).has(first), true);
    }));
}

Deno.test("bornAfter() lists the later processes with their sessions, and gives up on long lists", () =>
  withTable("/proc", async (table, _mark, first, second) => {
    const born = await table.bornAfter(first) ?? [];
    assertEquals(born.find(({ pid }) => pid === second)?.session, second);
    assert(born.every(({ pid }) => pid > first));
    assertEquals(await table.bornAfter(1), null);
  }));

Deno.test("stat() is not fooled by the name of a program: spaces, parentheses and newlines", async () => {
  const dir = await Deno.makeTempDir();
  const table = await ProcessTable.start({ shell: "/bin/sh", environment: PATH_ONLY });
  const program = `${dir}/a) R 1\n2 (`;
  await Deno.copyFile("/bin/sleep", program);
  await Deno.chmod(program, 0o755);
  const child = new Deno.Command(program, { args: ["600"], detached: true }).spawn();
  const stat = await table.stat(child.pid);
  assertEquals([stat?.pgid, stat?.session, stat?.alive], [child.pid, child.pid, true]);
  assertEquals(await table.liveMembers(child.pid), [child.pid]);
  child.kill("SIGKILL");
  await child.status;
  await table.close();
  await Deno.remove(dir, { recursive: true });
});

const ECHO = `while read -r line; do case $line in die) exit 1 ;; *) echo "got $line"; echo . ;; esac; done`;

Deno.test("RequestShell answers in order, and starts anew after its end", async () => {
  const shell = new RequestShell({ shell: "/bin/sh", script: ECHO, env: PATH_ONLY });
  const answers = await Promise.all(["a", "b", "c"].map((line) => shell.request(line)));
  assertEquals(answers, [["got a"], ["got b"], ["got c"]]);
  const first = shell.pid;
  const [dead, behind] = [shell.request("die"), shell.request("x")];
  await assertRejects(() => dead, RequestShellError, "it does not answer");
  await assertRejects(() => behind, RequestShellError);
  assertEquals(await shell.request("again"), ["got again"]);
  assert(shell.pid !== first);
  await shell.close();
  await shell.close();
});

Deno.test("RequestShell says why it cannot be started", async () => {
  const shell = new RequestShell({ shell: "/nonexistent/sh", script: ECHO, env: {} });
  await assertRejects(() => shell.request("a"), RequestShellError, "/nonexistent/sh");
});
