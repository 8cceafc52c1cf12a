import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { generateKeyPairSync } from "node:crypto";
import { OmkError } from "../../src/errors.ts";
import { generateKey, KeyError, parsePublicKey, parseSigningKey } from "../../src/proof/key.ts";
import { createKeyFile, findSigningKey, readPublicKey, readSigningKey } from "../../src/proof/key_file.ts";

const MESSAGE = new TextEncoder().encode("message");

Deno.test("parseSigningKey() and parsePublicKey() give halves that fit, and the same id", () => {
  const pem = generateKey();
  const key = parseSigningKey(pem, "test");
  const other = parseSigningKey(generateKey(), "test");
  const signature = key.sign(MESSAGE);
  const read = parsePublicKey(key.public.pem, "test");
  assertEquals(read.id, key.public.id);
  assert(read.verifies(MESSAGE, signature));
  assert(!read.verifies(new Uint8Array([...MESSAGE, 0]), signature));
  assert(!read.verifies(MESSAGE, new Uint8Array(3)));
  assert(!other.public.verifies(MESSAGE, signature));
  assertEquals(signature.length, 64);
  assertEquals(key.sign(MESSAGE), signature, "a signature depends on key and bytes alone");
});

Deno.test("P10: what is no Ed25519 key is refused, and nothing of it is repeated", () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const ec = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  assertStringIncludes(
    assertThrows(() => parseSigningKey(ec, "k.pem"), KeyError).message,
    "found one of type ec",
  );
  for (const text of ["", "hunter2", "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----"]) {
    const { message } = assertThrows(() => parseSigningKey(text, "k.pem"), KeyError);
    assertStringIncludes(message, "k.pem");
    assert(!message.includes("hunter2"), message);
  }
  const { public: { pem } } = parseSigningKey(generateKey(), "test");
  assertThrows(() => parseSigningKey(pem, "k.pem"), KeyError);
});

Deno.test("createKeyFile() makes a private file once, and never overwrites it", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const path = `${directory}/new/key.pem`;
    const key = await createKeyFile(path);
    assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
    assertEquals((await readSigningKey(path)).public.id, key.public.id);
    assertEquals((await readPublicKey(path)).id, key.public.id);
    const error = await assertRejects(() => createKeyFile(path), OmkError);
    assertStringIncludes(error.message, "never overwritten");
    assertEquals((await readSigningKey(path)).public.id, key.public.id);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("P10: findSigningKey() takes OMK_KEY before the user's own, and refuses one that others can read", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const env = { HOME: directory };
    assertEquals(await findSigningKey(env), null);
    const own = await createKeyFile(`${directory}/.config/omk/key.pem`);
    assertEquals((await findSigningKey(env))?.public.id, own.public.id);
    const pem = generateKey();
    const given = parseSigningKey(pem, "test").public.id;
    assertEquals((await findSigningKey({ ...env, OMK_KEY: pem }))?.public.id, given);
    const oneLine = pem.replaceAll("\n", "\\n");
    assertEquals((await findSigningKey({ ...env, OMK_KEY: oneLine }))?.public.id, given);
    const file = `${directory}/ci.pem`;
    await Deno.writeTextFile(file, pem, { mode: 0o600 });
    assertEquals((await findSigningKey({ ...env, OMK_KEY: file }))?.public.id, given);
    await Deno.chmod(file, 0o640);
    const open = await assertRejects(() => findSigningKey({ ...env, OMK_KEY: file }), KeyError);
    assertStringIncludes(open.message, "0640");
    const missing = { ...env, OMK_KEY: `${directory}/none.pem` };
    assertStringIncludes(
      (await assertRejects(() => findSigningKey(missing), KeyError)).message,
      "none.pem): there is no such file; omk key create makes one",
    );
    const bare = pem.replaceAll(/-----[^-]+-----|\n/g, "");
    const { message } = await assertRejects(() => findSigningKey({ ...env, OMK_KEY: bare }), KeyError);
    assertStringIncludes(message, "(OMK_KEY): it holds neither a key as PEM nor the path of a file");
    assertEquals(message.includes(bare), false, "a key is not told");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
