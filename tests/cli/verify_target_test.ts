import { assertRejects } from "@std/assert";
import { proofSignCommand } from "../../src/cli/commands/proof_sign.ts";
import { verifyCommand } from "../../src/cli/commands/verify.ts";
import { UsageError } from "../../src/errors.ts";
import { ArchiveError } from "../../src/proof/archive.ts";
import { generateKey } from "../../src/proof/key.ts";
import { callCommand } from "./fixture.ts";

Deno.test("omk verify says of names that are none what it looked for, and of a file that is no export so", async () => {
  const cwd = await Deno.makeTempDir();
  try {
    const place = { cwd, env: { HOME: cwd, PATH: Deno.env.get("PATH") ?? "" } };
    const verify = (text: string) => () => callCommand(verifyCommand, [text], place);
    await assertRejects(verify("x".repeat(100_000)), UsageError, "Cannot find any run");
    await assertRejects(
      verify(`${"x".repeat(5000)}/y`),
      UsageError,
      "it is no file, no directory, no run and no commit",
    );
    await Deno.writeFile(`${cwd}/some.dat`, new Uint8Array(3000).map((_, at) => at * 7));
    await assertRejects(verify("some.dat"), ArchiveError, "Cannot read the exported run");
    await Deno.writeTextFile(`${cwd}/empty.tar`, "");
    await assertRejects(verify("empty.tar"), ArchiveError, "it is empty, or no archive");
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
});

Deno.test("omk proof sign refuses a file, and says how its run is signed", async () => {
  const cwd = await Deno.makeTempDir();
  try {
    const place = { cwd, env: { HOME: cwd, PATH: Deno.env.get("PATH") ?? "", OMK_KEY: generateKey() } };
    await Deno.writeTextFile(`${cwd}/run.tar`, "");
    await assertRejects(
      () => callCommand(proofSignCommand, ["run.tar"], place),
      UsageError,
      "Cannot sign what is no run (run.tar): it is a file; unpack an exported run",
    );
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
});
