import { assertEquals, assertStringIncludes } from "@std/assert";
import { doctorCommand } from "../../src/cli/commands/doctor.ts";
import { checkDirectory } from "../../src/cli/doctor/check_files.ts";
import { checkClock, checkNesting, checkVersion } from "../../src/cli/doctor/check_machine.ts";
import type { Finding } from "../../src/cli/doctor/finding.ts";
import { COMMANDS } from "../../src/cli/registry.ts";
import { callCommand, PlainPlace, recordRun, storyDrafts, storyPlan } from "./fixture.ts";

async function findings(
  place: PlainPlace,
): Promise<{ readonly code: number; readonly of: (check: string) => Finding | undefined }> {
  const { stdout, code } = await callCommand(doctorCommand, ["--json"], place);
  const list: readonly Finding[] = JSON.parse(stdout).findings;
  return { code, of: (check) => list.find((each) => each.check === check) };
}

Deno.test("omk doctor finds a usable machine usable, in a repository and outside", async () => {
  await using place = await PlainPlace.make();
  const outside = await findings(place);
  assertEquals(outside.code, 0);
  assertEquals(outside.of("git")?.level, "ok");
  assertEquals(outside.of("repository")?.level, "note");
  assertEquals(outside.of("state")?.level, "ok");
  assertEquals(outside.of("containment")?.level === "problem", false);
  for (
    const args of [["init", "-q"], [
      "-c",
      "user.name=a",
      "-c",
      "user.email=b",
      "commit",
      "-q",
      "--allow-empty",
      "-m",
      "x",
    ]]
  ) {
    await new Deno.Command("git", { args, cwd: place.cwd }).output();
  }
  await Deno.writeTextFile(`${place.cwd}/new.txt`, "");
  const inside = await findings(place);
  assertEquals(inside.code, 0);
  assertEquals(inside.of("repository")?.level, "ok");
  assertStringIncludes(
    inside.of("checkout")?.found ?? "",
    "1 changed path that tasks would not see: new.txt",
  );
  assertEquals(inside.of("worktrees")?.level, "ok");
  // Nothing of what was tried is left behind.
  assertEquals((await Array.fromAsync(Deno.readDir(place.root))).map((entry) => entry.name), ["project"]);
});

Deno.test("omk doctor calls a repository without a commit a problem, with what to do", async () => {
  await using place = await PlainPlace.make();
  await new Deno.Command("git", { args: ["init", "-q"], cwd: place.cwd }).output();
  const { code, of } = await findings(place);
  assertEquals(code, 1);
  assertEquals(of("repository")?.level, "problem");
  assertStringIncludes(of("repository")?.fix ?? "", "git commit");
});

Deno.test("omk doctor reports interrupted and unreadable runs", async () => {
  await using place = await PlainPlace.make();
  await recordRun(place.home, "20260101-000000-aaaa", storyPlan(), storyDrafts("active"));
  const interrupted = await findings(place);
  assertEquals([interrupted.code, interrupted.of("runs")?.level], [0, "warning"]);
  assertStringIncludes(interrupted.of("runs")?.found ?? "", "1 run interrupted: 20260101-000000-aaaa");
  await Deno.writeTextFile(`${place.home}/runs/20260101-000000-aaaa/events.jsonl`, "no log\n");
  const damaged = await findings(place);
  assertEquals([damaged.code, damaged.of("runs")?.level], [1, "problem"]);
});

Deno.test("omk doctor --permissions tells what each command holds", async () => {
  await using place = await PlainPlace.make();
  const { stdout } = await callCommand(doctorCommand, ["--permissions", "--json"], place);
  const commands: readonly { command: string; permissions: string[] }[] = JSON.parse(stdout).commands;
  assertEquals(commands.map((each) => each.command), COMMANDS.map((each) => each.name));
  const of = (name: string) => commands.find((each) => each.command === name)?.permissions;
  assertEquals(of("proof"), ["read"]);
  assertEquals(of("log verify"), ["read"]);
  assertEquals(of("run"), ["read", "write", "run", "env"]);
  assertEquals(of("status")?.includes("run"), false);
  const text = await callCommand(doctorCommand, ["--permissions"], place);
  assertStringIncludes(text.stdout, "No command reaches the network");
});

Deno.test("checkDirectory() says what keeps a directory from being used", async () => {
  await using place = await PlainPlace.make();
  const file = `${place.root}/file`;
  await Deno.writeTextFile(file, "");
  const [inFile] = await checkDirectory({ check: "state", path: `${file}/omk`, optional: false });
  assertEquals(inFile?.level, "problem");
  const missing = `${place.root}/a/b/c`;
  const [found] = await checkDirectory({ check: "state", path: missing, optional: false });
  assertEquals(found?.found, `${missing} (not made yet): it can be written to, locked and synced`);
  if (Deno.uid() === 0) return;
  await Deno.chmod(place.cwd, 0o500);
  const [closed] = await checkDirectory({ check: "worktrees", path: place.cwd, optional: true });
  assertEquals(closed?.level, "warning");
  await Deno.chmod(place.cwd, 0o700);
});

Deno.test("checkClock() notices a clock that was never set, or is behind the newest run", () => {
  const now = Date.UTC(2026, 0, 2);
  assertEquals(checkClock(now, null).level, "ok");
  assertEquals(checkClock(now, now - 1).level, "ok");
  assertEquals(checkClock(now, now + 60_000).level, "warning");
  assertEquals(checkClock(0, null).level, "problem");
});

Deno.test("checkVersion() and checkNesting() say what runs, and where", () => {
  assertStringIncludes(checkVersion().found, "runtime: source");
  assertEquals(checkNesting({}), []);
  assertEquals(checkNesting({ OMK_MARK: "x" })[0]?.level, "note");
});
