/** What commands print with `--json`, held against the JSON Schemas that omk publishes, by a validator of its own. */

import { assertEquals } from "@std/assert";
import { Ajv2020, type ValidateFunction } from "ajv/2020";
import { Sandbox } from "./harness.ts";

/** The published schemas, compiled; formats are checked by their patterns. */
async function validators(sandbox: Sandbox): Promise<(name: string, value: unknown, what: string) => void> {
  const all = await sandbox.omkJson(["schema", "--all"]);
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const compiled = new Map<string, ValidateFunction>();
  return (name, value, what) => {
    const validate = compiled.get(name) ?? ajv.compile(all[name]);
    compiled.set(name, validate);
    const isValid = validate(value);
    assertEquals(isValid ? [] : validate.errors, [], `${what} is not what schema ${name} says`);
  };
}

Deno.test("every --json output follows the schema that omk publishes for it", async () => {
  await using sandbox = await Sandbox.withRepository({ "Makefile": "test:\n\ttrue\n", "README.md": "# x\n" });
  const check = await validators(sandbox);
  const one = async (name: string, args: readonly string[]) => {
    check(name, await sandbox.omkJson(args), `omk ${args.join(" ")}`);
  };
  const lines = async (name: string, args: readonly string[], stdin?: string) => {
    const { stdout } = await sandbox.omk([...args, "--json"], stdin === undefined ? {} : { stdin });
    const documents = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
    for (const document of documents) check(name, document, `a line of omk ${args.join(" ")}`);
    return documents.length;
  };
  const fails = async (args: readonly string[]) => {
    const { stderr } = await sandbox.omk([...args, "--json"]);
    check("error", JSON.parse(stderr.trimEnd().split("\n").at(-1) ?? ""), `stderr of omk ${args.join(" ")}`);
  };

  await one("init", ["init"]);
  await sandbox.write({ "bad.jsonc": '{ "wrokers": 1, "tasks": [] }' });
  await fails(["run", "bad.jsonc"]);
  await fails(["status"]);
  await sandbox.commit("bad");
  await sandbox.plan({
    version: 1,
    name: "rich",
    pools: { db: 1 },
    gates: [{ name: "look", command: "echo looked; ls > /dev/null" }, {
      name: "soft",
      command: "false",
      allow_fail: true,
    }],
    tasks: [
      { id: "good", run: "echo made; echo x > x.txt", pool: "db" },
      {
        id: "flaky",
        run: `test -e ${sandbox.root}/f || { touch ${sandbox.root}/f; exit 75; }`,
        retry_policy: { max_attempts: 1, backoff_seconds: 0 },
      },
      { id: "bad", run: "echo broken >&2; exit 3" },
      { id: "after", run: "true", dependencies: ["bad"] },
      { id: "ask", run: 'echo \'{"status":"blocked_on_human","question":"Which?"}\' > "$OMK_RESULT"' },
    ],
  });
  await one("dry-run", ["run", "--dry-run"]);
  assertEquals(await lines("events", ["run"]) > 20, true);
  for (const task of ["good", "bad", "after", "ask"]) {
    await one("show", ["show", task]);
    await one("explain", ["explain", task]);
  }
  await one("show", ["show"]);
  await one("status", ["status"]);
  await one("list", ["list"]);
  await lines("events", ["events"]);
  await lines("events", ["log", "tail"]);
  await lines("logs", ["logs"]);
  await one("proof", ["proof"]);
  await one("verify", ["verify"]);
  await one("log-verify", ["log", "verify"]);
  await one("log-stats", ["log", "stats"]);
  await one("index", ["index"]);
  await lines("query", ["query", "SELECT kind, count(*) AS n FROM events GROUP BY kind"]);
  await one("graph", ["graph"]);
  await one("graph", ["graph", "latest"]);
  await one("answer", ["answer", "ask", "this one"]);
  await fails(["retry", "after"]);
  await fails(["budget", "add", "--usd", "1"]);
  await fails(["pause"]);
  await fails(["merge"]);
  await one("merge", ["merge", "--anyway"]);
  await one("clean", ["clean", "--dry-run", "--keep", "0d"]);
  await one("doctor", ["doctor"]);
  await one("permissions", ["doctor", "--permissions"]);
  await one("completions", ["completions", "bash"]);
  await one("help", ["help"]);
  await one("help", ["help", "run"]);
  await one("schemas", ["schema"]);
  await lines(
    "log-append",
    ["log", "append", `${sandbox.root}/free.jsonl`],
    '{"kind":"seen"}\n{"kind":"Bad"}\n',
  );
});
