/** Recorded runs under the executable. From source the same is shown without processes, in tests/cli. */

import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { canonicalJson } from "../../src/canonical_json.ts";
import { Sandbox, testsExecutable } from "./harness.ts";

const CORPUS = fromFileUrl(new URL("../corpus", import.meta.url));

Deno.test({
  name: "P1 P11: the executable replays every recorded run to its recorded state",
  ignore: !testsExecutable(),
  async fn() {
    await using sandbox = await Sandbox.withRepository();
    let replayed = 0;
    for await (const { name, isDirectory } of Deno.readDir(CORPUS)) {
      if (!isDirectory) continue;
      const [line = ""] = (await Deno.readTextFile(`${CORPUS}/${name}/events.jsonl`)).split("\n");
      const { run_id } = JSON.parse(line);
      const directory = `${sandbox.project}/.git/omk/runs/${run_id}`;
      await sandbox.call("mkdir", ["-p", directory]);
      await sandbox.call("cp", ["-R", `${CORPUS}/${name}/.`, directory]);
      const { state } = await sandbox.omkJson(["replay", run_id]);
      const recorded = (await Deno.readTextFile(`${CORPUS}/${name}/state.json`)).trimEnd();
      assertEquals(canonicalJson(state), recorded, name);
      replayed += 1;
    }
    assertEquals(replayed > 5, true);
  },
});
