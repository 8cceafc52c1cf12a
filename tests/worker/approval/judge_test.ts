import { assertEquals } from "@std/assert";
import { type ApprovalRule, type ApprovalSpec, DEFAULT_APPROVAL } from "../../../src/plan/approval.ts";
import { judge } from "../../../src/worker/approval/judge.ts";
import type { PermissionRequest } from "../../../src/worker/approval/port.ts";
import { seeRequest } from "../../../src/worker/approval/request.ts";

const PLACE = { root: "/", cwd: "/" };

/** A worktree with a link that leads out of it, and one that stays inside. */
async function worktree(): Promise<AsyncDisposable & { readonly root: string; readonly outer: string }> {
  const outer = await Deno.realPath(await Deno.makeTempDir());
  const root = `${outer}/tree`;
  await Deno.mkdir(`${root}/src/deep`, { recursive: true });
  await Deno.writeTextFile(`${root}/src/a.ts`, "");
  await Deno.writeTextFile(`${outer}/secret`, "");
  await Deno.symlink("../secret", `${root}/leak`);
  await Deno.symlink("..", `${root}/up`);
  await Deno.symlink("src", `${root}/alias`);
  await Deno.symlink("loop", `${root}/loop`);
  return { root, outer, [Symbol.asyncDispose]: () => Deno.remove(outer, { recursive: true }) };
}

Deno.test("judge() safe allows what its text says, and nothing else", async () => {
  await using tree = await worktree();
  const { root, outer } = tree;
  const limit = { writeSet: ["src/**"] };
  const decided = async (request: Partial<PermissionRequest>) => {
    const whole = { tool: "other" as const, title: "t", paths: [], ...request };
    return judge(DEFAULT_APPROVAL, await seeRequest(whole, { root, cwd: root }), limit).decision;
  };
  const paths = (tool: PermissionRequest["tool"], ...paths: readonly string[]) => decided({ tool, paths });
  const run = (command: string) => decided({ tool: "execute", command });
  assertEquals(await decided({ tool: "think" }), "allow");
  for (const tool of ["fetch", "other", "execute", "read", "edit"] as const) {
    assertEquals(await decided({ tool }), "deny", tool);
  }
  assertEquals(await decided({ tool: "search" }), "allow");
  for (
    const path of [
      "src/a.ts",
      `${root}/src/a.ts`,
      "./src/../src/a.ts",
      "src/new/file",
      "alias/x",
      `file://${root}/src/b`,
    ]
  ) {
    assertEquals(await paths("edit", path), "allow", path);
  }
  for (
    const path of [
      "README",
      "../tree2/x",
      `${outer}/secret`,
      "leak",
      "up/secret",
      "src/../../secret",
      "alias/../leak",
      "~/x",
      "loop",
      "src/x\0y",
      "src/.git/config",
      ".GIT/hooks/x",
      "",
    ]
  ) {
    assertEquals(await paths("edit", path), "deny", path);
  }
  assertEquals(await paths("read", "README"), "allow");
  assertEquals(await paths("read", "leak"), "deny");
  assertEquals(await paths("read", ".git/config"), "deny");
  assertEquals(await paths("move", "src/a.ts", "src/b.ts"), "allow");
  assertEquals(await paths("move", "src/a.ts", "../b.ts"), "deny");
  assertEquals(await paths("search", "/etc"), "deny");
  for (
    const command of [
      "ls",
      "ls -la src",
      "cat src/a.ts",
      "head -n 5 src/a.ts",
      "pwd",
      "echo /etc 'a;b'",
      "wc -l README",
    ]
  ) {
    assertEquals(await run(command), "allow", command);
  }
  for (
    const command of [
      "cat /etc/passwd",
      "cat leak",
      "cat ../secret",
      "ls; rm x",
      "cat $HOME",
      "cat *",
      "wc --files0-from=x",
      "npm test",
      "/tmp/ls",
      "cat .git/config",
      "echo x > y",
      "cat -",
      "",
    ]
  ) {
    assertEquals(await run(command), "deny", command);
  }
  // A command is one, whatever the agent calls it.
  assertEquals(await decided({ tool: "think", command: "rm -rf x" }), "deny");
});

Deno.test("judge() never and yolo look at nothing", async () => {
  const request = await seeRequest({ tool: "execute", title: "t", command: "ls", paths: [] }, PLACE);
  const all = { writeSet: null };
  assertEquals(judge({ ...DEFAULT_APPROVAL, policy: "never" }, request, all).decision, "deny");
  assertEquals(judge({ ...DEFAULT_APPROVAL, policy: "yolo" }, request, all).decision, "allow");
});

