/** Appends what lines of JSON say to a free log, and answers each of them, in their order, as soon as it is committed. */

import { reasonOf } from "../errors.ts";
import { EventRefusedError } from "../log/errors.ts";
import type { FreeDraft } from "../log/event.ts";
import type { FreeLog } from "../log/file_log.ts";
import { LineError, parseObject } from "../log/line.ts";
import { LineBuffer } from "../log/line_buffer.ts";

/** How many lines may wait for their commit; past that nothing more is read. */
const WINDOW = 1024;
/** No line is longer; what comes after such a one is not read. */
const LONGEST_LINE_BYTES = 64 * 1024 * 1024;

const FIELDS: readonly string[] = ["kind", "actor", "subject", "payload"];

/** Where the lines come from: fills `into`, and resolves with how many bytes there were, null at the end. */
export interface LineSource {
  read(into: Uint8Array): Promise<number | null>;
}

/** What becomes of a line, counted from 1: the event that it is now, or why it was refused or failed. */
export type Answer =
  | { readonly line: number; readonly index: number; readonly id: string }
  | { readonly line: number; readonly error: string };

/** What became of all lines. */
export interface AppendSummary {
  readonly appended: number;
  /** Lines that are no events, and were left out. */
  readonly refused: number;
  /** What the log threw first: nothing was read after that. */
  readonly failure: { readonly error: unknown } | undefined;
}

/**
 * Reads lines to the end of the source. A line that is no event is refused by itself: those before and behind it are
 * appended. Where the log fails, nothing more is read, and every line that was read has its answer. Empty lines are
 * passed over.
 *
 * @param actor the actor of events that name none
 */
export async function appendLines(
  log: FreeLog,
  source: LineSource,
  actor: string,
  answer: (answer: Answer) => void,
): Promise<AppendSummary> {
  const lines = new Appender(log, actor, answer);
  const buffer = new LineBuffer(0);
  for (;;) {
    const count = await source.read(buffer.room());
    if (count === null) break;
    buffer.fill(count);
    for (const { text } of buffer.lines()) {
      if (lines.isFull) await lines.drain();
      if (lines.hasFailed) break;
      lines.take(text);
    }
    buffer.forget(buffer.restOffset);
    if (lines.hasFailed) break;
    if (buffer.nextOffset - buffer.restOffset > LONGEST_LINE_BYTES) {
      lines.refuse(`it is longer than ${LONGEST_LINE_BYTES} bytes; nothing behind it was read`);
      return await lines.finish();
    }
  }
  const rest = buffer.slice(buffer.restOffset, buffer.nextOffset);
  // The last line may lack its line feed.
  if (rest.length > 0 && !lines.hasFailed) lines.take(decode(rest));
  return await lines.finish();
}

class Appender {
  readonly #log: FreeLog;
  readonly #actor: string;
  readonly #answer: (answer: Answer) => void;
  #line = 0;
  #waiting = 0;
  #appended = 0;
  #refused = 0;
  #failure: { readonly error: unknown } | undefined;
  /** Resolves when every line so far has its answer. */
  #answered = Promise.resolve();

  constructor(log: FreeLog, actor: string, answer: (answer: Answer) => void) {
    this.#log = log;
    this.#actor = actor;
    this.#answer = answer;
  }

  get isFull(): boolean {
    return this.#waiting >= WINDOW;
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** Takes a line, without its line feed; undefined where it is not UTF-8. */
  take(text: string | undefined): void {
    const line = ++this.#line;
    if (text?.trim() === "") return;
    this.#inOrder(this.#append(line, text));
  }

  /** Answers the next line with why it is none. */
  refuse(why: string): void {
    this.#refused++;
    this.#inOrder(Promise.resolve({ line: ++this.#line, error: why }));
  }

  /** Waits until every line so far has its answer. */
  async drain(): Promise<void> {
    await this.#answered;
  }

  async finish(): Promise<AppendSummary> {
    await this.#answered;
    return { appended: this.#appended, refused: this.#refused, failure: this.#failure };
  }

  #inOrder(answered: Promise<Answer>): void {
    this.#waiting++;
    this.#answered = this.#answered.then(async () => {
      this.#answer(await answered);
      this.#waiting--;
    });
  }

  /** Never rejects. */
  async #append(line: number, text: string | undefined): Promise<Answer> {
    try {
      const [event] = await this.#log.append([draftOf(text, this.#actor)]);
      if (event === undefined) throw new RangeError("The log has committed nothing");
      this.#appended++;
      return { line, index: event.index, id: event.id };
    } catch (error) {
      if (error instanceof LineError || error instanceof EventRefusedError) this.#refused++;
      else this.#failure ??= { error };
      return { line, error: error instanceof EventRefusedError ? error.why : reasonOf(error) };
    }
  }
}

/** The event that a line asks for; throws {@linkcode LineError}. */
function draftOf(text: string | undefined, actor: string): FreeDraft {
  if (text === undefined) throw new LineError("not UTF-8");
  const fields = parseObject(text);
  const unknown = Object.keys(fields).find((name) => !FIELDS.includes(name));
  if (unknown !== undefined) throw new LineError(`unknown key "${unknown}": those are ${FIELDS.join(", ")}`);
  const textField = (name: string, otherwise?: string): string => {
    const value = fields[name] ?? otherwise;
    if (typeof value === "string") return value;
    throw new LineError(value === undefined ? `it has no "${name}"` : `"${name}" is no text`);
  };
  return {
    kind: textField("kind"),
    subject: textField("subject", "run"),
    actor: textField("actor", actor),
    payload: fields.payload ?? null,
  };
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
