/** Drives any program as an agent: the prompt goes in, text comes out, and its exit status is its word. */

import { causeOf } from "./failure_text.ts";
import { callOf } from "./command_line.ts";
import type { AgentEnd, OpenConversation } from "./port.ts";

/** So many characters of the end of its output are looked at for the cause of a failure. */
const LAST_WORDS = 1000;

/** See the module. What its status is worth is known once it has ended: see `agentOutcome`. */
export const openCommand: OpenConversation = (job) => {
  const call = callOf(job);
  return {
    command: call.command,
    async speak({ input, lines }, listener): Promise<AgentEnd> {
      listener.started();
      void input.write(new TextEncoder().encode(call.stdin)).then(() => input.close());
      let lastWords = "";
      for await (const line of lines) {
        const text = "text" in line ? line.text : `[a line of ${line.tooLong} bytes was dropped]`;
        lastWords = `${lastWords}\n${text}`.slice(-LAST_WORDS);
        listener.update({ kind: "text", text: `${text}\n` });
      }
      const doubt = causeOf(lastWords);
      return { result: "ended", ...(doubt === undefined ? {} : { doubt }) };
    },
    // It has no word for it; its process is asked to end.
    cancel: () => {},
  };
};
