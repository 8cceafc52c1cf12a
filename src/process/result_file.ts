/** The result that a task may write about itself; evidence decides, it can only lower an outcome. */

import { sha256 } from "../digest.ts";
import { reasonOf } from "../errors.ts";

/** What a task may say that it came to. */
export const RESULT_STATUSES = [
  "success",
  "partial",
  "failed",
  "blocked_on_human",
  "blocked_on_external",
] as const;

/** One of the statuses that a task may give itself. */
export type ResultStatus = typeof RESULT_STATUSES[number];

/** The content of a result file. Unknown fields are left out. */
export interface TaskResult {
  readonly status: ResultStatus;
  readonly summary?: string | undefined;
  /** Paths that the task wants to be looked at. */
  readonly artifacts?: readonly string[] | undefined;
  /** What a person has to answer. */
  readonly question?: string | undefined;
  /** Tasks that it proposes, not validated here. */
  readonly proposals?: readonly Readonly<Record<string, unknown>>[] | undefined;
}

/** What was found at the path of a result file. */
export type ResultReading =
  | { readonly kind: "absent" }
  | { readonly kind: "valid"; readonly result: TaskResult; readonly file: ResultFile | null }
  /** Something is there that is no result; `reason` says why, redacted. */
  | { readonly kind: "malformed"; readonly reason: string };

/** The file of a result, as it is kept. */
export interface ResultFile {
  /** Bytes that the task wrote. */
  readonly bytes: number;
  /** Bytes that are left of it after redaction. */
  readonly kept_bytes: number;
  readonly sha256: string;
}

/** Larger files are not read. */
const LARGEST_FILE_BYTES = 1024 * 1024;

/**
 * Reads a result file. To be called when the attempt's processes are gone. Every text in the result is passed
 * through `redact`, and where that hides something the file is replaced by what is left. The file of a result is null
 * where the task left a link there: what it leads to is not omk's. Never throws: whatever a task leaves there is a value.
 */
export async function readResultFile(path: string, redact: (text: string) => string): Promise<ResultReading> {
  try {
    const bytes = await readBoundedFile(path);
    if (bytes === null) return { kind: "absent" };
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    const { value, kept = bytes } = await redactFile(path, text, redact);
    const result = await parseResult(value);
    const file = { bytes: bytes.length, kept_bytes: kept.length, sha256: sha256(kept) };
    return { kind: "valid", result, file: Deno.lstatSync(path).isFile ? file : null };
  } catch (error) {
    return { kind: "malformed", reason: redact(reasonOf(error)) };
  }
}

/**
 * The bytes of a file that a task may have written; null where there is none. Only a regular file is opened: opening a
 * FIFO would wait for a writer.
 *
 * @throws {Error} for anything else than a regular file of at most 1 MiB
 */
export async function readBoundedFile(path: string): Promise<Uint8Array | null> {
  let info: Deno.FileInfo;
  try {
    // Some microseconds, for every body; the asynchronous form is a trip to another thread.
    info = Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  if (!info.isFile) throw new Error("it is not a regular file");
  if (info.size > LARGEST_FILE_BYTES) {
    throw new Error(`it has ${info.size} bytes, more than ${LARGEST_FILE_BYTES}`);
  }
  return await Deno.readFile(path);
}

/** Hides what `redact` hides in the file too; returns the redacted value, and what the file holds where it was replaced. */
async function redactFile(
  path: string,
  text: string,
  redact: (text: string) => string,
): Promise<{ readonly value: unknown; readonly kept?: Uint8Array }> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (redact(text) !== text) await replaceFile(path, redact(text));
    throw error;
  }
  const redacted = redactValue(value, redact);
  const json = JSON.stringify(redacted);
  if (json === JSON.stringify(value)) return { value: redacted };
  await replaceFile(path, json);
  return { value: redacted, kept: new TextEncoder().encode(json) };
}

/** Under another name first: the task may have left a link there. */
async function replaceFile(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(`${path}.redacted`, text, { mode: 0o600 });
  await Deno.rename(`${path}.redacted`, path);
}

async function parseResult(value: unknown): Promise<TaskResult> {
  const { z } = await import("zod");
  const schema = z.object({
    status: z.enum(RESULT_STATUSES),
    summary: z.string().optional(),
    artifacts: z.array(z.string()).optional(),
    question: z.string().optional(),
    proposals: z.array(z.record(z.string(), z.unknown())).optional(),
  });
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Error(
    parsed.error.issues.map(({ path, message }) => `${path.join(".") || "the result"}: ${message}`).join(
      "; ",
    ),
  );
}

function redactValue(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === "string") return redact(value);
  if (Array.isArray(value)) return value.map((item) => redactValue(item, redact));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [redact(key), redactValue(item, redact)]),
  );
}
