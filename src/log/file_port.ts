/** The file port: the system calls that a log is made of. Fault tests put failures in between. */

/** What a log needs to know about a path. */
export interface FileStatus {
  /** In bytes. */
  readonly size: number;
  /** Tells a file from another that takes its path. */
  readonly inode: number | null;
  /** Whether its owner may write it. */
  readonly writable: boolean;
}

/** An open log. */
export interface LogFile extends Disposable {
  /** Reads at `offset` until `into` is full or the file ends; returns the number of bytes. */
  readAt(offset: number, into: Uint8Array): number;
  /** In bytes, of the file that is open, whatever has its name now. */
  size(): number;
  /** One write at the end of the file; returns the number of bytes, which may be short. */
  write(bytes: Uint8Array): number;
  /** Cuts the file to `size` bytes. */
  truncate(size: number): void;
  /** Waits until the bytes of the file are on the disk, without blocking the event loop. */
  syncData(): Promise<void>;
  /** Waits for it in place: nothing else happens in this process meanwhile. */
  syncDataSync(): void;
}

/** The file system, as far as a log uses it. All methods throw the system's own errors. */
export interface FilePort {
  /** Opens an existing log for reading and appending. */
  open(path: string): LogFile;
  /** Creates a log, readable and writable by its owner only, and opens it; fails if the path exists. */
  create(path: string): LogFile;
  /** Follows symbolic links; `undefined` if there is nothing. */
  status(path: string): FileStatus | undefined;
  /** The content of a small file; `undefined` if there is none. */
  read(path: string): string | undefined;
  /** Creates a file with this content, readable by its owner only, and syncs it; fails if the path exists. */
  createWhole(path: string, bytes: Uint8Array): Promise<void>;
  /** Takes the permission to write from the owner too. */
  makeReadOnly(path: string): void;
  /** The names in a directory; of none where there is no such directory. */
  list(directory: string): readonly string[];
  /** Gives a file another name in its directory. */
  rename(from: string, to: string): void;
  /** Removes a file, if it is there. */
  remove(path: string): void;
  /** Waits until the names in a directory are on the disk. */
  syncDirectory(path: string): Promise<void>;
}

/** Writes all of the bytes, however short the writes are; throws the system's own errors. */
export function writeAll(file: LogFile, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) {
    const count = file.write(bytes.subarray(at));
    if (count === 0) throw new Error(`only ${at} of ${bytes.length} bytes were written (ENOSPC)`);
    at += count;
  }
}

/** Every file of a log is for its owner only. */
const PRIVATE = 0o600;
const OWNER_MAY_WRITE = 0o200;
const READ_ONLY = 0o400;

/** The machine's own files. */
export const systemFiles: FilePort = {
  open: (path) => new SystemLogFile(Deno.openSync(path, { read: true, append: true })),
  create: (path) =>
    new SystemLogFile(Deno.openSync(path, { read: true, append: true, createNew: true, mode: PRIVATE })),
  status(path) {
    try {
      const { size, ino, mode } = Deno.statSync(path);
      return { size, inode: ino, writable: mode === null || (mode & OWNER_MAY_WRITE) !== 0 };
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  },
  read(path) {
    try {
      return Deno.readTextFileSync(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  },
  async createWhole(path, bytes) {
    using file = Deno.openSync(path, { write: true, createNew: true, mode: PRIVATE });
    for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
    await file.sync();
  },
  list(directory) {
    try {
      return Array.from(Deno.readDirSync(directory), ({ name }) => name);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  },
  rename: (from, to) => Deno.renameSync(from, to),
  remove(path) {
    try {
      Deno.removeSync(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  },
  makeReadOnly: (path) => Deno.chmodSync(path, READ_ONLY),
  async syncDirectory(path) {
    const directory = await Deno.open(path);
    using _directory = directory;
    await directory.sync();
  },
};

class SystemLogFile implements LogFile {
  readonly #file: Deno.FsFile;

  constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  readAt(offset: number, into: Uint8Array): number {
    this.#file.seekSync(offset, Deno.SeekMode.Start);
    let count = 0;
    while (count < into.length) {
      const more = this.#file.readSync(into.subarray(count));
      if (more === null) break;
      count += more;
    }
    return count;
  }

  size(): number {
    return this.#file.seekSync(0, Deno.SeekMode.End);
  }

  write(bytes: Uint8Array): number {
    return this.#file.writeSync(bytes);
  }

  truncate(size: number): void {
    this.#file.truncateSync(size);
  }

  syncData(): Promise<void> {
    return this.#file.syncData();
  }

  syncDataSync(): void {
    this.#file.syncDataSync();
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}