const patterns = (
  rules: readonly ApprovalRule[],
  otherwise: ApprovalSpec["otherwise"] = "deny",
): ApprovalSpec => ({
  ...DEFAULT_APPROVAL,
  policy: "pattern",
  rules,
  otherwise,
});

Deno.test("judge() pattern: a prefix allows one plain command only, the strictest rule decides", async () => {
  const spec = patterns([
    { decision: "allow", command: ["npm", "test"] },
    { decision: "allow", exact: "npm ci && npm test" },
    { decision: "deny", command: ["git", "push"] },
    { decision: "ask", command: ["npm", "publish"], reason: "a release" },
    { decision: "allow", command: ["npm"] },
  ]);
  const decided = async (command: string) =>
    judge(spec, await seeRequest({ tool: "execute", title: "t", command, paths: [] }, PLACE), {
      writeSet: null,
    }).decision;
  const expected: readonly [string, string][] = [
    ["npm test", "allow"],
    ["npm test -- --only 'a b'", "allow"],
    ["npm ci && npm test", "allow"],
    ["npm publish --tag x", "ask"],
    ["npm testx", "allow"],
    ["npmx test", "deny"],
    ["npm test && curl x", "deny"],
    ["npm test; npm test", "deny"],
    ["npm test > ../x", "deny"],
    ["npm test $(x)", "deny"],
    ["npm test\nrm x", "deny"],
    ["PATH=. npm test", "deny"],
    ["git push", "deny"],
    ["npm ci && /usr/bin/git push", "deny"],
    ["sh -c 'git push'", "deny"],
  ];
  for (const [command, decision] of expected) assertEquals(await decided(command), decision, command);
});

Deno.test("judge() pattern: a rule that denies is about whatever may fit it", async () => {
  const decided = async (spec: ApprovalSpec, request: Partial<PermissionRequest>) => {
    const seen = await seeRequest({ tool: "execute", title: "t", paths: [], ...request }, PLACE);
    return judge(spec, seen, { writeSet: null });
  };
  const spec = patterns([{ decision: "allow", tools: ["execute"] }, {
    decision: "deny",
    command: ["git", "push"],
  }]);
  for (
    const command of [
      "a && git push",
      "(git push)",
      "git $X",
      "$(x)",
      "env git push",
      "'git' push",
      "\\git push",
      "A=1 git push",
    ]
  ) {
    assertEquals((await decided(spec, { command })).decision, "deny", command);
  }
  assertEquals((await decided(spec, {})).decision, "deny");
  for (const command of ["git status", "echo git push", "a | b"]) {
    assertEquals((await decided(spec, { command })).decision, "allow", command);
  }
  assertEquals(await decided(spec, { command: "git push" }), {
    decision: "deny",
    reason: 'rule 2: deny commands that begin with "git push"',
  });
  assertEquals((await decided(patterns([], "ask"), { command: "x" })).decision, "ask");
  assertEquals((await decided(patterns([], "safe"), { command: "ls" })).decision, "allow");
});

Deno.test("judge() pattern: path rules see where a path leads", async () => {
  await using tree = await worktree();
  const { root, outer } = tree;
  const spec = patterns([
    { decision: "allow", tools: ["edit"], paths: ["src/**"] },
    { decision: "allow", tools: ["read"], paths: [`${outer}/secret`, "**"] },
    { decision: "deny", paths: ["src/deep/**", ".git/**"] },
  ]);
  const decided = async (tool: PermissionRequest["tool"], ...paths: readonly string[]) => {
    const seen = await seeRequest({ tool, title: "t", paths }, { root, cwd: `${root}/src` });
    return judge(spec, seen, { writeSet: null }).decision;
  };
  assertEquals(await decided("edit", "a.ts"), "allow");
  assertEquals(await decided("edit", "../alias/a.ts"), "allow");
  assertEquals(await decided("edit", "deep/x"), "deny");
  assertEquals(await decided("edit", "../alias/deep/x"), "deny");
  assertEquals(await decided("edit", "a.ts", "../leak"), "deny");
  assertEquals(await decided("edit", "../leak"), "deny");
  assertEquals(await decided("read", "../leak"), "allow");
  assertEquals(await decided("read", "../../other"), "deny");
  assertEquals(await decided("read", "../.git/config"), "deny");
  assertEquals(await decided("edit"), "deny");
});
