import { assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { resolveAgent } from "../../../src/plan/resolve_agent.ts";
import type { AgentSpec } from "../../../src/plan/spec.ts";
import { bodyOutcome } from "../../../src/worker/outcome.ts";
import { agentOutcome } from "../../../src/worker/agents/agent_outcome.ts";
import type { AgentRun } from "../../../src/worker/agents/agent_run.ts";
import { startAgent } from "../../../src/worker/agents/start_agent.ts";
import type { PermissionRequest } from "../../../src/worker/approval/port.ts";
import type { AttemptOutcome } from "../../../src/log/kinds.ts";
import { type Bench, hurriedClock, PATH_ONLY, withBench } from "../../process/fixture.ts";

const SCRIPTED = fromFileUrl(new URL("scripted_agent.ts", import.meta.url));
const CONFIG = fromFileUrl(new URL("../../../deno.json", import.meta.url));

/** One oddity, and what comes of it. */
interface Case {
  readonly name: string;
  /** The steps of the agent. */
  readonly prompt: string;
  /** Words on the agent's command line. */
  readonly words?: readonly string[];
  readonly spec?: Partial<AgentSpec>;
  readonly answer?: "allow" | "deny";
  /** The result, and a pattern for its detail. */
  readonly result: AttemptOutcome["result"];
  readonly detail?: RegExp;
  /** A pattern for the transcript. */
  readonly says?: RegExp;
  readonly agent?: Partial<AttemptOutcome["agent"]>;
  readonly usage?: AttemptOutcome["usage"];
  /** What the desk was asked. */
  readonly asked?: readonly PermissionRequest[];
  readonly strays?: number;
  /** How much faster omk's clock goes than the agent's. Default: 20. */
  readonly factor?: number;
}

const CASES: readonly Case[] = [
  {
    name: "work, with late usage and cost",
    prompt: "write a.txt hello\nsay done\nlate-usage",
    factor: 1,
    result: "success",
    says: /^done\n$/,
    agent: {
      version: "1.2.3",
      end: "ended",
    },
    usage: { input_tokens: 1234, cached_tokens: 200, output_tokens: 56, usd: 0.5, quality: "measured" },
  },
  {
    name: "an update of a call that was never announced, garbage, and a request that nobody knows",
    prompt: "early\ngarbage\nunknown\nsay done",
    words: ["banner"],
    result: "success",
    says: /Welcome to[^]*\[omk\] Warning: this is no message[^]*got -32601[^]*done/,
  },
  {
    name: "10 MB in one line",
    prompt: "long 10000000\nsay done",
    result: "success",
    says: /x{1000}/,
  },
  {
    name: "a permission, with two options of one kind",
    prompt: "ask execute npm test\nsay done",
    result: "success",
    says: /asks for leave to execute: execute: npm test\n\[omk\] allowed: because[^]*answer proceed_once\n/,
    asked: [{ tool: "execute", title: "execute", command: "npm test", paths: [] }],
  },
  {
    name: "a permission without kind and input",
    prompt: "ask-bare $ rm -rf x",
    answer: "deny",
    result: "success",
    says: /answer no_thanks/,
    asked: [{ tool: "execute", title: "Bash", command: "rm -rf x", paths: [] }],
    agent: { denied: 1 },
  },
  {
    name: "a turn that a denial ends",
    prompt: "ask edit a.txt\nstop cancelled",
    answer: "deny",
    result: "permission_denied",
    detail: /1 permission was denied/,
  },
  {
    name: "end_turn without a word is doubted",
    prompt: "stop end_turn",
    result: "success",
    agent: { end: "ended", doubt: "model_unreachable" },
  },
  {
    name: "an error as text is doubted",
    prompt: "say API Error: 429 Too Many Requests",
    result: "success",
    agent: { doubt: "model_unreachable" },
  },
  { name: "a refusal", prompt: "stop refusal", result: "refused" },
  {
    name: "a limit of its own",
    prompt: "say x\nstop max_tokens",
    result: "reported_partial",
    detail: /max_tokens/,
  },
  {
    name: "a model that cannot be reached",
    prompt: "error -32603 connect ECONNREFUSED 127.0.0.1:1",
    result: "model_unreachable",
    detail: /ECONNREFUSED/,
  },
  { name: "the status as code", prompt: "error 500 oops", result: "model_unreachable" },
  { name: "no credit", prompt: "error -32603 Your credit balance is too low", result: "out_of_credit" },
  { name: "no login", prompt: "", words: ["needs-login"], result: "login_required" },
  {
    name: "another version of the protocol",
    prompt: "",
    words: ["version=2"],
    result: "protocol_error",
    detail: /version 2 /,
  },
  {
    name: "no session in time",
    prompt: "",
    words: ["no-session"],
    spec: { start_secs: 10 },
    result: "timeout",
    detail: /no session after 10 s/,
  },
  {
    name: "no answer at all",
    prompt: "",
    words: ["no-hello"],
    spec: { start_secs: 10 },
    result: "timeout",
    detail: /no session/,
  },
  {
    name: "nothing told in time",
    prompt: "silent",
    spec: { first_update_secs: 10 },
    result: "timeout",
    detail: /nothing in the first 10 s/,
  },
  {
    name: "silence",
    prompt: "say hm\nsilent",
    spec: { silence_secs: 10 },
    result: "timeout",
    detail: /nothing for 10 s/,
    says: /hm\n\[omk\] the agent told nothing/,
  },
  { name: "death in mid-prompt", prompt: "say x\ndie", result: "agent_died" },
  { name: "an exit in mid-prompt", prompt: "say x\nexit 3", result: "agent_died" },
  {
    name: "deaf to SIGTERM, and silent",
    prompt: "say x\ndeaf",
    spec: { silence_secs: 10 },
    result: "timeout",
  },
  { name: "tools left running", prompt: "leave-child\nsay x", result: "success", strays: 1 },
  {
    name: "a tool that writes elsewhere",
    prompt: "tool edit ../elsewhere/x.txt",
    result: "wrote_outside",
    detail: /elsewhere\/x\.txt$/,
    says: /\[edit\] Write/,
  },
  { name: "a tool that writes in the worktree", prompt: "tool edit y.txt\nsay x", result: "success" },
  {
    name: "a mode that it has",
    prompt: "say x",
    words: ["modes"],
    spec: { mode: "ask" },
    result: "success",
    says: /mode ask/,
  },
];

/** Runs the scripted agent; a second of a limit takes 50 ms. */
async function start(
  { supervisor, body }: Bench,
  each: Case,
  dir: string,
  asked: PermissionRequest[],
): Promise<AgentRun> {
  const command = [
    Deno.execPath(),
    "run",
    "--quiet",
    "--no-check",
    "-A",
    `--config=${CONFIG}`,
    SCRIPTED,
    ...each.words ?? [],
  ];
  const resolved = resolveAgent("scripted", { scripted: { driver: "acp", command } });
  if (!resolved.ok) throw new Error(resolved.problem);
  const { answer = "allow" } = each;
  return await startAgent({
    clock: hurriedClock(each.factor ?? 20),
    supervisor,
    name: "scripted",
    spec: { ...resolved.spec, start_secs: 600, ...each.spec },
    prompt: each.prompt,
    promptFile: `${dir}/../prompt.md`,
    desk: {
      decide(request) {
        asked.push(request);
        return Promise.resolve({ decision: answer, reason: "because" });
      },
    },
    place: { root: dir, cwd: dir },
    body: body([], { cwd: dir, env: environment() }),
  });
}

/** What the runtime of the scripted agent needs to find what it has downloaded. */
function environment(): Record<string, string> {
  const { HOME = "/", DENO_DIR } = Deno.env.toObject();
  return { ...PATH_ONLY, HOME, ...(DENO_DIR === undefined ? {} : { DENO_DIR }) };
}

Deno.test("startAgent() P8, P9: whatever an agent over ACP does has a typed outcome, and ends", async (t) => {
  await withBench(async (bench) => {
    const worktree = `${bench.dir}/worktree`;
    await Deno.mkdir(`${bench.dir}/elsewhere`);
    await Deno.mkdir(worktree);
    for (const each of CASES) {
      await t.step(each.name, async () => {
        const asked: PermissionRequest[] = [];
        const run = await start(bench, each, worktree, asked);
        const ended = await run.outcome;
        const spec = { driver: "acp" as const };
        const outcome = agentOutcome(
          bodyOutcome(ended, { output: "x", result: "y" }, { kind: "absent" }),
          "scripted",
          spec,
          await run.evidence,
        );
        const said = bench.read(`t${++count}.log`);
        assertEquals(
          [outcome.result, outcome.proven_dead],
          [each.result, true],
          `${outcome.detail}\n${said}`,
        );
        if (each.detail !== undefined) assertMatch(outcome.detail ?? "", each.detail);
        if (each.says !== undefined) assertMatch(said, each.says);
        for (const [field, value] of Object.entries(each.agent ?? {})) {
          assertEquals(Reflect.get(outcome.agent ?? {}, field), value, field);
        }
        if (each.usage !== undefined) assertEquals(outcome.usage, each.usage);
        if (each.asked !== undefined) assertEquals(asked, each.asked);
        if (each.strays !== undefined) assertEquals(outcome.strays_ended, each.strays);
      });
    }
  });
});

let count = 0;
