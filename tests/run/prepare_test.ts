import { assertEquals, assertRejects } from "@std/assert";
import { UsageError } from "../../src/errors.ts";
import { prepareRun } from "../../src/run/prepare.ts";
import { TestRepository } from "../git/fixture.ts";

Deno.test("P10: prepareRun() refuses a plan whose worktrees are to get a file that is not there", async () => {
  await using repository = await TestRepository.create({ ".gitignore": ".env.test\n" });
  const plan = (tasks: readonly object[]) => ({ version: 1, worktree: { copy: [".env.test"] }, tasks });
  const write = (written: object) => repository.write({ "omk.jsonc": JSON.stringify(written) });
  const prepare = () => prepareRun({ cwd: repository.root, env: {}, only: [], from: [] });
  await write(plan([{ id: "a", run: "true" }]));
  await assertRejects(prepare, UsageError, `has no such file; create it, or take it out of "worktree.copy"`);
  await repository.write({ ".env.test": "A=1\n" });
  assertEquals((await prepare()).usesWorktrees, true);
  await Deno.remove(`${repository.root}/.env.test`);
  const makes = { id: "make", run: "touch .env.test", isolation: "none", write_set: [] };
  await write(plan([makes, { id: "a", run: "true", dependencies: ["make"] }]));
  assertEquals((await prepare()).usesWorktrees, true, "a task in the checkout may make it");
});
