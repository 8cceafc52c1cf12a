import { assertEquals } from "@std/assert";
import { examineAgents } from "../../src/cli/examine_agents.ts";
import type { AgentInputs } from "../../src/plan/resolve_agent.ts";

/** A program that prints one text for its version, another for its help, and a third to whoever speaks to it. */
function program(version: string, help: string, answer: string): string {
  return `#!/bin/sh
case $1 in
--version) echo '${version}' ;;
--help) echo '${help}' ;;
*) read -r hello && echo '${answer}' ;;
esac
`;
}

Deno.test("examineAgents() tells what is installed and configured, tells two programs named kimi apart, and tries them out", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const env = { PATH: dir };
    const agents: AgentInputs = {
      claude: { driver: "acp" },
      mine: { description: "My own", command: ["mine", "--print"] },
      gone: { command: ["gone"] },
    };
    const look = async (probe: boolean) => {
      const reports = await examineAgents({ env, cwd: dir, probe, agents });
      return Object.fromEntries(reports.map((report) => [report.name, report]));
    };
    const install = (name: string, text: string) =>
      Deno.writeTextFile(`${dir}/${name}`, text, { mode: 0o755 });
    const { kimi, claude } = await look(false);
    assertEquals([kimi?.path, kimi?.version, kimi?.driver], [null, null, "acp"]);
    assertEquals([claude?.driver, claude?.command], ["acp", ["claude-agent-acp"]]);
    await install("mine", "#!/bin/sh\necho started > started\n");
    const { mine, gone } = await look(true);
    assertEquals([mine?.title, mine?.path, mine?.version, mine?.probe], [
      "My own",
      `${dir}/mine`,
      null,
      null,
    ]);
    assertEquals(gone?.path, null);
    await install(
      "kimi",
      program("kimi, version 1.49.0", "--wire  the own protocol", '{"protocolVersion":1}'),
    );
    const { kimi: python } = await look(false);
    assertEquals([python?.title, python?.version, python?.probe], ["Kimi CLI (Python)", "1.49.0", null]);
    const speaks = { ok: true, detail: "it speaks version 1 of the protocol" };
    assertEquals((await look(true)).kimi?.probe, speaks);
    await install("kimi", program("2.1.0", "acp  for editors", "no idea"));
    const { kimi: code } = await look(false);
    assertEquals([code?.title, code?.version, code?.path], ["Kimi Code", "2.1.0", `${dir}/kimi`]);
    const silent = { ok: false, detail: "it exited with 0 and without an answer" };
    assertEquals((await look(true)).kimi?.probe, silent);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
