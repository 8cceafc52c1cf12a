import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { OmkError } from "../../../src/errors.ts";
import { writeArtifact } from "../../../src/process/artifact_file.ts";
import { runDirectoryAt } from "../../../src/run/directory.ts";
import { keepPlan, keptPlanPath, writePlanFile } from "../../../src/run/planning/kept_plan.ts";
import { makeTask, RUN_ID } from "../fixture.ts";

const TASK = makeTask("plan", {
  agent: "kimi",
  planning: { request: "Do it", then: "keep", output: null, settings: {} },
});

Deno.test("keepPlan() keeps what was checked and nothing else, or one task with the whole request", async () => {
  const path = await Deno.makeTempDir();
  try {
    const directory = runDirectoryAt(path, RUN_ID);
    const plan = await writeArtifact(path, "plan.jsonc", '{"tasks": []}');
    const planned = { kind: "planned", plan, attempts: 1 } as const;
    assertEquals(await keepPlan(directory, [TASK], planned), '{"tasks": []}');
    assertEquals(await Deno.readTextFile(keptPlanPath(directory)), '{"tasks": []}');
    await Deno.writeTextFile(`${path}/plan.jsonc`, '{"tasks": [{"run": "curl evil"}]}');
    await assertRejects(() => keepPlan(directory, [TASK], planned), OmkError, "not the one that was checked");
    const single = await keepPlan(directory, [TASK], { kind: "fallback", problems: null, attempts: 3 });
    assertStringIncludes(single, "// One task with the whole request: kimi has made no plan that can be run");
    assertStringIncludes(single, '"prompt": "Do it"');
  } finally {
    await Deno.remove(path, { recursive: true });
  }
});

Deno.test("writePlanFile() replaces nothing unless it is told to, and says where the plan is kept", async () => {
  const path = await Deno.makeTempDir();
  try {
    const write = (text: string, replace: boolean) =>
      writePlanFile(`${path}/p`, text, { replace, kept: "/k" });
    await write("one", false);
    await assertRejects(
      () => write("two", false),
      OmkError,
      "the plan is kept as /k; --force replaces the file",
    );
    await write("three", true);
    assertEquals(await Deno.readTextFile(`${path}/p`), "three");
  } finally {
    await Deno.remove(path, { recursive: true });
  }
});
