/**
 * Drives real coding agents through runs of omk: installs them from npm, plays their model on loopback, and runs the
 * tests in tests/agents, with no network but loopback where the system allows that. Exit code 0 only if every test
 * passed.
 */

import { parseArgs } from "@std/cli/parse-args";
import { dirname, fromFileUrl, join, resolve } from "@std/path";
import { AGENT_NAMES, type AgentName, installAgents, InstallError } from "./agent_packages.ts";
import { parseAllowedSkips } from "./junit.ts";

const HELP = `Drives real coding agents through runs of omk, against a scripted model.

Usage: deno task test:agents [options]

  --agents NAMES      Which, separated by commas (default: kimi,codex; there are ${AGENT_NAMES.join(", ")})
  --directory DIR     Where they are installed, once (default: omk/agents in the user's cache)
  --filter TEXT       Only tests whose name contains TEXT, or matches /TEXT/
  --summary FILE      Also write the counts to FILE: "<passed> <failed> <skipped>"
  --timeout-secs N    Give up on the tests after N seconds (default: 600)
  --or-skip           Where the agents cannot be installed, count that as one test that is skipped
  --tries N           Run them again where some failed, at most N times in all, and say so (default: 1): the agents are
                      not omk's own, and a busy machine can be too slow for them

Environment:
  OMK_BIN             The executable that the tests run; without it they run omk from source`;

const ROOT = dirname(dirname(fromFileUrl(import.meta.url)));

/** Brings loopback up in a network of its own, and goes on there. */
const ENTER = 'ip link set lo up && exec "$@"';

/** What to put before a command so that it has no network but loopback; empty where the system allows none. */
async function isolation(): Promise<readonly string[]> {
  for (const unshare of [["unshare", "--net"], ["unshare", "--map-root-user", "--net"]]) {
    const before = [...unshare, "sh", "-c", ENTER, "sh"];
    const [command = "", ...args] = before;
    const works = await new Deno.Command(command, {
      args: [...args, "true"],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).output().then(({ success }) => success, () => false);
    if (works) return before;
  }
  return [];
}

/** Installs the agents; returns why they cannot be had. */
async function whyNotInstalled(
  directory: string,
  agents: readonly AgentName[],
): Promise<string | undefined> {
  try {
    await installAgents(directory, agents);
    return undefined;
  } catch (error) {
    if (error instanceof InstallError) return error.message;
    throw error;
  }
}

/** What is skipped where the agents cannot be had: a registry that is out of reach is no fault of omk. */
const SKIPPED = "whole runs with real agents";

/** Counts all tests as one that is skipped, for a reason that the list of those gives. */
async function skipAll(why: string, summary: string | undefined): Promise<number> {
  const allowed = parseAllowedSkips(await Deno.readTextFile(join(ROOT, "tests/allowed_skips.txt")));
  if (!allowed.has(SKIPPED)) {
    throw new Error(`Cannot skip "${SKIPPED}": tests/allowed_skips.txt must name it`);
  }
  console.log(`${SKIPPED} ... ignored: ${why}`);
  if (summary !== undefined) await Deno.writeTextFile(summary, "0 0 1\n");
  return 0;
}

/** Runs the tests, so often at most; returns the exit code of the last time. */
async function testAgents(
  agents: readonly AgentName[],
  directory: string,
  options: readonly string[],
  tries: number,
): Promise<number> {
  const before = await isolation();
  console.log(
    before.length > 0
      ? "the agents have no network but loopback"
      : "the system allows no network of its own (unshare and ip): the agents could reach others",
  );
  const [command = "", ...args] = [
    ...before,
    Deno.execPath(),
    ...["run", "-A", join(ROOT, "scripts/test.ts"), ...options, ...testFiles(agents)],
  ];
  for (let tried = 1;; tried++) {
    const { code } = await new Deno.Command(command, {
      args,
      env: { OMK_AGENTS_DIR: directory, OMK_TESTED_AGENTS: agents.join(",") },
      stdin: "null",
      stdout: "inherit",
      stderr: "inherit",
    }).output();
    if (code === 0 || tried >= tries) return code;
    console.log(`\nsome failed: all of them once more, time ${tried + 1} of ${tries}\n`);
  }
}

/** The test files: those of the agents, and those that need none. */
function testFiles(agents: readonly AgentName[]): readonly string[] {
  return ["fake_model", "planning", ...agents].map((name) => join(ROOT, `tests/agents/${name}_test.ts`));
}

function usageError(message: string): never {
  console.error(`error: ${message}; see --help`);
  Deno.exit(2);
}

/** The directory for what can be had again. */
function defaultDirectory(): string {
  const cache = Deno.env.get("XDG_CACHE_HOME") ?? join(Deno.env.get("HOME") ?? "/tmp", ".cache");
  return join(cache, "omk/agents");
}

if (import.meta.main) {
  const args = parseArgs(Deno.args, {
    boolean: ["help", "or-skip"],
    string: ["agents", "directory", "filter", "summary", "timeout-secs", "tries"],
    default: { agents: "kimi,codex", tries: "1" },
    unknown: (arg) => usageError(`Unknown argument "${arg}"`),
  });
  if (args.help) {
    console.log(HELP);
    Deno.exit(0);
  }
  const agents = args.agents.split(",").map((name) =>
    AGENT_NAMES.find((known) => known === name) ?? usageError(`There is no agent "${name}"`)
  );
  const options = (["filter", "summary", "timeout-secs"] as const).flatMap((name) => {
    const value = args[name];
    return value === undefined ? [] : [`--${name}`, name === "summary" ? resolve(value) : value];
  });
  const tries = Number(args.tries);
  if (!Number.isInteger(tries) || tries < 1) usageError("--tries takes a whole number from 1 on");
  const directory = resolve(args.directory ?? defaultDirectory());
  const why = await whyNotInstalled(directory, agents);
  if (why === undefined) Deno.exit(await testAgents(agents, directory, options, tries));
  if (args["or-skip"]) Deno.exit(await skipAll(why, args.summary));
  console.error(`error: ${why}; these tests need the npm registry, or --directory with the agents`);
  Deno.exit(1);
}
