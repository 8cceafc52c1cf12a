import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Sandbox } from "./harness.ts";

/** Shaped like a token of a forge, and none. */
const TOKEN = ["ghp", "0123456789abcdefghijABCDEFGHIJ012345"].join("_");

Deno.test("P12: a secret that a task prints reaches neither its output nor the log", async () => {
  await using sandbox = await Sandbox.withRepository();
  await sandbox.plan({
    gates: [],
    tasks: [{
      id: "leak",
      run: "echo token=$TOKEN; echo done > done.txt",
      env: { TOKEN: { from: "SECRET_TOKEN" } },
    }],
  });
  const { code, stdout } = await sandbox.omk(["run"], { env: { SECRET_TOKEN: TOKEN } });
  assertEquals(code, 0);
  assert(!stdout.includes(TOKEN));
  assertStringIncludes(stdout, "[REDACTED:");
  for await (const file of filesBelow(`${sandbox.project}/.git/omk/runs`)) {
    assert(!(await Deno.readTextFile(file)).includes(TOKEN), file);
  }
});

Deno.test("P12: a secret in what a task wrote is named, and stops omk merge until it is let through", async () => {
  await using sandbox = await Sandbox.withRepository();
  await sandbox.plan({
    gates: [{ name: "ok", command: "true" }],
    tasks: [{ id: "leak", run: "echo token=$TOKEN > config.txt", env: { TOKEN: { from: "SECRET_TOKEN" } } }],
  });
  assertEquals((await sandbox.omk(["run"], { env: { SECRET_TOKEN: TOKEN } })).code, 0);
  const refused = await sandbox.omk(["merge"]);
  assertEquals(refused.code, 1);
  assertStringIncludes(refused.stderr, "config.txt");
  assertEquals((await sandbox.omk(["merge", "--allow-secrets"])).code, 0);
  assertStringIncludes(await sandbox.read("config.txt"), TOKEN);
});

async function* filesBelow(directory: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(directory)) {
    const path = `${directory}/${entry.name}`;
    if (entry.isDirectory) yield* filesBelow(path);
    else if (entry.isFile) yield path;
  }
}
