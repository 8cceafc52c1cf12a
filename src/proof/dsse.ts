/**
 * Dead Simple Signing Envelopes, version 1: a payload as bytes, and signatures over its type and its bytes. The
 * payloads here are in-toto statements.
 */

import { decodeBase64, encodeBase64 } from "@std/encoding/base64";
import * as z from "zod";
import { sha256 } from "../digest.ts";
import type { PublicKey, SigningKey } from "./key.ts";

/** The type of an in-toto statement. */
export const STATEMENT_TYPE = "application/vnd.in-toto+json";

/** One envelope, as it is written. */
export const envelopeSchema = z.strictObject({
  payload: z.base64().describe("Base64 of the statement's bytes"),
  payloadType: z.literal(STATEMENT_TYPE),
  signatures: z.array(z.strictObject({
    keyid: z.string().describe("SHA-256 of the public key (SPKI, DER). A hint: nothing vouches for it"),
    sig: z.base64().describe("Base64 of the signature over the pre-authentication encoding"),
  })).min(1),
});

/** See `envelopeSchema`. */
export type Envelope = z.infer<typeof envelopeSchema>;

/** The bytes that are signed: type and payload, each behind its length in bytes. */
export function preAuthenticationEncoding(payload: Uint8Array): Uint8Array {
  const head = new TextEncoder().encode(
    `DSSEv1 ${STATEMENT_TYPE.length} ${STATEMENT_TYPE} ${payload.length} `,
  );
  const bytes = new Uint8Array(head.length + payload.length);
  bytes.set(head);
  bytes.set(payload, head.length);
  return bytes;
}

/** Signs a payload. */
export function sealEnvelope(payload: Uint8Array, key: SigningKey): Envelope {
  return addSignature(
    { payload: encodeBase64(payload), payloadType: STATEMENT_TYPE, signatures: [] },
    key,
  );
}

/** Adds the signature of another key; one of the same key is replaced. */
export function addSignature(envelope: Envelope, key: SigningKey): Envelope {
  const others = envelope.signatures.filter(({ keyid }) => keyid !== key.public.id);
  const sig = encodeBase64(key.sign(preAuthenticationEncoding(payloadOf(envelope))));
  return { ...envelope, signatures: [...others, { keyid: key.public.id, sig }] };
}

/** Whether one of the signatures is of this key; what an envelope says of its keys is not believed. */
export function isSignedBy(envelope: Envelope, key: PublicKey): boolean {
  const signed = preAuthenticationEncoding(payloadOf(envelope));
  return envelope.signatures.some(({ sig }) => key.verifies(signed, decodeBase64(sig)));
}

/** Whether an envelope says that this key has signed it; nothing vouches for that. */
export function claims({ signatures }: Envelope, key: PublicKey): boolean {
  return signatures.some(({ keyid }) => keyid === key.id);
}

/** The bytes of the payload. */
export function payloadOf({ payload }: Pick<Envelope, "payload">): Uint8Array {
  return decodeBase64(payload);
}

/** The digest by which one statement names another. Further signatures do not change it. */
export function payloadDigest(envelope: Pick<Envelope, "payload">): string {
  return sha256(payloadOf(envelope));
}
