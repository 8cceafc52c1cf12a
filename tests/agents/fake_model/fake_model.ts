/**
 * A model that a test plays: a server on loopback that speaks what coding agents speak with their models, and answers
 * what a script says. No session is kept: each request holds the whole conversation.
 */

import { chat } from "./chat.ts";
import type { Answer, Conversation, Protocol } from "./conversation.ts";
import { gemini } from "./gemini.ts";
import { messages } from "./messages.ts";
import { responses } from "./responses.ts";
import { type Ask, type Reply, type Script, USAGE_PER_CALL } from "./script.ts";
import { callFor } from "./tool_use.ts";
import { workingDirectoryIn } from "./working_directory.ts";

const PROTOCOLS: readonly Protocol[] = [chat, responses, messages, gemini];

/**
 * Prompts of calls that agents make on their own: a title, the next suggestion, what to remember. They have no part in
 * the script.
 */
const SIDE_CALL =
  /Reply with ONLY the suggestion|## Existing memory files|managed memory index|creating a title|Write the title|<session>\n|generate a (short )?title|next_speaker/i;

/** A call of the model that was answered by the script. */
export interface Asked extends Ask {
  readonly reply: Reply;
}

/** See the module. */
export class FakeModel implements AsyncDisposable {
  /** `http://127.0.0.1:PORT`, without a path. */
  readonly url: string;
  /** Every call that the script answered, in order. */
  readonly asked: Asked[] = [];
  /** Paths of requests that it has no answer to. */
  readonly unknown: string[] = [];
  readonly #script: Script;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #over = new AbortController();
  #calls = 0;

  /** Starts it on a free port. */
  constructor(script: Script) {
    this.#script = script;
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {}, signal: this.#over.signal },
      (request) => this.#handle(request),
    );
    this.url = `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** How often it was asked with a prompt that holds this text. */
  timesAsked(text: string): number {
    return this.asked.filter(({ prompt }) => prompt.includes(text)).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await this.#server.finished;
  }

  async #handle(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const text = await request.text();
    const protocol = PROTOCOLS.find(({ path }) => path.test(pathname));
    if (request.method !== "POST" || protocol === undefined) return this.#other(request.method, pathname);
    const conversation = protocol.read(JSON.parse(text), pathname);
    const cwd = workingDirectoryIn(text);
    const reply = this.#reply(conversation);
    if ("hang" in reply) {
      // Nobody waits for ever: the test's end is the end of this too.
      await new Promise((resolve) => this.#over.signal.addEventListener("abort", resolve));
      return new Response(null, { status: 503 });
    }
    if ("status" in reply) return failure(reply.status);
    const answer = this.#answer(reply, conversation, cwd);
    if (!conversation.isStream) return Response.json(protocol.document(answer));
    return stream(protocol.events(answer), "cut" in reply);
  }

  /** Lists of models, counts of tokens, and whatever else agents look for. */
  #other(method: string, path: string): Response {
    if (method === "GET" && /\/models$/.test(path)) {
      const model = {
        id: "fake-model",
        object: "model",
        created: 1,
        owned_by: "test",
        context_length: 200_000,
      };
      return Response.json({ object: "list", data: [model], models: [] });
    }
    if (/count_tokens$/.test(path)) return Response.json({ input_tokens: USAGE_PER_CALL.input });
    if (/:countTokens$/.test(path)) return Response.json({ totalTokens: USAGE_PER_CALL.input });
    this.unknown.push(`${method} ${path}`);
    return failure(404);
  }

  #reply({ turns, tools, model }: Conversation): Reply {
    // Agents put reminders of their own before and after what they were told, as messages of the user.
    const prompt = turns.filter(({ role }) => role === "user").map(({ text }) => text).join("\n");
    const latest = turns.findLast(({ role, text }) => role === "user" && text !== "")?.text ?? "";
    if (tools.length === 0 || SIDE_CALL.test(latest)) return { text: "A title" };
    const ask = {
      prompt,
      turn: turns.reduce((sum, { calls }) => sum + calls, 0),
      toolOutput: turns.findLast(({ role }) => role === "tool")?.text ?? "",
      model,
    };
    const reply = this.#script(ask);
    this.asked.push({ ...ask, reply });
    return reply;
  }

  #answer(reply: Reply, { tools, model }: Conversation, cwd: string | null): Answer {
    this.#calls += 1;
    const call = callFor(reply, tools, cwd);
    const isWork = "shell" in reply || "write" in reply;
    const names = tools.map(({ name }) => name).join(", ");
    const text = "text" in reply
      ? reply.text
      : call === null && isWork
      ? `No tool for it among: ${names}`
      : "";
    const use = call === null ? null : { id: `call_${this.#calls}`, ...call };
    return { id: `fake_${this.#calls}`, model, text, use, usage: USAGE_PER_CALL };
  }
}

function failure(status: number): Response {
  const types: Readonly<Record<number, string>> = { 401: "authentication_error", 429: "rate_limit_error" };
  const error = { type: types[status] ?? "api_error", message: `fake ${status}`, code: status };
  return Response.json({ type: "error", error }, { status });
}

/** The events; with `isCut` the connection breaks after the first. */
function stream(events: ReturnType<Protocol["events"]>, isCut: boolean): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      for (const { name, data } of isCut ? events.slice(0, 1) : events) {
        const text = typeof data === "string" ? data : JSON.stringify(data);
        controller.enqueue(
          encoder.encode(`${name === undefined ? "" : `event: ${name}\n`}data: ${text}\n\n`),
        );
      }
      if (!isCut) return controller.close();
      // A moment for the first bytes to leave.
      await new Promise((resolve) => setTimeout(resolve, 50));
      controller.error(new Error("cut"));
    },
  });
  return new Response(body, {
    headers: { "content-type": "text/event-stream", "cache-control": "no-cache" },
  });
}
