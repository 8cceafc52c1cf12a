/** `omk doctor` where something is broken. */

import { assertEquals, assertMatch } from "@std/assert";
import { doctorSchema } from "../../src/cli/schema/doctor.ts";
import type { Called } from "./call.ts";
import { Sandbox } from "./harness.ts";
import { canMount } from "./mount_namespace.ts";
import { SmallDisk } from "./small_disk.ts";

const PLAN = { version: 1, gates: [{ name: "t", command: "true" }], tasks: [{ id: "a", run: "true" }] };

/** The exit code, and the findings that are no `ok`, as `level check: found; fix`. What omk was built on is no matter. */
function troubles({ code, stdout }: Called): { readonly code: number; readonly lines: readonly string[] } {
  const { findings, ok } = doctorSchema.parse(JSON.parse(stdout));
  assertEquals(code, ok ? 0 : 1);
  const lines = findings
    .filter(({ level, check }) => (level === "error" || level === "warning") && check !== "version")
    .map(({ level, check, found, fix }) => `${level} ${check}: ${found}; ${fix}`);
  return { code, lines };
}

Deno.test("omk doctor finds nothing wrong in a healthy repository, and changes nothing in it", async () => {
  await using sandbox = await Sandbox.withPlan(PLAN);
  const before = (await sandbox.sh("find . ../state | sort")).stdout;
  assertEquals(troubles(await sandbox.omk(["doctor", "--json"])), { code: 0, lines: [] });
  assertEquals((await sandbox.sh("find . ../state | sort")).stdout, before);
});

Deno.test("omk doctor says which git to install where it is too old or missing", async () => {
  await using sandbox = await Sandbox.withPlan(PLAN);
  await sandbox.stub("git", "echo git version 2.30.2");
  const old = troubles(await sandbox.omk(["doctor", "--json"]));
  assertEquals(old.code, 1);
  assertMatch(old.lines[0] ?? "", /^error git: .*2\.30\.2.*; install git 2\.38 or later/);
  await Deno.remove(`${sandbox.root}/bin/git`);
  const missing = troubles(await sandbox.omk(["doctor", "--json"]));
  assertEquals([missing.code, missing.lines.length], [1, 1]);
  assertMatch(missing.lines[0] ?? "", /^error git: Cannot run git.*; install git 2\.38 or later/);
});

Deno.test("omk doctor finds a full disk and a read-only one", { ignore: !canMount() }, async () => {
  await using sandbox = await Sandbox.withPlan(PLAN);
  // df is no program of a bare machine's PATH here; doctor does without it, but then cannot tell the space.
  await sandbox.stub("df", 'PATH=/usr/bin:/bin exec df "$@"');
  await using disk = await SmallDisk.mount(sandbox, sandbox.project, "2m");
  const full = troubles(await disk.omk(["doctor", "--json"]));
  assertEquals(full.code, 1);
  assertMatch(full.lines.join("\n"), /^error state space: .* free at .*; make room; omk clean removes/m);
  // The mount, not the disk: that is all that a user who is not root may make so.
  await disk.sh("mount -o remount,bind,ro .");
  const readOnly = troubles(await disk.omk(["doctor", "--json"]));
  assertEquals(readOnly.code, 1);
  assertMatch(
    readOnly.lines.join("\n"),
    /^error state: .* cannot be written to: Read-only file system.*; make /m,
  );
});

Deno.test("omk doctor works as a user without a name, a home or a terminal", async () => {
  await using sandbox = await Sandbox.withPlan(PLAN);
  const called = await sandbox.omk(["doctor", "--json"], {
    env: { HOME: "", XDG_STATE_HOME: "", TERM: "", USER: "", LOGNAME: "" },
  });
  assertEquals(troubles(called), { code: 0, lines: [] });
});
