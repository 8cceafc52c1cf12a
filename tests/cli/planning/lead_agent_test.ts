import { assertEquals, assertThrows } from "@std/assert";
import type { CommandArguments } from "../../../src/cli/command.ts";
import { Config } from "../../../src/cli/config/config.ts";
import { chooseLeadAgent } from "../../../src/cli/planning/lead_agent.ts";
import { UsageError } from "../../../src/errors.ts";

const NO_ARGUMENTS: CommandArguments = {
  flag: () => false,
  text: () => undefined,
  number: () => undefined,
  list: () => [],
  positionals: [],
};

/** A choice among these programs, with what variable, plan and file say. */
async function choose(
  programs: readonly string[],
  said: { variable?: string; plan?: string; file?: string; own?: readonly string[] } = {},
) {
  const bin = await Deno.makeTempDir();
  try {
    for (const name of programs) await Deno.writeTextFile(`${bin}/${name}`, "", { mode: 0o755 });
    const env = { PATH: bin, ...(said.variable === undefined ? {} : { OMK_AGENT: said.variable }) };
    const values = new Map(said.file === undefined ? [] : [["agent", said.file]]);
    const file = { path: "/config.jsonc", values, places: new Map([["agent", "2:3"]]) };
    const agents = Object.fromEntries((said.own ?? []).map((name) => [name, { command: "true" }]));
    return chooseLeadAgent(
      new Config({ args: NO_ARGUMENTS, env, file }),
      { agent: said.plan, agents, planPath: "/p/omk.jsonc" },
      { configured: {}, env, cwd: bin },
    );
  } finally {
    await Deno.remove(bin, { recursive: true });
  }
}

Deno.test("chooseLeadAgent() takes who was said: variable, plan, configuration; else the only one", async () => {
  const all = ["claude", "codex"];
  assertEquals(await choose(all, { variable: "codex", plan: "claude", file: "kimi" }), {
    agent: "codex",
    others: ["claude"],
  });
  assertEquals((await choose(all, { plan: "claude", file: "codex" })).agent, "claude");
  assertEquals((await choose(all, { file: "kimi" })).agent, "kimi");
  assertEquals(await choose(["cursor-agent"]), { agent: "cursor", others: [] });
  assertEquals(await choose([], { own: ["mine"] }), { agent: "mine", others: [] });
});

Deno.test("chooseLeadAgent() says why it cannot choose", async () => {
  const message = async (...args: Parameters<typeof choose>) => {
    try {
      await choose(...args);
      return "";
    } catch (error) {
      assertThrows(() => {
        throw error;
      }, UsageError);
      return error instanceof Error ? error.message : "";
    }
  };
  assertEquals(
    await message([]),
    "There is no agent that could plan: none is installed that omk knows, and none is configured; install one " +
      '(omk agents lists them), or say under "agents" in omk.jsonc how yours is started',
  );
  assertEquals(
    await message(["claude", "codex"]),
    'Cannot tell which agent is to plan: there are claude, codex; name one: --agent claude, or "agent" in your configuration',
  );
  assertEquals(
    await message([], { plan: "qwne" }),
    'Cannot have "qwne" plan (/p/omk.jsonc): it is no agent that omk knows; did you mean qwen?',
  );
  assertEquals(
    await message([], { file: "zzz" }),
    'Cannot have "zzz" plan (/config.jsonc:2:3): it is no agent that omk knows; say under "agents" how it is started; ' +
      "omk agents lists those of omk",
  );
});
