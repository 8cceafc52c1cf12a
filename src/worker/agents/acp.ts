/** Drives any agent that speaks the Agent Client Protocol, version 1, over its standard input and output. */

import { client, type ClientContext, RequestError } from "@agentclientprotocol/sdk";
import { reasonOf } from "../../errors.ts";
import { within } from "../../process/deadline.ts";
import { VERSION } from "../../version.ts";
import { type AcpPipe, acpPipe } from "./acp_pipe.ts";
import { AcpUpdates } from "./acp_updates.ts";
import { AcpUsage } from "./acp_usage.ts";
import { causeOf, doubtOf } from "./failure_text.ts";
import { type JsonObject, objectOf, objectsOf, textOf } from "./json.ts";
import type { AgentConversation, AgentEnd, AgentJob, AgentListener, AgentResult } from "./port.ts";
import type { Clock } from "../../clock.ts";

/** The version of the protocol; 2 is a draft, and some agents answer an error to it. */
const PROTOCOL = 1;
/** So long after the answer to the prompt the agent is left alone: some tell what they have used just then. */
const LATE_MS = 500;
/** After that its input ends; updates that come late that come even later are waited for; most agents go when their input ends. */
const LINGER_MS = 2_000;
/** JSON-RPC: the agent needs a login first. */
const AUTH_REQUIRED = -32_000;

const STOPS: Readonly<Record<string, AgentResult>> = {
  end_turn: "ended",
  max_tokens: "limit",
  max_turn_requests: "limit",
  refusal: "refused",
  cancelled: "cancelled",
};

/** See the module. File access and terminals of the client are not offered: agents have their own (P8). */
export function openAcp(job: AgentJob, clock: Clock): AgentConversation {
  const session = new AcpSession(job, clock);
  return {
    command: job.spec.command,
    speak: (pipes, listener) =>
      session.speak(acpPipe(pipes, (text) => listener.update({ kind: "note", text })), pipes.input, listener),
    cancel: () => session.cancel(),
  };
}

class AcpSession {
  readonly #job: AgentJob;
  readonly #clock: Clock;
  readonly #updates = new AcpUpdates();
  readonly #usage: AcpUsage;
  readonly #stop = new AbortController();
  #agent: ClientContext | null = null;
  #sessionId: string | null = null;
  #version: string | undefined;

  constructor(job: AgentJob, clock: Clock) {
    this.#job = job;
    this.#clock = clock;
    this.#usage = new AcpUsage(job.spec.preset === "opencode");
  }

