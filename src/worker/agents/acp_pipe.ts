/** The two pipes of an agent as the streams of messages that the protocol's library speaks over. */

import type { AnyMessage, Stream } from "@agentclientprotocol/sdk";
import { isObject, parseObject } from "./json.ts";
import type { AgentPipes } from "./port.ts";

/** What is told of the pipes besides messages. */
export interface AcpPipe {
  readonly stream: Stream;
  /** Resolves when the agent's output has ended. */
  readonly ended: Promise<void>;
  /** How many messages have come. */
  messages(): number;
  /** The last lines that were no messages. */
  stray(): string;
}

/** So much of what is no message is kept. */
const STRAY_UNITS = 2000;

/** See the module. A line that is no message goes to `onStray`: agents print banners and warnings there. */
export function acpPipe({ input, lines }: AgentPipes, onStray: (text: string) => void): AcpPipe {
  const encoder = new TextEncoder();
  const ended = Promise.withResolvers<void>();
  let messages = 0;
  let isCancelled = false;
  let stray = "";
  const keep = (text: string) => {
    stray = `${stray}\n${text}`.slice(-STRAY_UNITS);
    onStray(text);
  };
  const readable = new ReadableStream<AnyMessage>({
    async start(controller) {
      for await (const line of lines) {
        if ("tooLong" in line) keep(`a line of ${line.tooLong} bytes was dropped`);
        else if (line.text.trim() !== "") {
          const message = parseObject(line.text);
          if (message === undefined || !isMessage(message)) keep(line.text);
          else {
            messages += 1;
            if (!isCancelled) controller.enqueue(message);
          }
        }
      }
      if (!isCancelled) controller.close();
      ended.resolve();
    },
    cancel() {
      // What comes later is read and dropped, so that the agent can end.
      isCancelled = true;
    },
  });
  const writable = new WritableStream<AnyMessage>({
    async write(message) {
      const isRead = await input.write(encoder.encode(`${JSON.stringify(message)}\n`));
      if (!isRead) throw new Error("the agent reads no more");
    },
  });
  return {
    stream: { readable, writable },
    ended: ended.promise,
    messages: () => messages,
    stray: () => stray,
  };
}

/** Whether an object has the form of a message; what is in it is looked at by whoever gets it. */
function isMessage(value: unknown): value is AnyMessage {
  return isObject(value) && value["jsonrpc"] === "2.0" &&
    (typeof value["method"] === "string" || "result" in value || "error" in value);
}
