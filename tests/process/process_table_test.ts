import { assert, assertEquals, assertRejects, fail } from "@std/assert";
import { parseEnvironments, parsePsEnvironments } from "../../src/process/omk_variables.ts";
import { ProcessTable } from "../../src/process/process_table.ts";
import { RequestShell, RequestShellError } from "../../src/process/request_shell.ts";
import { eventually, PATH_ONLY } from "./fixture.ts";

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
    await eventually("four processes", async () => {
      const { variables } = await table.environments();
      return variables.values().filter(({ marks }) => marks.includes(mark)).toArray().length === 4;
    });
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
  Deno.test(`ProcessTable shows omk's variables in environments, and the members of groups (${source})`, () =>
    withTable(procRoot, async (table, mark, first, second) => {
      assertEquals([table.source, table.marksReadable], [source, true]);
      const { variables } = await table.environments();
      const { marks, taskId, attempt, guardianOf } = variables.get(first) ?? fail();
      assertEquals([marks, taskId, attempt, guardianOf], [["outer", mark], "api", "1", undefined]);
      const pids = (attempt: string) =>
        [...variables].filter(([, own]) => own.marks.includes(mark) && own.attempt === attempt).map(([pid]) =>
          pid
        );
      assertEquals(pids("1").sort(), (await table.liveMembers(first) ?? []).map(({ pid }) => pid).sort());
      assertEquals(pids("2").sort(), (await table.liveMembers(second) ?? []).map(({ pid }) => pid).sort());
    }));

  Deno.test(`ProcessTable tells the start time and life of a process (${source})`, () =>
    withTable(procRoot, async (table, _mark, first) => {
      const stat = await table.stat(first);
      assertEquals([stat?.pgid, stat?.alive], [first, true]);
      assert((stat?.startTime ?? "") !== "");
      assertEquals(await table.isRunning(first, stat?.startTime ?? null), true);
      assertEquals(await table.isRunning(first, "another"), false);
      assertEquals(await table.stat(2 ** 22 + 1), null);
      assertEquals((await table.cpuTimes([first]))?.has(first), true);
    }));
}

Deno.test("environments() of some processes, with those that show none", () =>
  withTable("/proc", async (table, mark, first, second) => {
    const look = await table.environments([first, second, 2, 2 ** 22 + 1]);
    assertEquals([...look.variables.keys()].sort(), [first, second].sort());
    assertEquals(look.variables.get(second)?.marks, ["outer", mark]);
    assertEquals(look.blank, [2, 2 ** 22 + 1]);
    assert(look.last >= second);
    // One is a thread of the kernel (or gone, in a container), the other does not exist.
    assertEquals(await table.executing(look.blank), []);
  }));

Deno.test("bornAfter() lists the later processes with their sessions, and gives up on long lists", () =>
  withTable("/proc", async (table, _mark, first, second) => {
    const born = await table.bornAfter(first) ?? fail();
    assertEquals(born.processes.find(({ pid }) => pid === second)?.session, second);
    assert(born.processes.every(({ pid }) => pid > first && pid <= born.last));
    assertEquals(await table.bornAfter(1), null);

    const others = await table.bornAfter(first, [second]) ?? fail();
    assertEquals(others.processes.find(({ pid }) => pid === second), undefined);
  }));

Deno.test("parseEnvironments() and parsePsEnvironments() are not confused by strange values", () => {
  const proc = parseEnvironments([
    "1/environ:P\0",
    "12/environ:OMK_MARK=a:b\x0012/environ:OMK_TASK_ID=a b\x003/environ:x\0",
    "",
  ]);
  assertEquals([...proc.keys()], [1, 12, 3]);
  assertEquals(proc.get(12), { marks: ["a", "b"], taskId: "a b", attempt: undefined, guardianOf: undefined });
  assertEquals(proc.get(1)?.marks, []);
  const ps = parsePsEnvironments([
    "ps 7 sh -c echo OMK_MARK=x PATH=/bin OMK_GUARDIAN=g",
    "ps 8 sleep OMK_ATTEMPT=2",
  ]);
  assertEquals(ps.get(7)?.guardianOf, "g");
  assertEquals(ps.get(8)?.attempt, "2");
});

Deno.test("stat() is not fooled by the name of a program: spaces, parentheses and newlines", async () => {
  const dir = await Deno.makeTempDir();
  const table = await ProcessTable.start({ shell: "/bin/sh", environment: PATH_ONLY });
  const program = `${dir}/a) R 1\n2 (`;
  await Deno.copyFile("/bin/sleep", program);
  await Deno.chmod(program, 0o755);
  const child = new Deno.Command(program, { args: ["600"], detached: true }).spawn();
  const stat = await table.stat(child.pid);
  assertEquals([stat?.pgid, stat?.session, stat?.alive], [child.pid, child.pid, true]);
  assertEquals(await table.liveMembers(child.pid), [{ pid: child.pid, parent: Deno.pid }]);
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
