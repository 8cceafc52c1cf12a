import { assertEquals, assertStringIncludes } from "@std/assert";
import { call, type Called } from "../e2e/call.ts";
import { FakeModel } from "./fake_model/fake_model.ts";
import { inTurn, type Script, writing } from "./fake_model/script.ts";
import { modelAgent } from "./model_agent.ts";

/** Runs the small agent on a prompt in a directory of its own. */
async function ask(
  script: Script,
  prompt: string,
): Promise<{ called: Called; model: FakeModel; files: string[] }> {
  const cwd = await Deno.realPath(await Deno.makeTempDir({ prefix: "omk-model-" }));
  try {
    await using model = new FakeModel(script);
    const [command = "", ...args] = modelAgent(model.url).command;
    const called = await call(command, args, { cwd, env: Deno.env.toObject(), stdin: prompt });
    const files = [];
    for await (const { name } of Deno.readDir(cwd)) {
      files.push(`${name}: ${await Deno.readTextFile(`${cwd}/${name}`)}`);
    }
    return { called, model, files: files.sort() };
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
}

Deno.test("FakeModel answers what its script says, call by call, and the agent does it", async () => {
  const { called, model, files } = await ask(
    (asked) =>
      asked.prompt.includes("both")
        ? inTurn(asked, { write: "a.txt", content: "A\n" }, { shell: "echo B > b.txt; echo seen" }, {
          text: "done",
        })
        : writing(asked, "wrong.txt", ""),
    "Write both files",
  );
  assertEquals([called.code, called.stdout], [0, "done\n"]);
  assertEquals(files, ["a.txt: A\n", "b.txt: B\n"]);
  assertEquals(model.asked.map(({ turn, toolOutput }) => [turn, toolOutput]), [[0, ""], [1, "written"], [
    2,
    "seen\n",
  ]]);
  assertEquals(model.timesAsked("Write both"), 3);
});

Deno.test("FakeModel can fail", async () => {
  const { called, files } = await ask(() => ({ status: 500 }), "Write");
  assertEquals([called.code, files], [1, []]);
  assertStringIncludes(called.stderr, "API Error: 500");
});
