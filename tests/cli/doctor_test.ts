import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { doctorCommand } from "../../src/cli/commands/doctor.ts";
import type { Finding } from "../../src/cli/doctor/finding.ts";
import { doctorSchema, permissionsSchema } from "../../src/cli/schema/doctor.ts";
import { COMMANDS } from "../../src/cli/registry.ts";
import { callCommand, PlainPlace, recordRun, storyDrafts, storyPlan } from "./fixture.ts";

async function findings(
  place: PlainPlace,
): Promise<{ readonly code: number; readonly of: (check: string) => Finding | undefined }> {
  const { stdout, code } = await callCommand(doctorCommand, ["--json"], place);
  const document = doctorSchema.parse(JSON.parse(stdout));
  const list: readonly Finding[] = document.findings;
  return { code, of: (check) => list.find((each) => each.check === check) };
}

Deno.test("omk doctor finds a usable machine usable, in a repository and outside", async () => {
  await using place = await PlainPlace.make();
  const outside = await findings(place);
  assertEquals(outside.code, 0);
  assertEquals(outside.of("git")?.level, "ok");
  assertEquals(outside.of("repository")?.level, "note");
  assertEquals(outside.of("state")?.level, "ok");
  assertEquals(outside.of("containment")?.level === "error", false);
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
    "1 changed path: new.txt",
  );
  assertEquals(inside.of("worktrees")?.level, "ok");
  // Nothing of what was tried is left behind.
  assertEquals((await Array.fromAsync(Deno.readDir(place.root))).map((entry) => entry.name), ["project"]);
});

Deno.test("omk doctor calls a repository without a commit an error, with what to do", async () => {
  await using place = await PlainPlace.make();
  await new Deno.Command("git", { args: ["init", "-q"], cwd: place.cwd }).output();
  const { code, of } = await findings(place);
  assertEquals(code, 1);
  assertEquals(of("repository")?.level, "error");
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
  assertEquals([damaged.code, damaged.of("runs")?.level], [0, "warning"]);
  assertStringIncludes(damaged.of("runs")?.fix ?? "", "omk log verify 20260101-000000-aaaa");
});

Deno.test("omk doctor --permissions tells what each command holds", async () => {
  await using place = await PlainPlace.make();
  const { stdout } = await callCommand(doctorCommand, ["--permissions", "--json"], place);
  const { commands } = permissionsSchema.parse(JSON.parse(stdout));
  assertEquals(commands.map((each) => each.command), COMMANDS.map((each) => each.name));
  const of = (name: string) => commands.find((each) => each.command === name)?.permissions;
  assertEquals(of("pr"), ["read"]);
  assertEquals(of("proof"), ["read", "write"]);
  assertEquals(of("log verify"), ["read"]);
  assertEquals(of("run"), ["read", "write", "run", "env"]);
  assertEquals(of("status")?.includes("run"), false);
  const text = await callCommand(doctorCommand, ["--permissions"], place);
  assertStringIncludes(text.stdout, "No command reaches the network");
});

/** What a person reads, with what differs from machine to machine replaced. */
async function linesOf(place: PlainPlace, words: readonly string[] = []): Promise<readonly string[]> {
  const { stdout } = await callCommand(doctorCommand, words, place);
  return stdout.replaceAll(place.root, "ROOT").trimEnd().split("\n");
}

Deno.test("omk doctor prints each finding with why it matters and what to do, and each setting with its origin", async () => {
  await using place = await PlainPlace.make();
  await Deno.mkdir(`${place.root}/.config/omk`, { recursive: true });
  await Deno.writeTextFile(`${place.root}/.config/omk/config.jsonc`, '{\n  "workers": 3,\n  "keep": "7d"\n}');
  await Deno.writeTextFile(
    `${place.cwd}/omk.jsonc`,
    `{"version": 1, "workers": 2, "defaults": {"isolation": "none"},
      "gates": [{"name": "test", "command": "CI=1 no-such-program --all"}, {"name": "cd", "command": "cd . && true"}],
      "tasks": [{"id": "a", "run": "true"}]}`,
  );
  const env = { ...place.env, OMK_COLOR: "never", OMK_WORKER: "5" };
  const { stdout, code } = await callCommand(doctorCommand, [], { cwd: place.cwd, env });
  const text = stdout.replaceAll(place.root, "ROOT");
  assertEquals(code, 0);
  assertEquals(text.match(/^[A-Z].*$/gm), [
    "Machine",
    "Git",
    "Storage",
    "Runs",
    "Agents",
    "Plan",
    "Configuration",
    "Settings",
    text.trimEnd().split("\n").at(-1) ?? "",
  ]);
  const from = (title: string) => text.slice(text.indexOf(`\n${title}\n`)).split("\n\n")[0]?.trim() ?? "";
  const columns = (part: string) => part.split("\n").map((line) => line.trim().replace(/ {2,}/g, "  "));
  assertEquals(columns(from("Plan")), [
    "Plan",
    'ok  plan  "omk": 1 task',
    'warning  gates  gate "test" calls no-such-program, which is not on the PATH',
    "why: a run cannot become ready",
    "do:  install no-such-program, or change the gate",
  ]);
  assertEquals(columns(from("Configuration")), [
    "Configuration",
    "ok  configuration  ROOT/.config/omk/config.jsonc",
    "warning  environment  Unknown variable OMK_WORKER: it changes nothing; did you mean OMK_WORKERS?",
  ]);
  assertEquals(columns(from("Settings")), [
    "Settings",
    "workers  2  ROOT/project/omk.jsonc",
    "on_failure  continue  default",
    "durability  batch  default",
    "containment  auto  default",
    "base  asks on a terminal, else refuses  default",
    "agent  that of omk.jsonc (defaults.agent), else the only one that is installed  default",
    "agents  those that omk knows  default",
    "approval  safe  default",
    "worktree_dir  $XDG_STATE_HOME/omk/worktrees  default",
    "output  none on a terminal, else group  default",
    "verbosity  normal  default",
    "color  never  OMK_COLOR",
    "keep  7d  ROOT/.config/omk/config.jsonc:3:3",
    "prices  none  default",
  ]);
  assertMatch(text, /\nRuns can start here, with \d warnings\n$/);
});

