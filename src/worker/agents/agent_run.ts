/** One run of an agent: a body like any other, that is spoken with. */

import type { Clock } from "../../clock.ts";
import { reasonOf } from "../../errors.ts";
import { within } from "../../process/deadline.ts";
import type {
  BodyOutcome,
  BodyPipes,
  BodySpec,
  EndReason,
  ProcessIdentity,
  RunningBody,
  Supervisor,
  Voice,
} from "../../process/port.ts";
import type { ApprovalDesk, PermissionAnswer, PermissionPlace, PermissionRequest } from "../approval/port.ts";
import { AgentDeadlines } from "./deadlines.ts";
import { FailureSigns, isContent } from "./failure_signs.ts";
import { readLines } from "./lines.ts";
import { outsidePath } from "./outside_path.ts";
import type { AgentConversation, AgentEnd, AgentListener, AgentUpdate, AgentUsage } from "./port.ts";
import { TailText } from "./tail_text.ts";
import { Transcript } from "./transcript.ts";

/** An agent that is asked to stop has so long to do it by itself. */
const CANCEL_MS = 2_000;
/** After the conversation, its process has so long to go by itself. */
const EXIT_MS = 5_000;
/** While a person is asked, a sign of life is given so often: an attempt that waits has not stalled. */
const STILL_ASKING_MS = 30_000;

/** Of what an agent says, so many characters are kept: an answer stands at the end. */
const LONGEST_SAID = 1024 * 1024;

/** What a run of an agent is made of. */
export interface AgentRunOptions {
  readonly clock: Clock;
  readonly supervisor: Pick<Supervisor, "run">;
  readonly conversation: AgentConversation;
  readonly limits: ConstructorParameters<typeof AgentDeadlines>[1];
  readonly desk: ApprovalDesk;
  readonly place: PermissionPlace;
  readonly body: Omit<BodySpec, "command" | "converse">;
  /** What a session used as the agent's own files tell it; asked once its processes have gone. Null: they tell nothing. */
  readonly sessionUsage?: (session: string) => Promise<AgentUsage | null>;
}

/** What was seen and heard of an agent. */
export interface AgentEvidence {
  readonly end: AgentEnd;
  /** Permissions that it was denied. */
  readonly denied: number;
  /** Paths outside of its worktree that it says it has changed. */
  readonly strayed: readonly string[];
  /** Its messages one after the other, without thoughts and tools; of very much, the end. */
  readonly said: string;
}

/** See the module. */
export class AgentRun implements RunningBody {
  readonly identity: Promise<ProcessIdentity | null>;
  readonly outcome: Promise<BodyOutcome>;
  /** Resolves with `outcome`. Never rejects. */
  readonly evidence: Promise<AgentEvidence>;
  readonly #options: AgentRunOptions;
  readonly #body: RunningBody;
  readonly #spoken = Promise.withResolvers<AgentEnd>();
  readonly #isOver = new AbortController();
  readonly #strayed = new Set<string>();
  readonly #said = new TailText(LONGEST_SAID);
  #denied = 0;
  #late: string | null = null;
  readonly #signs = new FailureSigns();
  #isEnding = false;

