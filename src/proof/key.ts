/**
 * Signing keys: Ed25519, as PEM text, so that any other tool can use them too. Of other algorithms there are several
 * encodings of one signature, and verifiers disagree about them.
 */

import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { reasonOf, UsageError } from "../errors.ts";
import { sha256 } from "../digest.ts";

const ALGORITHM = "ed25519";

/** Half of a key: verifies signatures. */
export interface PublicKey {
  /** SHA-256 of the key's DER encoding (SPKI), as lower-case hex. */
  readonly id: string;
  /** The key as PEM (SPKI), with a final line end. */
  readonly pem: string;
  /** Whether somebody with the private half has signed the bytes. */
  verifies(bytes: Uint8Array, signature: Uint8Array): boolean;
}

/** Both halves of a key. The private one is not to be had from here. */
export interface SigningKey {
  readonly public: PublicKey;
  /** The signature: 64 bytes, the same for the same bytes. */
  sign(bytes: Uint8Array): Uint8Array;
}

/** A text that should hold a key holds none, or one that omk cannot use. Nothing of the text is repeated. */
export class KeyError extends UsageError {
  override readonly name = "KeyError";
}

/** Makes a key; its private half as PEM (PKCS#8), with a final line end. */
export function generateKey(): string {
  const { privateKey } = generateKeyPairSync(ALGORITHM);
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/**
 * Reads the private half of a key.
 *
 * @param where the file or variable, for the error
 * @throws {KeyError}
 */
export function parseSigningKey(pem: string, where: string): SigningKey {
  const key = parse(() => createPrivateKey(pem), where, "a private Ed25519 key as PEM");
  return {
    public: publicKey(createPublicKey(key)),
    sign: (bytes) => new Uint8Array(sign(null, bytes, key)),
  };
}

/**
 * Reads the public half of a key; a private one is taken for its public half.
 *
 * @param where the file, for the error
 * @throws {KeyError}
 */
export function parsePublicKey(pem: string, where: string): PublicKey {
  return publicKey(parse(() => createPublicKey(pem), where, "a public Ed25519 key as PEM"));
}

function parse(read: () => KeyObject, where: string, expected: string): KeyObject {
  let key;
  try {
    key = read();
  } catch (error) {
    throw new KeyError({
      what: "Cannot use the key",
      where,
      why: `it is not ${expected}: ${reasonOf(error)}`,
      fix: "make one with omk key create, or show its public half with omk key show",
      cause: error,
    });
  }
  if (key.asymmetricKeyType === ALGORITHM) return key;
  throw new KeyError({
    what: "Cannot use the key",
    where,
    why: `expected an Ed25519 key, found one of type ${key.asymmetricKeyType ?? key.type}`,
    fix: "make one with omk key create",
  });
}

function publicKey(key: KeyObject): PublicKey {
  return {
    id: sha256(new Uint8Array(key.export({ type: "spki", format: "der" }))),
    pem: key.export({ type: "spki", format: "pem" }).toString(),
    verifies: (bytes, signature) => verify(null, bytes, key, signature),
  };
}
