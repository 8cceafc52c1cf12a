/** Making again what a run delivers, and telling where that differs. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { Sandbox } from "./harness.ts";

Deno.test("P11: omk replay --rebuild makes the delivered tree again, and compares what the gates say now", async () => {
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    name: "again",
    gates: [
      { name: "look", command: 'test -f a.txt && test -f b.txt && ! test -f "$HOME/red"' },
      // Each of the two waits for the other: they run side by side, or not at all.
      { name: "one", command: 'mkfifo "$HOME/meet"; echo hello > "$HOME/meet"' },
      {
        name: "other",
        command: 'mkfifo "$HOME/meet"; read -r _ < "$HOME/meet" && rm "$HOME/meet"',
      },
    ],
    tasks: [
      { id: "a", run: "seq 5 > a.txt" },
      { id: "b", run: "cp a.txt b.txt; echo 6 >> a.txt", dependencies: ["a"] },
      { id: "c", run: "echo c > c.txt" },
    ],
  });
  await sandbox.omkEnds(0, ["run"]);
  const log = await Deno.readTextFile(`${await sandbox.runDirectory()}/events.jsonl`);
  const same = await sandbox.omkEnds(0, ["replay", "--rebuild"]);
  assertStringIncludes(same.stdout, "rebuilt, with tree");
  const { merges, tree } = await sandbox.omkJson(["replay", "--rebuild"]);
  assertEquals(merges.length, 3);
  assertEquals(merges.at(-1).rebuilt, tree);
  // The machine is another one now: the tree is the same, the verdict is not.
  await Deno.writeTextFile(`${sandbox.root}/home/red`, "");
  const red = await sandbox.omkEnds(1, ["replay", "--rebuild"]);
  assertStringIncludes(red.stdout, "failed now, passed then");
  assertEquals(
    await Deno.readTextFile(`${await sandbox.runDirectory()}/events.jsonl`),
    log,
    "nothing is recorded",
  );
  await sandbox.omkEnds(0, ["verify"]);
  assertEquals(await sandbox.git("status", "--porcelain"), "");
});
