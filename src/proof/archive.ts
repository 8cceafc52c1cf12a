/**
 * A finished run as one tar file: all that a verification reads, below a directory named after the run. Locks, what
 * only speeds things up, and unfinished files stay behind.
 */

import { createTarDecoder, createTarPacker } from "modern-tar";
import { OmkError, reasonOf } from "../errors.ts";
import { isRunId } from "../log/run_id.ts";

/** The git bundle of the run's refs, beside its files. */
export const BUNDLE_FILE = "refs.bundle";

/** Names of the run's directory that are of no use elsewhere: locks, heartbeats, snapshots, what was not finished. */
const LEFT_BEHIND = /^(?:.*\.lock|\.new-.*|workers|snapshots?(?:-.*)?)$/;

/** Only omk's user reads what a run leaves. */
const FILE_MODE = 0o600;

/** The file is no exported run, or is damaged. */
export class ArchiveError extends OmkError {
  override readonly name = "ArchiveError";
}

/** A file that goes into an archive. */
interface Member {
  /** Relative to the run's directory. */
  readonly name: string;
  readonly path: string;
}

/**
 * Packs a run.
 *
 * @param directory of the run
 * @param bundle path of the bundle of its refs; null where it has none
 * @param target the file to write, over one that is there; it appears when it is whole
 */
export async function packRun(
  { directory, runId, bundle, target }: {
    readonly directory: string;
    readonly runId: string;
    readonly bundle: string | null;
    readonly target: string;
  },
): Promise<{ readonly files: number; readonly bytes: number }> {
  const members = await membersOf(directory);
  if (bundle !== null) members.push({ name: BUNDLE_FILE, path: bundle });
  const unfinished = `${target}.new-${crypto.randomUUID()}`;
  try {
    using file = await Deno.open(unfinished, { write: true, createNew: true, mode: FILE_MODE });
    const { readable, controller } = createTarPacker();
    const written = readable.pipeTo(writableOf(file));
    const packed = pack(members, runId, controller);
    await Promise.all([packed, written]);
    await file.sync();
    const { size } = await file.stat();
    await Deno.rename(unfinished, target);
    return { files: members.length, bytes: size };
  } catch (error) {
    await Deno.remove(unfinished).catch(() => {});
    throw new ArchiveError({
      what: `Cannot export run ${runId}`,
      where: target,
      why: reasonOf(error),
      fix: "name a file in a directory that is there, where there is space",
      cause: error,
    });
  }
}

/**
 * Unpacks an exported run.
 *
 * @param into an empty directory
 * @returns the run's directory below it
 * @throws {ArchiveError} for anything but plain files below one run's directory: nothing outside is written.
 */
export async function unpackRun(path: string, into: string): Promise<string> {
  const fail = (why: string, cause?: unknown) =>
    new ArchiveError({
      what: "Cannot read the exported run",
      where: path,
      why,
      fix: "make it again with omk export",
      cause,
    });
  let top: string | undefined;
  try {
    using file = await Deno.open(path, { read: true });
    for await (const { header, body } of readableOf(file).pipeThrough(createTarDecoder())) {
      const parts = header.name.split("/");
      top ??= parts[0];
      const isPlain = header.type === "file" && parts.length > 1 && parts[0] === top &&
        isRunId(parts[0] ?? "") &&
        parts.every((part) => part !== "" && part !== "." && part !== "..");
      if (!isPlain) throw fail(`it holds ${JSON.stringify(header.name)}, which no export does`);
      await Deno.mkdir(`${into}/${parts.slice(0, -1).join("/")}`, { recursive: true });
      const copy = await Deno.open(`${into}/${header.name}`, {
        write: true,
        createNew: true,
        mode: FILE_MODE,
      });
      await body.pipeTo(copy.writable);
    }
  } catch (error) {
    throw error instanceof ArchiveError ? error : fail(reasonOf(error), error);
  }
  if (top === undefined) throw fail("it is empty, or no archive");
  return `${into}/${top}`;
}

async function pack(
  members: readonly Member[],
  runId: string,
  controller: ReturnType<typeof createTarPacker>["controller"],
): Promise<void> {
  for (const { name, path } of members) {
    using file = await Deno.open(path, { read: true });
    const { size, mtime } = await file.stat();
    const header = { name: `${runId}/${name}`, size, mode: FILE_MODE, mtime: mtime ?? new Date(0) };
    await readableOf(file, size).pipeTo(controller.add({ ...header, type: "file" }));
  }
  controller.finalize();
}

/** The files of a run that go along, in the order of their names. */
async function membersOf(directory: string, below = ""): Promise<Member[]> {
  const members: Member[] = [];
  const entries = await Array.fromAsync(Deno.readDir(`${directory}/${below}`));
  for (const { name, isDirectory, isFile } of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (below === "" && LEFT_BEHIND.test(name)) continue;
    const inside = below === "" ? name : `${below}/${name}`;
    if (isDirectory) members.push(...await membersOf(directory, inside));
    else if (isFile) members.push({ name: inside, path: `${directory}/${inside}` });
  }
  return members;
}

/** A file as a stream that does not close it; of a file that grows meanwhile, the first `size` bytes. */
function readableOf(file: Deno.FsFile, size = Infinity): ReadableStream<Uint8Array> {
  let left = size;
  return new ReadableStream({
    async pull(stream) {
      const buffer = new Uint8Array(Math.min(64 * 1024, left));
      const count = left === 0 ? null : await file.read(buffer);
      if (count === null) {
        stream.close();
        return;
      }
      left -= count;
      stream.enqueue(buffer.subarray(0, count));
    },
  }, { highWaterMark: 0 });
}

function writableOf(file: Deno.FsFile): WritableStream<Uint8Array> {
  return new WritableStream({
    async write(bytes) {
      for (let from = 0; from < bytes.length;) from += await file.write(bytes.subarray(from));
    },
  });
}
