/** Drives an agent that is given its prompt once and prints JSON lines while it works. */

import { within } from "../../process/deadline.ts";
import { callOf } from "./command_line.ts";
import { ClaudeDialect } from "./dialects/claude.ts";
import { CodexDialect } from "./dialects/codex.ts";
import type { Dialect } from "./dialects/dialect.ts";
import { GeminiDialect } from "./dialects/gemini.ts";
import { KimiDialect } from "./dialects/kimi.ts";
import { OpencodeDialect } from "./dialects/opencode.ts";
import { causeOf } from "./failure_text.ts";
import { parseObject } from "./json.ts";
import type { AgentEnd, AgentLine, AgentListener, OpenConversation } from "./port.ts";
import type { StreamDialect } from "../../plan/spec.ts";

/** Once the last line is there, the process has so long to go; side calls of some agents take a moment. */
const LINGER_MS = 5_000;
/** So much of what is no message is looked at for the cause of a failure. */
const LAST_WORDS = 2000;

const DIALECTS: Readonly<Record<StreamDialect, () => Dialect>> = {
  kimi: () => new KimiDialect(),
  claude: () => new ClaudeDialect({ countsCacheApart: true }),
  codex: () => new CodexDialect(),
  gemini: () => new GeminiDialect(),
  qwen: () => new ClaudeDialect({ countsCacheApart: false }),
  opencode: () => new OpencodeDialect(),
};

/** See the module. */
export const openStream: OpenConversation = (job, clock) => {
  const call = callOf(job);
  const dialect = DIALECTS[job.spec.dialect ?? "claude"]();
  return {
    command: call.command,
    async speak({ input, lines }, listener): Promise<AgentEnd> {
      // OpenCode prints nothing before its model has answered, so its first line is no sign of a session.
      if (job.spec.dialect === "opencode") listener.started();
      void input.write(new TextEncoder().encode(call.stdin)).then(() => input.close());
      const over = Promise.withResolvers<void>();
      let said = "";
      const reading = (async () => {
        for await (const line of lines) {
          said = `${said}${take(line, dialect, listener)}`.slice(-LAST_WORDS);
          // OpenCode has no last line, so its end is that of its output.
          if (job.spec.dialect !== "opencode" && dialect.end() !== null) over.resolve();
        }
      })();
      await Promise.race([reading, over.promise]);
      await within(clock, LINGER_MS, reading);
      return dialect.end() ?? withoutEnd(said);
    },
    // It has no word for it; its process is asked to end.
    cancel: () => {},
  };
};

/** Takes in one line; returns it where it is no message. */
function take(line: AgentLine, dialect: Dialect, listener: AgentListener): string {
  if ("tooLong" in line) {
    listener.update({ kind: "note", text: `a line of ${line.tooLong} bytes was dropped` });
    return "";
  }
  if (line.text.trim() === "") return "";
  const message = parseObject(line.text);
  if (message === undefined) {
    listener.update({ kind: "text", text: `${line.text}\n` });
    return `${line.text}\n`;
  }
  listener.started();
  for (const update of dialect.read(message)) listener.update(update);
  return "";
}

/** The end of an agent that has gone without a last line. */
function withoutEnd(said: string): AgentEnd {
  const cause = causeOf(said);
  const detail = said.trim().split("\n").at(-1) ?? "";
  if (cause !== undefined) return { result: cause, detail };
  return { result: "died", detail: detail === "" ? "its output ended before its last line" : detail };
}
