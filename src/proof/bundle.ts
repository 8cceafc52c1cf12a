/** `proof.intoto.jsonl`: the signed statements of a proof, one envelope per line. */

import { reasonOf } from "../errors.ts";
import { CheckFailure } from "./checks.ts";
import { addSignature, type Envelope, envelopeSchema, payloadOf, sealEnvelope } from "./dsse.ts";
import type { SigningKey } from "./key.ts";
import { type Statement, statementBytes, statementSchema } from "./statement.ts";

/** An envelope that was read, with what is in it. */
export interface SignedStatement {
  /** Counts from 1. */
  readonly line: number;
  readonly envelope: Envelope;
  readonly statement: Statement;
}

/**
 * Signs statements. Where `before` holds the same ones, the signature is added to those that are there.
 *
 * @returns the text of the file
 */
export function signStatements(
  statements: readonly Statement[],
  key: SigningKey,
  before: readonly SignedStatement[],
): string {
  const envelopes = statements.map((statement, at) => {
    const payload = statementBytes(statement);
    const sealed = sealEnvelope(payload, key);
    const known = before[at]?.envelope;
    return known?.payload === sealed.payload ? addSignature(known, key) : sealed;
  });
  return envelopes.map((envelope) => `${JSON.stringify(envelope)}\n`).join("");
}

/**
 * Reads the lines of a bundle; no signature is looked at.
 *
 * @param name of the file or note, for errors
 * @throws {CheckFailure} at the first line that holds no envelope with a statement in it.
 */
export function parseBundle(text: string, name: string): readonly SignedStatement[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line, at) => {
    const where = `${name}:${at + 1}`;
    const envelope = read(where, "an envelope", () => envelopeSchema.parse(JSON.parse(line)));
    const statement = read(
      where,
      "a statement in the envelope",
      () =>
        statementSchema.parse(
          JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payloadOf(envelope))),
        ),
    );
    return { line: at + 1, envelope, statement };
  });
}

function read<T>(where: string, what: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    const [reason] = reasonOf(error).split("\n");
    throw new CheckFailure(`${where}: expected ${what}, found something else: ${reason}`);
  }
}
