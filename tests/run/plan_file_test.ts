import { assertEquals, assertRejects } from "@std/assert";
import { UsageError } from "../../src/errors.ts";
import { PlanError } from "../../src/plan/problem.ts";
import { findPlan, LARGEST_PLAN_BYTES, readPlanText } from "../../src/run/plan_file.ts";

/** The message of a usage error, without the directory. */
async function refusal(directory: string, call: () => Promise<unknown>): Promise<string> {
  const error = await assertRejects(call, UsageError);
  return error.message.replaceAll(directory, "…");
}

Deno.test("P10: findPlan() says why there is no plan, and which file was probably meant", async () => {
  const directory = await Deno.makeTempDir({ prefix: "omk-plan-" });
  try {
    const find = (planPath?: string) => findPlan({ cwd: directory, planPath }, directory);
    assertEquals(
      await refusal(directory, () => find()),
      "Cannot find the plan (…/omk.jsonc): there is no such file; write one with omk init",
    );
    assertEquals(
      await refusal(directory, () => find("no/plan.jsonc")),
      "Cannot find the plan (…/no/plan.jsonc): there is no such file; check the path",
    );
    await Deno.writeTextFile(`${directory}/omk.json`, "{}");
    assertEquals(
      await refusal(directory, () => find()),
      "Cannot find the plan (…/omk.jsonc): there is no such file; write one with omk init, or name the one that is " +
        "meant: omk run omk.json",
    );
    assertEquals(
      await refusal(directory, () => find("omk.jso")),
      "Cannot find the plan (…/omk.jso): there is no such file; did you mean omk.json?",
    );
    assertEquals(
      await refusal(directory, () => find("omk.json/x")),
      "Cannot find the plan (…/omk.json/x): there is no such file; check the path",
    );
    assertEquals(
      await refusal(directory, () => find(directory)),
      "Cannot use the plan (…): it is a directory; name the file of the plan",
    );
    assertEquals(
      await refusal(directory, () => find("/dev/null")),
      "Cannot use the plan (/dev/null): it is no file, but a pipe, a socket or a device; write the plan to a file first",
    );
    assertEquals(await find("omk.json"), await Deno.realPath(`${directory}/omk.json`));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("P10: readPlanText() refuses what is too large, unreadable or no UTF-8, and P12: shows no secret of it", async () => {
  const directory = await Deno.makeTempDir({ prefix: "omk-plan-" });
  try {
    const large = `${directory}/large.jsonc`;
    using file = await Deno.open(large, { write: true, create: true });
    await file.truncate(LARGEST_PLAN_BYTES + 1);
    assertEquals(
      await refusal(directory, () => readPlanText(large)),
      "Cannot use the plan (…/large.jsonc): it has 68 MB, and may have 67; check which file was named, or split " +
        "it into several plans",
    );
    assertEquals(
      await refusal(directory, () => readPlanText(`${directory}/none`)),
      "Cannot read the plan (…/none): No such file or directory (os error 2): stat '…/none'; check the permissions " +
        "of the file and of its directories",
    );
    const latin = `${directory}/latin.jsonc`;
    const token = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
    await Deno.writeFile(
      latin,
      new Uint8Array([...new TextEncoder().encode(`{}\n"${token} caf`), 0xe9, 0x22]),
    );
    const error = await assertRejects(() => readPlanText(latin), PlanError);
    assertEquals(
      error.problems.map(({ code, line, column, excerpt }) => [code, line, column, excerpt]),
      [["encoding", 2, 46, undefined]],
    );
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
