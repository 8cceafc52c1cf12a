import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { checkContainment } from "../../../src/cli/doctor/check_containment.ts";
import {
  checkClock,
  checkNesting,
  checkTerminal,
  checkVersion,
} from "../../../src/cli/doctor/check_machine.ts";

Deno.test("checkClock() notices a clock that was never set, jumps, or is behind the newest run", () => {
  const wall = Date.UTC(2026, 0, 2);
  const before = { wall: wall - 1000, monotonic: 0 };
  const now = { wall, monotonic: 1000 };
  const levels = (newest: number | null, evidence: Partial<Parameters<typeof checkClock>[0]> = {}) =>
    checkClock({ before, now, newest, ...evidence }).map(({ level, found }) =>
      `${level} ${found.replace(/^\S+Z:? ?/, "")}`.trim()
    );
  assertEquals(levels(null), ["ok"]);
  assertEquals(levels(wall - 1), ["ok"]);
  assertEquals(levels(wall + 600_000), ["warning the newest run is 10m ahead of it"]);
  assertEquals(levels(null, { now: { wall: 0, monotonic: 0 } }), ["error it was never set"]);
  const jumped = { wall: wall + 3000, monotonic: 1000 };
  assertEquals(levels(null, { now: jumped }), ["warning it has jumped by 3.0 s while omk looked"]);
});

Deno.test("checkVersion(), checkNesting() and checkTerminal() say what runs, and where", () => {
  assertStringIncludes(checkVersion().found, "runtime: source");
  assertEquals(checkNesting({}), []);
  assertEquals(checkNesting({ OMK_MARK: "x" })[0]?.level, "note");
  const terminal = { stdoutIsTerminal: true, stderrIsTerminal: true, columns: 100 };
  assertStringIncludes(checkTerminal(terminal, {}).found, "100 columns: a run shows a live view");
  assertStringIncludes(checkTerminal(terminal, { TERM: "dumb" }).found, "plain lines");
  assertStringIncludes(checkTerminal({ ...terminal, stdoutIsTerminal: false }, {}).found, "plain lines");
});

Deno.test("checkContainment() says what omk does by itself, and what can be asked for or why it cannot", async () => {
  const env = { PATH: Deno.env.get("PATH") ?? "" };
  const found = await checkContainment(env);
  assertMatch(found[0]?.found ?? "", /^(cgroup|mark|group): no process of a task outlives it/);
  const checks = found.map(({ check }) => check).filter((check) => check !== "boot");
  assertEquals(checks, ["containment", "progress", "control groups", "bubblewrap", "limits"]);
  const withoutPrograms = await checkContainment({ PATH: "/nonexistent" });
  const bubblewrap = withoutPrograms.find(({ check }) => check === "bubblewrap");
  assertEquals([bubblewrap?.level, bubblewrap?.found], ["note", "bubblewrap (bwrap) is not installed"]);
  assertStringIncludes(bubblewrap?.fix ?? "", "apt-get install bubblewrap");
});

Deno.test("checkContainment() finds a bubblewrap that works, and one that may not", async () => {
  const bin = await Deno.makeTempDir();
  const env = { PATH: `${bin}:${Deno.env.get("PATH") ?? ""}` };
  const found = async () =>
    (await checkContainment(env)).find(({ check }) => check === "bubblewrap")?.found ?? "";
  await Deno.writeTextFile(`${bin}/bwrap`, "#!/bin/sh\nexit 0\n", { mode: 0o755 });
  assertStringIncludes(await found(), 'it works: "sandbox" in a task');
  await Deno.writeTextFile(`${bin}/bwrap`, "#!/bin/sh\nexit 1\n", { mode: 0o755 });
  assertStringIncludes(await found(), "bubblewrap is installed but may not make namespaces");
  await Deno.remove(bin, { recursive: true });
});
