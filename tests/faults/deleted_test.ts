/** What a task works in, or prints to, is deleted while it runs. */

import { assertEquals, assertMatch } from "@std/assert";
import { appears } from "../e2e/call.ts";
import { Sandbox } from "../e2e/harness.ts";
import { assertUntouched, userState } from "../e2e/user_state.ts";

/** A run of two tasks, of which the first waits, at its first attempt, until something was deleted. */
async function runWhile(
  remove: (sandbox: Sandbox, slot: string) => string,
): Promise<{ readonly sandbox: Sandbox; readonly stdout: string }> {
  const sandbox = await Sandbox.withRepository({ "README.md": "# test\n", "kept.txt": "kept\n" });
  const up = `${sandbox.root}/up`;
  const go = `${sandbox.root}/go`;
  await sandbox.plan({
    version: 1,
    gates: [{ name: "look", command: "test -e kept.txt && test -e victim.txt && test -e other.txt" }],
    tasks: [
      {
        id: "victim",
        run:
          `echo before; echo made > victim.txt; if [ $OMK_ATTEMPT -eq 1 ]; then pwd > ${up}.new; mv ${up}.new ${up}; ` +
          `until [ -e ${go} ]; do sleep 0.02; done; fi; echo after; exit 0`,
        retry_policy: { max_attempts: 1, backoff_seconds: 0 },
      },
      { id: "other", run: "echo other > other.txt" },
    ],
  });
  const before = await userState(sandbox);
  const omk = sandbox.start(["run"]);
  const slot = (await appears(up)).trim();
  await sandbox.sh(`${remove(sandbox, slot)}; touch ${go}`);
  const { code, stdout, stderr } = await omk.ended;
  assertEquals(code, 0, stdout + stderr);
  assertEquals(await sandbox.git("show", `refs/omk/${await sandbox.runId()}/head:kept.txt`), "kept");
  assertEquals(await sandbox.git("show", `refs/omk/${await sandbox.runId()}/head:victim.txt`), "made");
  await assertUntouched(sandbox, before);
  await sandbox.omkEnds(0, ["log", "verify"]);
  await sandbox.omkEnds(0, ["verify"]);
  return { sandbox, stdout };
}

Deno.test("P6, P8: a worktree that is deleted under its task is no deletion of files: the attempt fails, the next one works", async () => {
  const { sandbox, stdout } = await runWhile((_, slot) => `rm -rf ${slot}`);
  await using _closing = sandbox;
  assertMatch(stdout, /retry +victim.*: failed in its worktree/);
});

Deno.test("P6, P8: the repository of a slot that is deleted under its task loses nothing", async () => {
  const { sandbox } = await runWhile((_, slot) => `rm -rf ${slot}.git ${slot}/.git`);
  await using _closing = sandbox;
});

Deno.test("P8: artifacts that are deleted under a task are told, and the task goes on", async () => {
  const { sandbox, stdout } = await runWhile((sandbox) =>
    `rm -rf ${sandbox.project}/.git/omk/runs/2*/tasks/victim`
  );
  await using _closing = sandbox;
  assertMatch(stdout, /done +victim/);
  const [outcome] = (await sandbox.payloads("task_finished")).filter(({ task_id }) => task_id === "victim");
  assertEquals(Object(outcome?.outcome).output, null);
});
