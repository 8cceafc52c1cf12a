/**
 * Where keys lie: a file of the user's that only he can read, or the variable `OMK_KEY`, which holds the key itself
 * or the path of its file.
 */

import { OmkError, reasonOf, UsageError } from "../errors.ts";
import {
  generateKey,
  KeyError,
  parsePublicKey,
  parseSigningKey,
  type PublicKey,
  type SigningKey,
} from "./key.ts";

/** The variable that a CI job gives its key in. It reaches no task. */
export const KEY_VARIABLE = "OMK_KEY";

/** Nobody but its owner may read it. */
const PRIVATE_MODE = 0o600;
const READABLE_BY_OTHERS = 0o077;

type Environment = Readonly<Record<string, string>>;

/** The user's own key file; undefined where neither XDG_CONFIG_HOME nor HOME names a directory. */
export function defaultKeyPath(env: Environment): string | undefined {
  if (env.XDG_CONFIG_HOME?.startsWith("/")) return `${env.XDG_CONFIG_HOME}/omk/key.pem`;
  return env.HOME?.startsWith("/") ? `${env.HOME}/.config/omk/key.pem` : undefined;
}

/**
 * Makes a key in a file of its own, synced, mode 0600.
 *
 * @throws {OmkError} where there is such a file already: a key is never overwritten.
 */
export async function createKeyFile(path: string): Promise<SigningKey> {
  const pem = generateKey();
  const directory = path.slice(0, path.lastIndexOf("/")) || "/";
  try {
    await Deno.mkdir(directory, { recursive: true, mode: 0o700 });
    using file = await Deno.open(path, { write: true, createNew: true, mode: PRIVATE_MODE });
    const bytes = new TextEncoder().encode(pem);
    for (let from = 0; from < bytes.length;) from += await file.write(bytes.subarray(from));
    await file.sync();
  } catch (error) {
    const exists = error instanceof Deno.errors.AlreadyExists;
    throw new OmkError({
      what: "Cannot create the key",
      where: path,
      why: exists ? "there is one already, and a key is never overwritten" : reasonOf(error),
      fix: exists
        ? "omk key show prints its public half; --file names another place"
        : "--file names another place",
      cause: error,
    });
  }
  return parseSigningKey(pem, path);
}

/**
 * The key to sign with: that of `OMK_KEY`, else the user's own; null where there is neither.
 *
 * @throws {KeyError} for one that cannot be used, or that others can read: nothing is signed on a guess.
 */
export async function findSigningKey(env: Environment): Promise<SigningKey | null> {
  const given = env[KEY_VARIABLE];
  if (given !== undefined && given !== "") {
    if (given.includes("-----BEGIN")) return parseSigningKey(given.replaceAll("\\n", "\n"), KEY_VARIABLE);
    const isPath = /^(?:~|\.{1,2})?\//.test(given) || await isThere(given).catch(() => false);
    if (isPath) return await readSigningKey(given);
    // It may be a key in another form, so it is not told.
    throw new KeyError({
      what: "Cannot use the key",
      where: KEY_VARIABLE,
      why: "it holds neither a key as PEM nor the path of a file that is there",
      fix: "give it the text of the key's file, or its path",
    });
  }
  const own = defaultKeyPath(env);
  return own === undefined || !await isThere(own) ? null : await readSigningKey(own);
}

/** Reads a private key from a file that only its owner can read. */
export async function readSigningKey(path: string): Promise<SigningKey> {
  const { mode } = await whatIsThere(path);
  if (mode !== null && (mode & READABLE_BY_OTHERS) !== 0) {
    throw new KeyError({
      what: "Cannot use the key",
      where: path,
      why: `others may read or change it: its mode is ${(mode & 0o777).toString(8).padStart(4, "0")}`,
      fix: `chmod 600 ${path}, or make a new key if somebody has seen it`,
    });
  }
  return parseSigningKey(await readKeyText(path), path);
}

/**
 * Reads a public key from a file.
 *
 * @throws {KeyError}
 */
export async function readPublicKey(path: string): Promise<PublicKey> {
  return parsePublicKey(await readKeyText(path), path);
}

async function readKeyText(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

async function whatIsThere(path: string): Promise<Deno.FileInfo> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): UsageError {
  const isMissing = error instanceof Deno.errors.NotFound;
  const why = isMissing ? "there is no such file" : reasonOf(error);
  const fix = isMissing ? "omk key create makes one, omk key show prints its public half" : undefined;
  return new KeyError({ what: "Cannot read the key", where: path, why, fix, cause: error });
}
