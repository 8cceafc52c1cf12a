import { assertEquals } from "@std/assert";
import { kimiSessionUsage } from "../../../src/worker/agents/session_usage.ts";

Deno.test("kimiSessionUsage() adds up the calls of all agents of the session, and of no other", async () => {
  const home = await Deno.makeTempDir({ prefix: "omk-kimi-" });
  try {
    const record = (more: object = {}) =>
      JSON.stringify({
        type: "usage.record",
        model: "kimi-k3",
        usage: { inputOther: 1034, output: 56, inputCacheRead: 200, inputCacheCreation: 0, ...more },
        usageScope: "turn",
      });
    const write = async (path: string, ...lines: readonly string[]) => {
      const full = `${home}/sessions/${path}/wire.jsonl`;
      await Deno.mkdir(full.slice(0, full.lastIndexOf("/")), { recursive: true });
      await Deno.writeTextFile(full, `${lines.join("\n")}\n`);
    };
    const quoting = JSON.stringify({ type: "message", text: record() });
    await write(
      "wd_a_1/session_1/agents/main",
      quoting,
      record(),
      "{torn",
      record({ inputCacheCreation: 10 }),
    );
    await write("wd_a_1/session_1/agents/sub", record());
    await write("wd_a_1/session_2/agents/main", record());
    const env = { KIMI_CODE_HOME: home };
    assertEquals(await kimiSessionUsage(env, "session_1"), {
      input_tokens: 3712,
      cached_tokens: 600,
      output_tokens: 168,
      quality: "measured",
      model: "kimi-k3",
    });
    assertEquals(await kimiSessionUsage(env, "session_3"), null);
    assertEquals(await kimiSessionUsage(env, "../session_1"), null);
    assertEquals(await kimiSessionUsage({ HOME: `${home}/nobody` }, "session_1"), null);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});
