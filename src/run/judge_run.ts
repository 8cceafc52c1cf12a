/** What a person decides about a finished run: recorded in its log, and signed where there is a key. */

import { sha256 } from "../digest.ts";
import { OmkError } from "../errors.ts";
import { draft } from "../log/event.ts";
import type { RunStatus } from "../log/kinds.ts";
import { readRunLog } from "../log/reader.ts";
import { sealEnvelope } from "../proof/dsse.ts";
import { findSigningKey } from "../proof/key_file.ts";
import { appendVerdict } from "../proof/sign.ts";
import { proofSchema } from "../proof/schema.ts";
import { statementBytes } from "../proof/statement.ts";
import { exitCodeOf, hasLostTests } from "../proof/status.ts";
import { verdictStatement } from "../proof/verdict.ts";
import type { RunDirectory } from "./directory.ts";
import { takeOver } from "./resume_run.ts";
import { apply } from "./state.ts";

/** What is decided, and by whom. */
export interface JudgeOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly home: string;
  readonly accepted: boolean;
  readonly reason: string;
}

/** What was recorded. */
export interface Judged {
  /** `Ada <ada@example.com>`. */
  readonly by: string;
  /** Id of the key that signed it; null where nobody did. */
  readonly signedBy: string | null;
  /** What the run has come to by it. */
  readonly status: RunStatus;
}

/**
 * Records the verdict.
 *
 * @throws {OmkError} where the run is not at its end.
 */
export async function judgeRun(directory: RunDirectory, options: JudgeOptions): Promise<Judged> {
  const { env, home, accepted, reason } = options;
  const key = await findSigningKey(env);
  await using session = await takeOver(directory, {
    env,
    home,
    by: accepted ? "accept" : "reject",
    startsTasks: false,
    watcher: {},
    check({ run }) {
      if (run.phase === "finished") return;
      throw new OmkError({
        what: `Cannot judge run ${directory.runId}`,
        why: "it is not finished",
        fix: `omk status ${directory.runId} says how it stands`,
      });
    },
  });
  const { state, workspace, log, actor } = session;
  const { name, email } = workspace?.info.identity ??
    { name: env.USER ?? "somebody", email: "omk@localhost" };
  const by = `${name} <${email}>`;
  const status = state.run.status ?? "not_ready";
  const end = draft("run_finished", "run", actor, { status, exit_code: exitCodeOf(status) });
  const needsProof = accepted && hasLostTests(state.run);
  let isRecorded = false;
  try {
    const signed = key === null ? {} : { signed_by: key.public.id, statement: "" };
    if (key !== null) {
      const text = await Deno.readTextFile(directory.proof);
      const proof = proofSchema.parse(JSON.parse(text));
      const verdict = { accepted, by, reason, at: new Date(log.clock.now()).toISOString() };
      const payload = statementBytes(verdictStatement(proof, sha256(text), verdict));
      await appendVerdict(directory.path, sealEnvelope(payload, key), await toldVerdicts(directory));
      signed.statement = sha256(payload);
    }
    // The controller that goes on from here starts from a state that holds the verdict.
    const unsubscribe = log.subscribe((event) => apply(state, event));
    await log.append([
      draft(accepted ? "run_accepted" : "run_rejected", "run", actor, { by, reason, ...signed }),
    ]);
    unsubscribe();
    isRecorded = true;
  } finally {
    if (!isRecorded || !needsProof) await log.append([end]);
  }
  // What a person was needed for is settled: the run comes to another end, with another proof.
  const proved = needsProof ? (await session.run()).status : status;
  return { by, signedBy: key?.public.id ?? null, status: proved };
}

/** Digests of the signed statements that the log tells of. */
async function toldVerdicts({ events }: RunDirectory): Promise<ReadonlySet<string>> {
  const told = new Set<string>();
  const filter = { kinds: new Set(["run_accepted", "run_rejected"]) };
  for await (const event of readRunLog(events, { filter })) {
    if (event.kind !== "run_accepted" && event.kind !== "run_rejected") continue;
    if (event.payload.statement !== undefined) told.add(event.payload.statement);
  }
  return told;
}
