import { assert, assertEquals, assertMatch } from "@std/assert";
import { sha256 } from "../../src/digest.ts";
import { readResultFile } from "../../src/process/result_file.ts";

const redact = (text: string) => text.replaceAll("s3cret", "[redacted]");

Deno.test("readResultFile() reads what a task says about itself, redacted", async () => {
  const dir = await Deno.makeTempDir();
  const path = `${dir}/result.json`;
  const read = async (content: string | Uint8Array) => {
    await Deno.writeFile(path, typeof content === "string" ? new TextEncoder().encode(content) : content);
    return await readResultFile(path, redact);
  };
  assertEquals(await readResultFile(path, redact), { kind: "absent" });
  assertEquals(await readResultFile(`${dir}/no/result.json`, redact), { kind: "absent" });
  assertEquals(await read(`{"status":"success"}`), {
    kind: "valid",
    result: { status: "success" },
    file: { bytes: 20, kept_bytes: 20, sha256: sha256(`{"status":"success"}`) },
  });
  const told = JSON.stringify({
    status: "blocked_on_human",
    summary: "needs s3cret",
    artifacts: ["a/s3cret.txt"],
    question: "which s3cret?",
    proposals: [{ id: "next", prompt: "use s3cret", deep: [{ s3cret: 1 }] }],
    unknown: true,
  });
  const kept = redact(told);
  assertEquals(
    await read(told),
    {
      kind: "valid",
      file: { bytes: told.length, kept_bytes: kept.length, sha256: sha256(kept) },
      result: {
        status: "blocked_on_human",
        summary: "needs [redacted]",
        artifacts: ["a/[redacted].txt"],
        question: "which [redacted]?",
        proposals: [{ id: "next", prompt: "use [redacted]", deep: [{ "[redacted]": 1 }] }],
      },
    },
  );
  await Deno.remove(dir, { recursive: true });
});

Deno.test("P12: readResultFile() hides in the file what it hides in the result", async () => {
  const dir = await Deno.makeTempDir();
  const path = `${dir}/result.json`;
  await Deno.writeTextFile(path, `{ "status": "failed", "note": "s3cret" }`);
  await readResultFile(path, redact);
  assertEquals(await Deno.readTextFile(path), `{"status":"failed","note":"[redacted]"}`);
  await Deno.writeTextFile(path, "no JSON, but a s3cret");
  await readResultFile(path, redact);
  assertEquals(await Deno.readTextFile(path), "no JSON, but a [redacted]");
  await Deno.writeTextFile(`${dir}/linked`, `{ "status": "failed", "summary": "s3cret" }`);
  await Deno.remove(path);
  await Deno.symlink(`${dir}/linked`, path);
  const replaced = await readResultFile(path, redact);
  assert(replaced.kind === "valid" && replaced.file?.sha256 === sha256(await Deno.readFile(path)));
  assertEquals(await Deno.readTextFile(path), `{"status":"failed","summary":"[redacted]"}`);
  assertEquals(await Deno.readTextFile(`${dir}/linked`), `{ "status": "failed", "summary": "s3cret" }`);
  await Deno.writeTextFile(path, `{ "status": "success" }`);
  await readResultFile(path, redact);
  assertEquals(await Deno.readTextFile(path), `{ "status": "success" }`);
  await Deno.writeTextFile(`${dir}/linked`, `{ "status": "failed" }`);
  await Deno.remove(path);
  await Deno.symlink(`${dir}/linked`, path);
  const linked = await readResultFile(path, redact);
  assert(linked.kind === "valid" && linked.file === null, "what a link leads to is not kept");
  await Deno.remove(dir, { recursive: true });
});

Deno.test("readResultFile() says why something is no result", async () => {
  const dir = await Deno.makeTempDir();
  const path = `${dir}/result.json`;
  const reason = async (content: string | Uint8Array) => {
    await Deno.writeFile(path, typeof content === "string" ? new TextEncoder().encode(content) : content);
    const reading = await readResultFile(path, redact);
    assert(reading.kind === "malformed", JSON.stringify(reading));
    assert(!reading.reason.includes("s3cret"), reading.reason);
    return reading.reason;
  };
  assertMatch(await reason(""), /JSON/);
  assertMatch(await reason("s3cret"), /JSON/);
  assertMatch(await reason("[]"), /the result: .*object/);
  assertMatch(await reason(`{"summary":"no status"}`), /status/);
  assertMatch(await reason(`{"status":"ready"}`), /status: .*success/);
  assertMatch(await reason(`{"status":"failed","artifacts":[1]}`), /artifacts\.0/);
  assertMatch(await reason(new Uint8Array([0x22, 0xff, 0x22])), /encoded data/);
  assertMatch(await reason(" ".repeat(1024 * 1024 + 1)), /1048577 bytes, more than 1048576/);
  assertMatch(await reason("[".repeat(1_000_000)), /./);
  await Deno.remove(path);
  await Deno.mkdir(path);
  assertEquals(await readResultFile(path, redact), { kind: "malformed", reason: "it is not a regular file" });
  await Deno.remove(path);
  await new Deno.Command("mkfifo", { args: [path] }).output();
  assertEquals(await readResultFile(path, redact), { kind: "malformed", reason: "it is not a regular file" });
  await Deno.remove(dir, { recursive: true });
});