  /** Starts the agent. */
  constructor(options: AgentRunOptions) {
    this.#options = options;
    this.#body = options.supervisor.run({
      ...options.body,
      onOutput: (text, stream) => {
        if (stream === "stderr") this.#signs.complain(text);
        options.body.onOutput?.(text, stream);
      },
      command: options.conversation.command,
      converse: (pipes) => this.#converse(pipes),
    });
    this.identity = this.#body.identity;
    this.outcome = this.#body.outcome.finally(() => {
      this.#isOver.abort();
      // Of a process that could not be started there is nothing to hear.
      this.#spoken.resolve({ result: "died" });
    });
    this.evidence = this.#gather();
  }

  voice(): Voice {
    return this.#body.voice();
  }

  /** Asks the agent to stop before its processes are ended. */
  end(reason: EndReason, now = false): void {
    if (now) this.#body.end(reason, true);
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#options.conversation.cancel();
    void within(this.#options.clock, CANCEL_MS, this.#spoken.promise).then(() => this.#body.end(reason, now));
  }

  async #gather(): Promise<AgentEvidence> {
    await this.outcome;
    const end = await this.#withUsage(this.#signs.explain(await this.#spoken.promise, this.#late));
    return {
      end,
      denied: this.#denied + (end.denied ?? 0),
      strayed: [...this.#strayed],
      said: this.#said.text(),
    };
  }

  async #withUsage(end: AgentEnd): Promise<AgentEnd> {
    const { sessionUsage } = this.#options;
    const isKnown = end.usage !== undefined && end.usage.quality !== "unknown";
    if (sessionUsage === undefined || end.session === undefined || isKnown) return end;
    // What cannot be read tells nothing of use, and is no reason to doubt the work.
    const usage = await sessionUsage(end.session).catch(() => null);
    return usage === null ? end : { ...end, usage: { ...end.usage, ...usage } };
  }

  #converse({ input, stdout }: BodyPipes): ReadableStream<Uint8Array> {
    const { clock, conversation, limits } = this.#options;
    const reader = stdout.getReader();
    const transcript = new Transcript(() => void reader.cancel().catch(ignoreBrokenPipe));
    const deadlines = new AgentDeadlines(clock, limits, (what) => {
      this.#late = what;
      transcript.add({ kind: "note", text: what });
      this.end("timed_out");
    });
    const listener = this.#listener(transcript, deadlines);
    const lines = readLines(reader, () => transcript.ready());
    void conversation.speak({ input, lines }, listener)
      .catch((error: unknown): AgentEnd => ({ result: "protocol_error", detail: reasonOf(error) }))
      .then(async (end) => {
        deadlines.stop();
        this.#spoken.resolve(end);
        await input.close();
        await this.#leave(lines);
        transcript.close();
      });
    return transcript.stream;
  }

  /** Reads what is still printed until the process has gone, or is ended for it. */
  async #leave(lines: AsyncIterator<unknown>): Promise<void> {
    const { clock } = this.#options;
    if (!this.#isEnding) {
      void within(clock, EXIT_MS, this.outcome).then((gone) => {
        if (gone === undefined) this.#body.end("done");
      });
    }
    while (!(await lines.next()).done);
  }

  #listener(transcript: Transcript, deadlines: AgentDeadlines): AgentListener {
    return {
      started: () => deadlines.started(),
      update: (update) => {
        this.#signs.update(update);
        if (update.kind === "trouble") deadlines.troubled();
        else deadlines.heard(isContent(update));
        transcript.add(update);
        this.#hear(update);
        this.#watchPaths(update);
      },
      decide: async (request, signal) => {
        deadlines.asked();
        try {
          return await this.#decide(request, signal, transcript);
        } finally {
          deadlines.answered();
        }
      },
    };
  }

  async #decide(
    request: PermissionRequest,
    signal: AbortSignal,
    transcript: Transcript,
  ): Promise<PermissionAnswer> {
    const { clock, desk, place } = this.#options;
    const what = request.command ?? request.paths.join(", ");
    const about = what === "" ? request.title : `${request.title}: ${what}`;
    transcript.add({ kind: "note", text: `the agent asks for leave to ${request.tool}: ${about}` });
    const waiting = AbortSignal.any([signal, this.#isOver.signal]);
    const answered = new AbortController();
    void (async () => {
      while (true) {
        await clock.sleep(STILL_ASKING_MS, answered.signal);
        if (answered.signal.aborted) return;
        transcript.add({ kind: "note", text: "the agent still waits for an answer" });
      }
    })();
    try {
      const answer = await desk.decide(request, place, waiting);
      const verb = answer.decision === "allow" ? "allowed" : "denied";
      if (answer.decision === "deny" && !waiting.aborted) this.#denied += 1;
      transcript.add({ kind: "note", text: `${verb}: ${answer.reason}` });
      return answer;
    } catch (error) {
      this.#denied += 1;
      return { decision: "deny", reason: reasonOf(error) };
    } finally {
      answered.abort();
    }
  }

  /** A message that a tool interrupts is not one text with the next. */
  #hear(update: AgentUpdate): void {
    if (update.kind === "text") this.#said.add(update.text);
    else if (update.kind === "tool") this.#said.endLine();
  }

  /** What an agent says of a write elsewhere can only make its outcome worse, so it is believed. */
  #watchPaths(update: AgentUpdate): void {
    if (update.kind !== "tool" || update.status !== "completed") return;
    if (!["edit", "delete", "move"].includes(update.call.tool)) return;
    const { env } = this.#options.body;
    for (const path of update.call.paths) {
      // These lie outside, and are there for it to write.
      if (path === env.OMK_RESULT || path === env.OMK_REPLY) continue;
      const outside = outsidePath(path, this.#options.place, env);
      if (outside !== null) this.#strayed.add(outside);
    }
  }
}

/** The end of the process says why. */
function ignoreBrokenPipe(): void {}
