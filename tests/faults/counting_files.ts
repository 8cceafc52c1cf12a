/** Files whose n-th system call fails, whichever that is: the deterministic half of the faults of a log. */

import { type FilePort, type LogFile, systemFiles } from "../../src/log/file_port.ts";

/** A method of the port that a fault can be put into. */
export type Call = Exclude<keyof FilePort, "open"> | "open" | Exclude<keyof LogFile, typeof Symbol.dispose>;

/** What fails. */
export interface Failing {
  /** Only calls of this method are counted; all where it is undefined. */
  readonly call?: Call;
  /** The number of the first call that fails, from 1. */
  readonly from: number;
  /** Whether every call behind it fails too. */
  readonly forEver: boolean;
  /** What the system says. */
  readonly error: () => Error;
  /** How many bytes a write that fails has written before, which is then what it returns; it throws without. */
  readonly short?: number;
}

/** See the module. */
export class CountingFiles implements FilePort {
  readonly #failing: Failing | undefined;
  #count = 0;
  #failures = 0;
  #bytesRead = 0;

  /** Without `failing` nothing fails. */
  constructor(failing?: Failing) {
    this.#failing = failing;
  }

  /** How many calls have failed. */
  get failures(): number {
    return this.#failures;
  }

  /** How many bytes of logs were read. */
  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** Whether the call that is about to be made fails. */
  #fails(call: Call): boolean {
    const failing = this.#failing;
    if (failing === undefined || (failing.call ?? call) !== call) return false;
    const number = ++this.#count;
    const fails = failing.forEver ? number >= failing.from : number === failing.from;
    if (fails) this.#failures++;
    return fails;
  }

  #do<T>(call: Call, real: () => T): T {
    if (this.#fails(call) && this.#failing !== undefined) throw this.#failing.error();
    return real();
  }

  open(path: string): LogFile {
    return this.#wrap(this.#do("open", () => systemFiles.open(path)));
  }

  create(path: string): LogFile {
    return this.#wrap(this.#do("create", () => systemFiles.create(path)));
  }

  status(path: string) {
    return this.#do("status", () => systemFiles.status(path));
  }

  read(path: string) {
    return this.#do("read", () => systemFiles.read(path));
  }

  async createWhole(path: string, bytes: Uint8Array): Promise<void> {
    await this.#do("createWhole", () => systemFiles.createWhole(path, bytes));
  }

  makeReadOnly(path: string): void {
    this.#do("makeReadOnly", () => systemFiles.makeReadOnly(path));
  }

  list(directory: string) {
    return this.#do("list", () => systemFiles.list(directory));
  }

  rename(from: string, to: string): void {
    this.#do("rename", () => systemFiles.rename(from, to));
  }

  remove(path: string): void {
    this.#do("remove", () => systemFiles.remove(path));
  }

  async syncDirectory(path: string): Promise<void> {
    await this.#do("syncDirectory", () => systemFiles.syncDirectory(path));
  }

  #wrap(file: LogFile): LogFile {
    return {
      readAt: (offset, into) => {
        const count = this.#do("readAt", () => file.readAt(offset, into));
        this.#bytesRead += count;
        return count;
      },
      size: () => this.#do("size", () => file.size()),
      write: (bytes) => this.#write(file, bytes),
      truncate: (size) => this.#do("truncate", () => file.truncate(size)),
      syncData: async () => await this.#do("syncData", () => file.syncData()),
      syncDataSync: () => this.#do("syncDataSync", () => file.syncDataSync()),
      [Symbol.dispose]: () => file[Symbol.dispose](),
    };
  }

  #write(file: LogFile, bytes: Uint8Array): number {
    if (!this.#fails("write") || this.#failing === undefined) return file.write(bytes);
    const { short, error } = this.#failing;
    if (short === undefined) throw error();
    return file.write(bytes.subarray(0, Math.min(short, bytes.length - 1)));
  }
}
