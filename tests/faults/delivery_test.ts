/** SIGKILL of omk while it delivers. */

import { assert, assertEquals } from "@std/assert";
import { Sandbox } from "../e2e/harness.ts";

const MOMENTS = 32;
/** About as long as a delivery takes, milliseconds. */
const LONGEST_MS = 500;

/** A ready run whose branch has moved, or not. */
async function readySandbox(isMoved: boolean): Promise<Sandbox> {
  const sandbox = await Sandbox.withPlan({
    version: 1,
    gates: [{ name: "look", command: "test -e new.txt" }],
    tasks: [{ id: "write", run: "echo new > new.txt; echo more >> README.md; mkdir d; seq 500 > d/many" }],
  });
  await sandbox.omkEnds(0, ["run"]);
  if (isMoved) await sandbox.commit("moved", { "moved.txt": "moved\n" });
  return sandbox;
}

Deno.test("P2, P13: omk merge that was killed at any moment has delivered all or nothing, and can be called again", async () => {
  for (let number = 0; number < MOMENTS; number++) {
    const isMoved = number % 2 === 1;
    await using sandbox = await readySandbox(isMoved);
    const before = await sandbox.git("rev-parse", "main");
    const omk = sandbox.start(["merge"]);
    const delayMs = Math.floor(LONGEST_MS * number / MOMENTS);
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    omk.kill("SIGKILL");
    await omk.ended;
    await sandbox.becomesQuiet();
    const between = await sandbox.git("rev-parse", "main");
    assertEquals(await sandbox.git("status", "--porcelain"), "", `killed after ${delayMs} ms`);
    const { standing } = await sandbox.omkJson(["status"]);
    assert(["ready", "interrupted"].includes(standing), standing);
    if (standing === "interrupted") await sandbox.omkEnds(0, ["resume"]);
    await sandbox.omkEnds(0, ["merge"]);
    assertEquals(await sandbox.git("status", "--porcelain"), "");
    assertEquals(await sandbox.read("new.txt"), "new\n");
    assertEquals(await sandbox.git("rev-list", "--count", "main"), isMoved ? "4" : "2");
    assert(
      between === before || between === await sandbox.git("rev-parse", "main"),
      "it was delivered in part",
    );
    await sandbox.git("fsck", "--full", "--strict", "--no-dangling");
    await sandbox.omkEnds(0, ["verify"]);
  }
});
