/** What an agent tells, as text that people read: it stands in the output artifact and in the live view. */

import type { AgentUpdate, ToolCall } from "./port.ts";

/** So much text may wait to be written before the agent is read no further. */
const WAITING_BYTES = 1024 * 1024;
/** Of a command or a list of paths, no more is told in the line of a tool. */
const LONGEST_SUBJECT = 500;

/** See the module. */
export class Transcript {
  /** The text, as bytes. */
  readonly stream: ReadableStream<Uint8Array>;
  readonly #encoder = new TextEncoder();
  #controller: ReadableByteStreamController | null = null;
  #room = Promise.withResolvers<void>();
  #speaking: "text" | "thought" | "lines" = "lines";
  #atLineStart = true;
  readonly #told = new Map<string, string>();

  /** `onCancel` is called when nobody reads the text any more. */
  constructor(onCancel: () => void) {
    this.stream = new ReadableStream({
      type: "bytes",
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => this.#room.resolve(),
      cancel: () => {
        this.#controller = null;
        this.#room.resolve();
        onCancel();
      },
    }, { highWaterMark: WAITING_BYTES });
  }

  /** Resolves when there is room for more. */
  async ready(): Promise<void> {
    if (this.#controller === null || (this.#controller.desiredSize ?? 1) > 0) return;
    this.#room = Promise.withResolvers();
    await this.#room.promise;
  }

  /** Adds what the agent has told. */
  add(update: AgentUpdate): void {
    switch (update.kind) {
      case "text":
      case "thought":
        return this.#speak(update.kind, update.text);
      case "tool":
        return this.#tool(update.call, update.status);
      case "plan":
        for (const { text, status } of update.steps) this.#line(`[plan] ${text} (${status})`);
        return;
      case "trouble":
      case "note":
        return this.#line(`[omk] ${update.text}`);
      case "alive":
        return;
    }
  }

  /** Ends the text. */
  close(): void {
    const controller = this.#controller;
    if (controller === null) return;
    if (!this.#atLineStart) this.#write("\n");
    this.#controller = null;
    controller.close();
    // A reader that brings its own buffer waits for this.
    controller.byobRequest?.respond(0);
  }

  #speak(kind: "text" | "thought", text: string): void {
    if (text === "") return;
    if (this.#speaking !== kind) {
      this.#speaking = kind;
      this.#write(`${this.#atLineStart ? "" : "\n"}${kind === "thought" ? "[thought] " : ""}`);
    }
    this.#write(text);
  }

  #tool(call: ToolCall, status: string): void {
    const subject = (call.command ?? call.paths.join(", ")).slice(0, LONGEST_SUBJECT).replaceAll("\n", " ");
    const shown = subject === "" || call.title.includes(subject) ? call.title : `${call.title}: ${subject}`;
    const line = `[${call.tool}] ${shown}${status === "failed" ? " (failed)" : ""}`;
    // Most agents tell of one call many times.
    if (this.#told.get(call.id) === line) return;
    this.#told.set(call.id, line);
    this.#line(line);
  }

  #line(text: string): void {
    this.#speaking = "lines";
    this.#write(`${this.#atLineStart ? "" : "\n"}${text}\n`);
  }

  #write(text: string): void {
    if (text === "") return;
    this.#atLineStart = text.endsWith("\n");
    this.#controller?.enqueue(this.#encoder.encode(text));
  }
}