  /** Tells the agent to stop; requests for permission that are open are answered so too, as the protocol demands. */
  cancel(): void {
    this.#stop.abort();
    if (this.#sessionId === null) return;
    // The connection may be gone, and then there is nobody to tell.
    this.#agent?.notify("session/cancel", { sessionId: this.#sessionId }).catch(() => {});
  }

  async speak(
    pipe: AcpPipe,
    input: { close(): Promise<void> },
    listener: AgentListener,
  ): Promise<AgentEnd> {
    const connection = client({ name: "omk" })
      .onRequest("session/request_permission", objectOf, async ({ params, signal }) => ({
        outcome: await this.#permit(params, listener, signal),
      }))
      .onNotification(
        "session/update",
        objectOf,
        ({ params }) => this.#take(objectOf(params["update"]), listener),
      )
      .connect(pipe.stream);
    this.#agent = connection.agent;
    const end = await this.#converse(connection.agent, listener).catch((error: unknown) =>
      connection.signal.aborted ? this.#gone(pipe) : failureOf(error)
    );
    if (end.result === "ended") await within(this.#clock, LATE_MS, pipe.ended);
    await input.close();
    await within(this.#clock, LINGER_MS, pipe.ended);
    connection.close();
    const version = this.#version === undefined ? {} : { version: this.#version };
    const session = this.#sessionId === null ? {} : { session: this.#sessionId };
    return { ...end, usage: this.#usage.known(), ...session, ...version };
  }

  async #converse(agent: ClientContext, listener: AgentListener): Promise<AgentEnd> {
    const hello = objectOf(
      await agent.request<unknown>("initialize", {
        protocolVersion: PROTOCOL,
        clientInfo: { name: "omk", version: VERSION },
        clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false },
      }),
    );
    this.#version = textOf(objectOf(hello["agentInfo"])["version"]);
    if (hello["protocolVersion"] !== PROTOCOL) {
      const detail = `it speaks version ${
        JSON.stringify(hello["protocolVersion"])
      } of the protocol, and omk ${PROTOCOL}`;
      return { result: "protocol_error", detail };
    }
    const created = objectOf(
      await agent.request<unknown>("session/new", { cwd: this.#job.cwd, mcpServers: [] }),
    );
    const sessionId = textOf(created["sessionId"]);
    if (sessionId === undefined) return { result: "protocol_error", detail: "its new session has no id" };
    this.#sessionId = sessionId;
    await this.#setMode(agent, sessionId, objectOf(created["modes"]), listener);
    listener.started();
    const answer = objectOf(
      await agent.request<unknown>("session/prompt", {
        sessionId,
        prompt: [{ type: "text", text: this.#job.prompt }],
      }),
    );
    this.#usage.answer(answer);
    return this.#endOf(textOf(answer["stopReason"]));
  }

  #endOf(stopReason: string | undefined): AgentEnd {
    const result = STOPS[stopReason ?? ""];
    if (result === undefined) {
      return { result: "protocol_error", detail: `it stopped for ${JSON.stringify(stopReason ?? null)}` };
    }
    const lastWords = this.#updates.lastWords();
    if (result === "ended") return { result, ...(lastWords === null ? {} : doubtOf(lastWords)) };
    return { result, detail: `it stopped with ${stopReason}` };
  }

  async #setMode(
    agent: ClientContext,
    sessionId: string,
    modes: JsonObject,
    listener: AgentListener,
  ): Promise<void> {
    const modeId = this.#job.spec.mode;
    const isKnown = objectsOf(modes["availableModes"]).some(({ id }) => id === modeId);
    if (modeId === undefined || modes["currentModeId"] === modeId) return;
    if (!isKnown) {
      listener.update({ kind: "note", text: `the agent has no mode ${JSON.stringify(modeId)}` });
      return;
    }
    await agent.request<unknown>("session/set_mode", { sessionId, modeId });
  }

  #take(update: JsonObject, listener: AgentListener): void {
    this.#usage.update(update);
    listener.update(this.#updates.read(update));
  }

  /** Answers by the kind of an option: their ids differ everywhere, and there may be several of one kind. */
  async #permit(
    params: JsonObject,
    listener: AgentListener,
    signal: AbortSignal,
  ): Promise<{ outcome: "selected"; optionId: string } | { outcome: "cancelled" }> {
    const waiting = AbortSignal.any([signal, this.#stop.signal]);
    const { decision } = await listener.decide(this.#updates.request(params), waiting);
    if (waiting.aborted) return { outcome: "cancelled" };
    const wanted = decision === "allow" ? ["allow_once", "allow_always"] : ["reject_once", "reject_always"];
    const options = objectsOf(params["options"]);
    const found = wanted.flatMap((kind) => options.filter((option) => option["kind"] === kind));
    const optionId = textOf(found[0]?.["optionId"]);
    return optionId === undefined ? { outcome: "cancelled" } : { outcome: "selected", optionId };
  }

  /** Its end of the pipes is gone before the answer. */
  #gone(pipe: AcpPipe): AgentEnd {
    if (this.#stop.signal.aborted) return { result: "cancelled" };
    const stray = pipe.stray().trim();
    const lastLine = stray.split("\n").at(-1) ?? "";
    const cause = causeOf(stray);
    if (cause !== undefined) return { result: cause, detail: lastLine };
    if (pipe.messages() === 0 && stray !== "") {
      return { result: "protocol_error", detail: `it speaks no Agent Client Protocol: ${lastLine}` };
    }
    return { result: "died", detail: lastLine === "" ? "its output ended before its answer" : lastLine };
  }
}

/** An error that the agent has answered with. */
function failureOf(error: unknown): AgentEnd {
  if (!(error instanceof RequestError)) return { result: "protocol_error", detail: reasonOf(error) };
  const data = error.data === undefined ? "" : ` (${JSON.stringify(error.data)})`;
  const detail = `${error.message}${data}`;
  if (error.code === AUTH_REQUIRED) return { result: "login_required", detail };
  // Some agents pass on the status of the model's answer as the code.
  return { result: causeOf(`${error.code} ${detail}`) ?? "failed", detail };
}
