/** What commands print with `--json`, held against the JSON Schemas that omk publishes, by a validator of its own. */

import { assert, assertEquals } from "@std/assert";
import { Ajv2020, type ValidateFunction } from "ajv/2020";
import { appears } from "./call.ts";
import { Sandbox } from "./harness.ts";
import { read } from "./reading.ts";

/** The published schemas, compiled when they are needed, and which of them something was held against. */
class Schemas {
  readonly names: readonly string[];
  readonly met = new Set<string>();
  readonly #documents: Readonly<Record<string, object>>;
  readonly #compiled = new Map<string, ValidateFunction>();
  /** Formats are checked by their patterns. */
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false });

  constructor(documents: Readonly<Record<string, object>>) {
    this.names = Object.keys(documents);
    this.#documents = documents;
  }

  /** Fails where a value is not what a schema says. */
  check(name: string, value: unknown, what: string): void {
    this.met.add(name);
    const validate = this.#compiled.get(name) ?? this.#ajv.compile(this.#documents[name] ?? false);
    this.#compiled.set(name, validate);
    const isValid = validate(value);
    assertEquals(isValid ? [] : validate.errors, [], `${what} is not what schema ${name} says`);
  }

  /** Checks each line of a text; returns how many there are. */
  checkLines(name: string, text: string, what: string): number {
    const lines = text.trimEnd().split("\n");
    for (const line of lines) this.check(name, JSON.parse(line), `a line of ${what}`);
    return lines.length;
  }
}

/** Calls commands of a sandbox with `--json`, and checks what they print. */
class Checked {
  readonly #sandbox: Sandbox;
  readonly #schemas: Schemas;

  constructor(sandbox: Sandbox, schemas: Schemas) {
    this.#sandbox = sandbox;
    this.#schemas = schemas;
  }

  /** A command that prints one document, as a process of its own. */
  async one(name: string, args: readonly string[]): Promise<void> {
    this.#schemas.check(name, await this.#sandbox.omkJson(args), `omk ${args.join(" ")}`);
  }

