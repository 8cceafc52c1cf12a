import { assertEquals } from "@std/assert";
import type { ProcessIdentity } from "../../src/process/port.ts";
import { eventually, PATH_ONLY, withBench } from "./fixture.ts";

Deno.test("originOf() tells the processes of a task, however they hide, from those of the user", () =>
  withBench(async ({ supervisor, body, dir, read }) => {
    // In the order of the file: the body, a child, one without environment, one in a session of its own, both at once.
    const running = supervisor.run(body(
      `me() { echo "$1" >> ${dir}/pids; }
       me $$
       sleep 600 & me $!
       env -i sleep 600 & me $!
       setsid sleep 600 & me $!
       env -i setsid sh -c 'sleep 600; :' & me $!
       echo done >> ${dir}/pids; wait`,
      { env: { ...PATH_ONLY, OMK_MARK: supervisor.mark } },
    ));
    const lines = await eventually("the processes", () => {
      try {
        const all = read("pids").trim().split("\n");
        return all.at(-1) === "done" ? all.slice(0, -1) : undefined;
      } catch {
        return undefined;
      }
    });
    const identityOf = async (pid: number): Promise<ProcessIdentity> => {
      const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return { pid, pgid: pid, start_time: fields[19] ?? "", boot_id: null };
    };
    for (const line of lines) {
      // `setsid` forks where it leads a group, and is then gone: its child has the session.
      assertEquals(
        await supervisor.originOf(await identityOf(Number(line))),
        "task",
        `process ${line} of ${lines}`,
      );
    }
    assertEquals(lines.length, 5);
    assertEquals(await supervisor.originOf(supervisor.self), "outside");
    await using child = new Deno.Command("sleep", { args: ["600"], clearEnv: true, env: PATH_ONLY }).spawn();
    const outside = await identityOf(child.pid);
    assertEquals(await supervisor.originOf(outside), "outside");
    assertEquals(
      await supervisor.originOf({ ...outside, start_time: "1" }),
      "gone",
      "another process had this pid",
    );
    child.kill("SIGKILL");
    await child.status;
    assertEquals(await supervisor.originOf(outside), "gone");
    running.end("cancelled", true);
    await running.outcome;
  }));

Deno.test("originOf() takes what omk itself was started with for no task of its own, unless it asks about itself", () =>
  withBench(async ({ supervisor }) => {
    const child = new Deno.Command("sleep", {
      args: ["600"],
      clearEnv: true,
      env: { ...PATH_ONLY, OMK_MARK: "outer" },
      detached: true,
    }).spawn();
    const start = async () =>
      (await Deno.readTextFile(`/proc/${child.pid}/stat`)).split(") ")[1]?.split(" ")[19] ?? "";
    const identity = { pid: child.pid, pgid: child.pid, start_time: await start(), boot_id: null };
    assertEquals(await supervisor.originOf(identity), "outside");
    assertEquals(await supervisor.originOf(identity, { selfIsTask: true }), "task");
    child.kill("SIGKILL");
    await child.status;
  }, { environment: { ...PATH_ONLY, OMK_MARK: "outer" } }));
