import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { NoCommitError, NoRepositoryError } from "../../../src/git/errors.ts";
import { PlanError } from "../../../src/plan/load.ts";
import { preparePlanning } from "../../../src/run/planning/prepare_planning.ts";
import { readProject } from "../../../src/run/planning/project.ts";
import { checkDirty, DirtyCheckoutError } from "../../../src/run/prepare.ts";

const LOAD = { env: { PATH: Deno.env.get("PATH") ?? "" } };

/** A directory that is made a repository, and given files, step by step. */
class Place implements AsyncDisposable {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  async git(...args: string[]): Promise<void> {
    const { success, stderr } = await new Deno.Command("git", {
      args: ["-c", "user.name=a", "-c", "user.email=a@b", ...args],
      cwd: this.path,
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
  }

  async write(name: string, text: string): Promise<void> {
    await Deno.writeTextFile(`${this.path}/${name}`, text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

Deno.test("readProject() and preparePlanning(): what a lead agent is told of a project, and by which rules it is run", async () => {
  await using place = new Place(await Deno.realPath(await Deno.makeTempDir()));
  const read = () => readProject(place.path, LOAD);
  await assertRejects(read, NoRepositoryError, "agents work in worktrees");
  await place.git("init", "-q", "-b", "main");
  await assertRejects(read, NoCommitError);
  await place.write("Makefile", "test:\n\ttrue\n");
  await place.git("add", "-A");
  await place.git("commit", "-q", "-m", "first");

  // Without a plan of its own: what is found in it.
  const found = await read();
  assertEquals([found.planPath, found.agent], [null, undefined]);
  assertEquals(found.settings, { gates: [{ name: "test", command: "make test" }] });

  // With one: all of it but the tasks, with paths that hold elsewhere too.
  await place.write(
    "omk.jsonc",
    `// mine
    {"name": "x", "defaults": {"agent": "mine"}, "agents": {"mine": {"command": "true"}}, "budget": {"time": "1h"},
     "approval": {"file": "rules.jsonc"}, "prompt_template": "prompt.md", "tasks": [{"id": "a", "prompt": "Do a"}]}`,
  );
  await place.write("rules.jsonc", '{"policy": "safe"}');
  const own = await read();
  assertEquals([own.planPath, own.agent], [`${place.path}/omk.jsonc`, "mine"]);
  assertEquals(own.settings, {
    defaults: { agent: "mine" },
    agents: { mine: { command: "true" } },
    budget: { time: "1h" },
    approval: { file: `${place.path}/rules.jsonc` },
    prompt_template: `${place.path}/prompt.md`,
    gates: [{ name: "test", command: "make test" }],
  });

  const asked = { request: "Do it", output: null, agent: "mine", others: [], base: "HEAD" as const };
  const { plan } = await preparePlanning(own, { ...asked, then: "keep" }, LOAD);
  const [task] = plan.tasks;
  assertEquals([task?.write_set, task?.retry_policy.max_attempts, plan.gates], [[], 2, []]);
  assertEquals([plan.approval?.policy, plan.budget.time_secs], ["safe", 3600]);
  assertEquals(task?.planning, { request: "Do it", then: "keep", output: null, settings: own.settings });
  // To look is one thing; what is to be run must know what it starts from.
  await assertRejects(
    () => preparePlanning(own, { ...asked, then: "run", base: undefined }, LOAD),
    DirtyCheckoutError,
    "rules.jsonc",
  );
  const poor = { ...own, settings: { ...own.settings, budget: { tokens: 5 } } };
  await assertRejects(
    () => preparePlanning(poor, { ...asked, then: "keep" }, LOAD),
    PlanError,
    "the run that plans",
  );

  // A file for prompts alone has no tasks.
  await place.write("omk.jsonc", '{"workers": 2}');
  assertEquals((await read()).settings["workers"], 2);

  await place.write("omk.jsonc", '{"tasks": [{"id": "a", "rnu": "true"}]}');
  await assertRejects(read, PlanError, "rnu");
});

Deno.test("checkDirty() takes a plan and its lock for no changes of the checkout", () => {
  const changed = (...dirty: string[]) => () => checkDirty({ root: "/p", dirty }, undefined, "/p/port.jsonc");
  changed("port.jsonc", "port.lock.json")();
  assertThrows(changed("other.lock.json"), DirtyCheckoutError, "other.lock.json");
});
