/**
 * Handing commits of the hub over to the user's repository, at a cost that does not grow with the refs that are there:
 * `git fetch` looks at each of them, twice.
 */

import { decode, type GitOptions, runGit, spawnGit } from "./command.ts";
import { GitError } from "./errors.ts";
import type { Hub } from "./hub.ts";
import type { ObjectId } from "./port.ts";

/** With more objects than these they stay together in a pack, as git's own `transfer.unpackLimit` has it. */
const UNPACK_LIMIT = 100;

/** A pack begins with "PACK", its version, and the number of its objects. */
const HEADER_BYTES = 12;

const TIMEOUT_MS = 600_000;

/**
 * Copies what `commits` reach and `known` do not; the user's repository holds all that `known` reaches already. What is
 * there without a ref is sent too: git makes it as young as a new object then, so that no clean-up takes it. No ref is
 * moved.
 *
 * @param into how git is run in the user's repository
 * @throws {GitError} where a git fails; objects without a ref may have been left then
 */
export async function handOver(
  hub: Hub,
  commits: Iterable<ObjectId>,
  known: Iterable<ObjectId>,
  into: GitOptions,
): Promise<void> {
  const wanted = [...commits, ...[...known].map((commit) => `^${commit}`)];
  const args = ["pack-objects", "--revs", "--stdout", "-q", "--window=0", "--delta-base-offset"];
  const from: GitOptions = { cwd: hub.path, profile: "own", env: { GIT_DIR: hub.path }, stdin: "" };
  const packer = spawnGit(args, from);
  using _deadline = deadline(packer);
  const complaints = text(packer.stderr);
  const feeding = write(packer.stdin, `${wanted.join("\n")}\n`);
  const reader = packer.stdout.getReader();
  const head = await readHeader(reader);
  try {
    if (countOf(head) > 0) await unpack(head, reader, into);
    else await drain(reader);
  } catch (error) {
    killIfThere(packer);
    throw error;
  } finally {
    await Promise.allSettled([reader.cancel(), feeding]);
    await packer.status;
  }
  const { code, signal } = await packer.status;
  const stderr = await complaints;
  if (code !== 0 || head.length < HEADER_BYTES) {
    throw new GitError({ argv: args, cwd: hub.path, exitCode: signal === null ? code : null, stderr });
  }
}

/** Gives a pack to git in the user's repository. */
async function unpack(
  head: Uint8Array,
  reader: ReadableStreamDefaultReader<Uint8Array>,
  into: GitOptions,
): Promise<void> {
  const args = countOf(head) > UNPACK_LIMIT ? ["index-pack", "--stdin"] : ["unpack-objects", "-q"];
  const pack = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(head),
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
  await runGit(args, { ...into, stdin: pack });
}

/** The first bytes of a pack; fewer than a header where there is none. */
async function readHeader(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Uint8Array> {
  let head = new Uint8Array();
  while (head.length < HEADER_BYTES) {
    const { done, value } = await reader.read();
    if (done) break;
    const longer = new Uint8Array(head.length + value.length);
    longer.set(head);
    longer.set(value, head.length);
    head = longer;
  }
  return head;
}

/** The number of objects of a pack, from its header. */
function countOf(head: Uint8Array): number {
  if (head.length < HEADER_BYTES) return 0;
  return new DataView(head.buffer, head.byteOffset).getUint32(8);
}

async function write(stdin: WritableStream<Uint8Array>, data: string): Promise<void> {
  const writer = stdin.getWriter();
  await writer.write(new TextEncoder().encode(data));
  await writer.close();
}

async function drain(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  while (!(await reader.read()).done);
}

async function text(stream: ReadableStream<Uint8Array>): Promise<string> {
  let all = "";
  for await (const chunk of stream) all += decode(chunk);
  return all;
}

function deadline(child: Deno.ChildProcess): Disposable {
  const timer = setTimeout(() => killIfThere(child), TIMEOUT_MS);
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}

function killIfThere(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
