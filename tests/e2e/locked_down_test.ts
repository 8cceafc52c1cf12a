/** The main job where there is little: no home, a read-only one, an unknown user, a strict umask, no place for scratch. */

import { assertEquals, assertMatch } from "@std/assert";
import type { Called } from "./call.ts";
import { program, Sandbox } from "./harness.ts";
import { canMount, MOUNT_NAMESPACE } from "./mount_namespace.ts";

const PLAN = {
  version: 1,
  gates: [{ name: "look", command: "test -e made.txt" }],
  tasks: [{ id: "make", run: "echo made > made.txt" }, {
    id: "more",
    run: "cat made.txt",
    dependencies: ["make"],
  }],
};

/** Calls omk somehow, in the project of the sandbox. */
type Caller = (...words: readonly string[]) => Promise<Called>;

/** Everything from a first plan to a delivered one that is verified. */
async function doMainJob(sandbox: Sandbox, call: Caller): Promise<void> {
  const succeed = async (...words: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await call(...words);
    assertEquals(code, 0, `omk ${words.join(" ")}:\n${stdout}${stderr}`);
    return stdout;
  };
  const plan = await sandbox.read("omk.jsonc");
  await succeed("init", "--force");
  assertMatch(await sandbox.read("omk.jsonc"), /"tasks": \[/);
  await sandbox.write({ "omk.jsonc": plan });
  await succeed("run");
  assertMatch(await succeed("status"), /ready/);
  await succeed("merge");
  await succeed("verify");
  assertEquals(await sandbox.read("made.txt"), "made\n");
}

/** Deno keeps its cache in the home; the executable has no such need. */
const isBinary = program().args.length === 0;

Deno.test("omk works with neither HOME nor a state directory", async () => {
  await using sandbox = await Sandbox.withPlan(PLAN);
  const unset = ["HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "LANG", "TMPDIR"];
  await doMainJob(sandbox, async (...words) => await sandbox.omk(words, { unset }));
});

Deno.test("omk works with a home that is not there, without a terminal and with stdin closed", async () => {
  await using sandbox = await Sandbox.withPlan(PLAN);
  const lonely = async (...words: readonly string[]) =>
    await sandbox.sh(
      `export HOME=${sandbox.root}/no/home; unset XDG_STATE_HOME; exec setsid --wait ${
        sandbox.omkCommand(...words)
      } <&-`,
    );
  await doMainJob(sandbox, lonely);
});

Deno.test({
  name: "omk works with a home that cannot be written",
  ignore: !canMount(),
  async fn() {
    await using sandbox = await Sandbox.withPlan(PLAN);
    const home = `${sandbox.root}/home`;
    // A mount of its own keeps even root from writing there.
    const mount =
      `mount --bind ${home} ${home} && mount -o remount,bind,ro ${home} && ! touch ${home}/x 2>/dev/null`;
    await doMainJob(sandbox, async (...words) => {
      const script = `${mount} && unset XDG_STATE_HOME && exec ${sandbox.omkCommand(...words)}`;
      return await sandbox.call("unshare", [...MOUNT_NAMESPACE, "sh", "-c", script]);
    });
  },
});

Deno.test("omk works with a umask of 077, and keeps what tasks make as they make it", async () => {
  await using sandbox = await Sandbox.withPlan(PLAN);
  const strict: Caller = async (...words) =>
    await sandbox.sh(`umask 077; exec ${sandbox.omkCommand(...words)}`);
  await doMainJob(sandbox, strict);
  assertEquals(await sandbox.git("ls-tree", "HEAD", "--format=%(objectmode)", "made.txt"), "100644");
});

Deno.test("omk works where TMPDIR names no directory, or one elsewhere, and leaves nothing there", async () => {
  await using sandbox = await Sandbox.withPlan(PLAN);
  const nowhere = { TMPDIR: "/nowhere/at/all" };
  await doMainJob(sandbox, async (...words) => await sandbox.omk(words, { env: nowhere }));
  await using other = await Sandbox.withPlan(PLAN);
  const elsewhere = `${other.root}/a place for scratch`;
  await Deno.mkdir(elsewhere);
  await doMainJob(other, async (...words) => await other.omk(words, { env: { TMPDIR: elsewhere } }));
  assertEquals(await Array.fromAsync(Deno.readDir(elsewhere)), []);
});

Deno.test({
  name: "omk works for a uid that has no name",
  ignore: Deno.uid() !== 0 || !isBinary,
  async fn() {
    await using sandbox = await Sandbox.withPlan(PLAN);
    const ids = ["--reuid", "54321", "--regid", "54321", "--clear-groups"];
    const { command } = program();
    const place = `${sandbox.root}/bin/omk`;
    await Deno.copyFile(command, place);
    await Deno.chmod(place, 0o755);
    await sandbox.sh(`chown -R 54321:54321 ${sandbox.root}; chmod 755 ${sandbox.root}`);
    const nameless = ["env", "-u", "HOME", "-u", "XDG_STATE_HOME", place];
    await doMainJob(
      sandbox,
      async (...words) => await sandbox.call("/usr/bin/setpriv", [...ids, ...nameless, ...words]),
    );
  },
});
