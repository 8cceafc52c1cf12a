import { assertEquals } from "@std/assert";
import { groupModules, groupsOf } from "../../scripts/test_groups.ts";

const named = (folder: string, count: number) =>
  Array.from({ length: count }, (_, at) => `${folder}/${at}_test.ts`);

Deno.test("groupsOf() keeps every file once, with neighbours of its folder, and puts slow ones first", () => {
  const files = [...named("tests/cli", 9), ...named("tests/worker/agents", 3), ...named("tests/log", 2)];
  const groups = groupsOf(files);
  assertEquals(groups.map((group) => [group[0], group.length]), [
    ["tests/worker/agents/0_test.ts", 2],
    ["tests/worker/agents/2_test.ts", 1],
    ["tests/cli/0_test.ts", 8],
    ["tests/cli/8_test.ts", 1],
    ["tests/log/0_test.ts", 2],
  ]);
  assertEquals(groups.flat().toSorted(), files.toSorted());
  assertEquals(groupsOf([]), []);
});

Deno.test("groupModules() writes a module for each group, which imports its files; a file alone needs none", async () => {
  const directory = await Deno.makeTempDir({ prefix: "omk-groups-" });
  try {
    const paths = await groupModules("/a b", directory, [...named("tests/log", 2), "tests/plan/x_test.ts"]);
    assertEquals(paths, [`${directory}/tests-log-1_test.ts`, `${directory}/tests-plan-x_test.ts`]);
    assertEquals(
      await Deno.readTextFile(paths[0] ?? ""),
      'import "file:///a%20b/tests/log/0_test.ts";\nimport "file:///a%20b/tests/log/1_test.ts";\n',
    );
    assertEquals(await groupModules("/a", directory, ["tests/plan/x_test.ts"]), ["tests/plan/x_test.ts"]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