  /** A command that looks at something, and prints one document. */
  async reads(name: string, args: readonly string[]): Promise<void> {
    const { stdout } = await read(this.#sandbox, [...args, "--json"]);
    this.#schemas.check(name, JSON.parse(stdout), `omk ${args.join(" ")}`);
  }

  /** A command that looks at something, and prints a document on each line; resolves with how many. */
  async readsLines(name: string, args: readonly string[]): Promise<number> {
    const { stdout } = await read(this.#sandbox, [...args, "--json"]);
    return this.#schemas.checkLines(name, stdout, `omk ${args.join(" ")}`);
  }

  /** A command that prints a document on each line; resolves with how many. */
  async lines(name: string, args: readonly string[], stdin?: string): Promise<number> {
    const options = stdin === undefined ? {} : { stdin };
    const { stdout } = await this.#sandbox.omk([...args, "--json"], options);
    return this.#schemas.checkLines(name, stdout, `omk ${args.join(" ")}`);
  }

  /** A command that fails. */
  async fails(args: readonly string[]): Promise<void> {
    const { code, stderr } = await this.#sandbox.omk([...args, "--json"]);
    assert(code !== 0, `omk ${args.join(" ")} succeeded`);
    const last = stderr.trimEnd().split("\n").at(-1) ?? "";
    this.#schemas.check("error", JSON.parse(last), `stderr of omk ${args.join(" ")}`);
  }

  /** A file of a run. */
  async file(name: string, path: string): Promise<void> {
    this.#schemas.check(name, JSON.parse(await Deno.readTextFile(path)), path);
  }
}

/** A plan whose run has tasks that complete, fail, are repeated, blocked and wait, and gates of all results. */
function richPlan(root: string): object {
  return {
    version: 1,
    name: "rich",
    pools: { db: 1 },
    gates: [
      { name: "look", command: "echo looked; ls > /dev/null" },
      { name: "soft", command: "false", allow_fail: true },
    ],
    tasks: [
      { id: "good", run: "echo made; echo x > x.txt", pool: "db" },
      {
        id: "flaky",
        run: `test -e ${root}/f || { touch ${root}/f; exit 75; }`,
        retry_policy: { max_attempts: 1, backoff_seconds: 0 },
      },
      { id: "bad", run: "echo broken >&2; exit 3" },
      { id: "after", run: "true", dependencies: ["bad"] },
      { id: "ask", run: 'echo \'{"status":"blocked_on_human","question":"Which?"}\' > "$OMK_RESULT"' },
    ],
  };
}

Deno.test("every --json output follows the schema that omk publishes for it", async (test) => {
  await using sandbox = await Sandbox.withRepository({ "Makefile": "test:\n\ttrue\n", "README.md": "# x\n" });
  const schemas = new Schemas(await sandbox.omkJson(["schema", "--all"]));
  const omk = new Checked(sandbox, schemas);

  const before = await test.step("before there is a run", async () => {
    await omk.one("init", ["init"]);
    await omk.reads("schema-write", ["schema", "--write"]);
    await omk.reads("schema-write", ["schema", "--write"]);
    await sandbox.write({ "bad.jsonc": '{ "wrokers": 1, "name": "a", "name": "b", "tasks": [] }' });
    await omk.fails(["run", "bad.jsonc"]);
    await omk.fails(["status"]);
    await omk.one("version", ["--version"]);
    await omk.reads("agents", ["agents"]);
    await omk.reads("doctor", ["doctor"]);
    await omk.reads("permissions", ["doctor", "--permissions"]);
    await omk.reads("completions", ["completions", "bash"]);
    await omk.reads("schemas", ["schema"]);
    for (const words of [[], ["run"], ["log"], ["plan"]]) await omk.one("help", ["help", ...words]);
    await omk.lines(
      "log-append",
      ["log", "append", `${sandbox.root}/free.jsonl`],
      '{"kind":"seen"}\n{"kind":"Bad"}\n',
    );
    await sandbox.plan(richPlan(sandbox.root));
    await omk.reads("dry-run", ["run", "--dry-run"]);
    await omk.reads("graph", ["graph"]);
  });

  const ended = await test.step("of a run that has ended", async () => {
    assert(await omk.lines("events", ["run"]) > 20);
    for (const task of ["good", "bad", "after", "ask"]) {
      await omk.reads("show", ["show", task]);
      await omk.reads("explain", ["explain", task]);
    }
    await omk.reads("show", ["show"]);
    await omk.reads("status", ["status"]);
    await omk.reads("list", ["list"]);
    await omk.readsLines("events", ["events"]);
    await omk.readsLines("events", ["log", "tail"]);
    await omk.readsLines("logs", ["logs"]);
    await omk.reads("proof", ["proof"]);
    await omk.reads("verify", ["verify"]);
    await omk.reads("replay", ["replay"]);
    await omk.reads("pr", ["pr"]);
    await omk.reads("verdict", ["reject", "--reason", "no"]);
    await omk.reads("verdict", ["accept"]);
    await omk.reads("rebuild", ["replay", "--rebuild"]);
    await omk.reads("key", ["key", "create"]);
    await omk.reads("key", ["key", "show"]);
    await omk.reads("proof-sign", ["proof", "sign"]);
    await omk.reads("verify", ["verify"]);
    await omk.one("proof-attach", ["proof", "attach"]);
    await omk.reads("export", ["export", "-o", `${sandbox.root}/run.tar`]);
    await omk.reads("log-verify", ["log", "verify"]);
    await omk.reads("log-repair", ["log", "repair"]);
    await omk.reads("log-salvage", ["log", "salvage", "-o", `${sandbox.root}/salvaged.jsonl`]);
    await omk.reads("log-stats", ["log", "stats"]);
    await omk.reads("index", ["index"]);
    await omk.readsLines("query", ["query", "SELECT kind, count(*) AS n FROM events GROUP BY kind"]);
    await omk.reads("graph", ["graph", "latest"]);
    const directory = await sandbox.runDirectory();
    await omk.file("proof", `${directory}/proof.json`);
    await omk.file("failure", `${directory}/failure.json`);
    schemas.checkLines(
      "attestation",
      await Deno.readTextFile(`${directory}/proof.intoto.jsonl`),
      "what is signed",
    );
    schemas.checkLines("events", await Deno.readTextFile(`${directory}/events.jsonl`), "the log");
    await omk.one("approve", ["approve"]);
    await omk.reads("cost", ["cost"]);
    await omk.reads("prompt", ["prompt", "--template"]);
    await omk.one("answer", ["answer", "ask", "this one"]);
    await omk.fails(["retry", "after"]);
    await omk.fails(["budget", "add", "--usd", "1"]);
    await omk.fails(["pause"]);
    await omk.fails(["merge"]);
    await omk.one("merge", ["merge", "--anyway"]);
    await omk.reads("clean", ["clean", "--dry-run", "--keep", "0d"]);
  });

  const going = await test.step("of a run that goes on", async () => {
    await sandbox.plan({
      budget: { attempts: 9 },
      gates: [],
      tasks: [
        { id: "long", run: `touch ${sandbox.root}/runs; exec sleep 600` },
        { id: "bad", run: "false", retry_policy: { max_attempts: 0 } },
        { id: "later", run: "true", dependencies: ["long"] },
        {
          id: "slow",
          run: "true",
          gates: [{ name: "late", command: "exec sleep 600", timeout_secs: 1, allow_fail: true }],
        },
      ],
    });
    const running = sandbox.start(["run", "--json"]);
    await appears(`${sandbox.root}/runs`);
    await running.printed("task_failed");
    await omk.reads("status", ["status"]);
    await omk.reads("show", ["show", "long"]);
    await omk.reads("explain", ["explain", "later"]);
    await omk.reads("doctor", ["doctor"]);
    await running.printed('"gate_failed"');
    await omk.reads("gates-status", ["gates", "status"]);
    await omk.one("gates-reset", ["gates", "reset", "--gate", "late"]);
    await omk.one("budget-add", ["budget", "add", "--attempts", "3"]);
    await omk.one("pause", ["pause", "--reason", "wait"]);
    await omk.one("retry", ["retry", "bad"]);
    await omk.one("pause", ["unpause"]);
    await omk.one("cancel", ["cancel", "latest", "later"]);
    running.kill("SIGKILL");
    schemas.checkLines("events", (await running.ended).stdout, "omk run");
    await sandbox.becomesQuiet();
    await omk.reads("list", ["list"]);
    await omk.lines("events", ["cancel"]);
    await omk.one("clean", ["clean", "--keep", "0d", "--yes"]);
    await sandbox.plan({ gates: [], tasks: [{ id: "quick", run: "true" }] });
    await omk.one("detach", ["run", "--detach"]);
    const answer = JSON.stringify({
      tasks: [{ id: "a", prompt: "Do it", acceptance_criteria: ["$ true", "fine"] }],
    });
    const agents = { lead: { command: `echo '${answer}'` } };
    await sandbox.plan({ gates: [], agents, tasks: [{ id: "quick", run: "true" }] });
    await omk.one("planning", ["plan", "Do it"]);
    await sandbox.omkEnds(0, ["attach"]);
    await sandbox.becomesQuiet();
  });

  // Where a step has failed, it says why.
  if (!before || !ended || !going) return;
  // The schema of a plan is of another draft, and that of the configuration describes what people write.
  const isUnmet = (name: string) => !schemas.met.has(name) && name !== "plan" && name !== "config";
  assertEquals(schemas.names.filter(isUnmet), [], "schemas that nothing was held against");
});