Deno.test("omk doctor works with a bad configuration and a bad plan, and tells what is wrong with both", async () => {
  await using place = await PlainPlace.make();
  await Deno.mkdir(`${place.root}/.config/omk`, { recursive: true });
  await Deno.writeTextFile(`${place.root}/.config/omk/config.jsonc`, '{"workrs": 3}');
  await Deno.writeTextFile(`${place.cwd}/omk.jsonc`, '{"version": 2}');
  const { code, of } = await findings(place);
  assertEquals(code, 1);
  assertStringIncludes(of("configuration")?.found ?? "", 'config.jsonc:1:2: unknown setting "workrs"');
  assertEquals([of("plan")?.level, of("plan")?.fix], ["error", "omk run --dry-run tells all of them"]);
  assertStringIncludes((await linesOf(place)).at(-1) ?? "", "2 errors");
  await Deno.writeTextFile(`${place.cwd}/omk.jsonc`, '{"workers": 2}');
  assertEquals((await findings(place)).of("plan")?.found, '"omk": no tasks, so its settings are for prompts');
  const config = await linesOf(place, ["--config"]);
  assertEquals(config[0], "Configuration");
  assertEquals(config.includes("Machine"), false);
});

Deno.test("omk doctor works without HOME and outside a repository, and says that runs cannot be kept", async () => {
  await using place = await PlainPlace.make();
  const env = { PATH: place.env.PATH ?? "" };
  const { code, stdout } = await callCommand(doctorCommand, ["--json"], { cwd: place.cwd, env });
  const { findings } = doctorSchema.parse(JSON.parse(stdout));
  assertEquals(code, 1);
  assertEquals(findings.filter((each) => each.level === "error").map((each) => each.check), ["state"]);
});

Deno.test("omk doctor finds hooks, old runs and pins whose run is gone, and names the commands", async () => {
  await using place = await PlainPlace.make();
  const git = async (...args: readonly string[]) => {
    const identity = ["-c", "user.name=a", "-c", "user.email=b"];
    const { success } = await new Deno.Command("git", { args: [...identity, ...args], cwd: place.cwd })
      .output();
    assertEquals(success, true, args.join(" "));
  };
  await git("init", "-q");
  await git("commit", "-q", "--allow-empty", "-m", "x");
  await git("update-ref", "refs/omk/20250101-000000-gone/head", "HEAD");
  await Deno.mkdir(`${place.cwd}/.git/hooks`, { recursive: true });
  await Deno.writeTextFile(`${place.cwd}/.git/hooks/pre-commit`, "#!/bin/sh\n", { mode: 0o755 });
  await recordRun(`${place.cwd}/.git/omk`, "20260101-000000-aaaa", storyPlan(), storyDrafts("finished"));
  const env = { ...place.env, OMK_KEEP: "0" };
  const { stdout } = await callCommand(doctorCommand, ["--json"], { cwd: place.cwd, env });
  const { findings } = doctorSchema.parse(JSON.parse(stdout));
  const of = (check: string) => findings.find((each) => each.check === check);
  assertEquals(of("hooks")?.found, "1 hook: pre-commit");
  assertEquals(of("pins")?.found, "refs of 1 run whose files are gone: 20250101-000000-gone");
  assertEquals(of("runs")?.found, "1 run that ended longer than 0 ago");
  const remove = /; (git for-each-ref .*) removes it$/.exec(of("pins")?.fix ?? "")?.[1] ?? "false";
  const { success } = await new Deno.Command("sh", { args: ["-c", remove], cwd: place.cwd }).output();
  assertEquals(success, true);
  const { stdout: left } = await new Deno.Command("git", {
    args: ["for-each-ref", "refs/omk"],
    cwd: place.cwd,
  }).output();
  assertEquals(left.length, 0);
});
