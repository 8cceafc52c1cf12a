import { assertRejects } from "@std/assert";
import { requireDirectory } from "../../src/cli/require_directory.ts";
import { UsageError } from "../../src/errors.ts";

Deno.test("requireDirectory() refuses a file in no directory, and a directory for a file", async () => {
  const directory = await Deno.makeTempDir();
  await Deno.writeTextFile(`${directory}/file`, "");
  const check = (path: string) => requireDirectory("Cannot write it", `${directory}/${path}`);
  await check("new.tar");
  await check("file");
  await assertRejects(() => check("none/new.tar"), UsageError, `there is no directory ${directory}/none`);
  await assertRejects(() => check("file/new.tar"), UsageError, `there is no directory ${directory}/file`);
  await assertRejects(() => requireDirectory("Cannot write it", directory), UsageError, "it is a directory");
  await Deno.remove(directory, { recursive: true });
});
