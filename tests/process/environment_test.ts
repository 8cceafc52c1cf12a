import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../src/errors.ts";
import { taskEnvironment, type TaskIds } from "../../src/process/environment.ts";

const IDS: TaskIds = {
  run_id: "20261120-235000-abcd",
  task_id: "api",
  attempt: 2,
  result: "/run/result.json",
};
const GIVEN = {
  OMK_RUN_ID: "20261120-235000-abcd",
  OMK_TASK_ID: "api",
  OMK_ATTEMPT: "2",
  OMK_RESULT: "/run/result.json",
};

Deno.test("taskEnvironment() passes omk's own variables, without those of git, omk and the shell's directories", () => {
  const own = {
    HOME: "/home/u",
    PATH: "/bin",
    LD_LIBRARY_PATH: "/opt/lib",
    PWD: "/elsewhere",
    OLDPWD: "/elsewhere",
    GIT_DIR: "/repo/.git",
    GIT_INDEX_FILE: "index",
    GIT_CONFIG: "file",
    GIT_CONFIG_GLOBAL: "/etc/g",
    GIT_CONFIG_COUNT: "1",
    OMK_KEY: "private",
    OMK_MARK: "outer",
    OMK_BIN: "omk",
    GITHUB_ACTIONS: "true",
  };
  assertEquals(taskEnvironment(own, IDS, {}), {
    HOME: "/home/u",
    PATH: "/bin",
    LD_LIBRARY_PATH: "/opt/lib",
    GIT_CONFIG_GLOBAL: "/etc/g",
    GIT_CONFIG_COUNT: "1",
    GITHUB_ACTIONS: "true",
    ...GIVEN,
  });
  assertEquals(own.PWD, "/elsewhere");
});

Deno.test("taskEnvironment() adds the plan's variables, given or taken from omk's own", () => {
  const own = { A: "own", TOKEN: "s3cret", GIT_AUTHOR_NAME: "somebody", EMPTY: "" };
  assertEquals(
    taskEnvironment(own, IDS, {
      A: "plan",
      API_TOKEN: { from: "TOKEN" },
      GIT_AUTHOR_NAME: { from: "GIT_AUTHOR_NAME" },
      NONE: { from: "EMPTY" },
      OMK_BIN: "given",
    }),
    {
      A: "plan",
      TOKEN: "s3cret",
      EMPTY: "",
      API_TOKEN: "s3cret",
      GIT_AUTHOR_NAME: "somebody",
      NONE: "",
      OMK_BIN: "given",
      ...GIVEN,
    },
  );
});

Deno.test("P10: taskEnvironment() refuses what cannot be set or must not be", () => {
  const refused = (env: Parameters<typeof taskEnvironment>[2], why: string) =>
    assertThrows(() => taskEnvironment({ OMK_KEY: "k", PATH: "/bin" }, IDS, env), UsageError, why);
  refused(
    { A: { from: "NOT_SET" } },
    `"NOT_SET" (task "api", env "A"): it is not set in the environment of omk`,
  );
  refused({ A: { from: "toString" } }, "not set");
  refused({ A: { from: "OMK_KEY" } }, "signing key");
  refused({ OMK_KEY: "x" }, "omk gives");
  refused({ OMK_TASK_ID: "other" }, "omk gives");
  refused({ OMK_MARK: "" }, "omk gives");
  refused({ "": "x" }, "empty name");
  refused({ "A=B": "x" }, "with = or NUL");
  refused({ A: "x\0y" }, "value with NUL");
});
