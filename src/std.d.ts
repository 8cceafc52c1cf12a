/**
 * Types of the standard library modules that the project uses, keyed by their import-map names. The npm
 * package that holds the modules ships JavaScript only; without this file every import of it would be `any`.
 */

declare module "@std/assert" {
  /** A class of errors, abstract or not, whatever its constructor takes. */
  type ErrorClass<E extends Error> = abstract new (...args: never[]) => E;

  /** What every failed assertion throws. */
  export class AssertionError extends Error {
    constructor(message: string, options?: ErrorOptions);
  }

  /** Whether two values are deeply equal. */
  export function equal(a: unknown, b: unknown): boolean;

  /** Fails unless `expr` is truthy. */
  export function assert(expr: unknown, msg?: string): asserts expr;
  /** Fails unless `expr` is falsy. */
  export function assertFalse(
    expr: unknown,
    msg?: string,
  ): asserts expr is false | 0 | "" | 0n | null | undefined;
  /** Fails unless both values are deeply equal. */
  export function assertEquals<T>(actual: T, expected: T, msg?: string): void;
  /** Fails if both values are deeply equal. */
  export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void;
  /** Fails unless `Object.is(actual, expected)`. */
  export function assertStrictEquals<T>(actual: unknown, expected: T, msg?: string): asserts actual is T;
  /** Fails if `Object.is(actual, expected)`. */
  export function assertNotStrictEquals<T>(actual: T, expected: T, msg?: string): void;
  /** Fails unless the numbers differ by at most `tolerance` (default: 1e-7 of `expected`). */
  export function assertAlmostEquals(
    actual: number,
    expected: number,
    tolerance?: number,
    msg?: string,
  ): void;
  /** Fails unless `actual > expected`. */
  export function assertGreater<T>(actual: T, expected: T, msg?: string): void;
  /** Fails unless `actual >= expected`. */
  export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void;
  /** Fails unless `actual < expected`. */
  export function assertLess<T>(actual: T, expected: T, msg?: string): void;
  /** Fails unless `actual <= expected`. */
  export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void;
  /** Fails if the value is `null` or `undefined`. */
  export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T>;
  /** Fails unless `actual instanceof expectedType`. */
  export function assertInstanceOf<T>(
    actual: unknown,
    expectedType: abstract new (...args: never[]) => T,
    msg?: string,
  ): asserts actual is T;
  /** Fails if `actual instanceof unexpectedType`. */
  export function assertNotInstanceOf<A, T>(
    actual: A,
    unexpectedType: abstract new (...args: never[]) => T,
    msg?: string,
  ): asserts actual is Exclude<A, T>;
  /** Fails unless the value is an error, of that class and with that message where these are given. */
  export function assertIsError<E extends Error = Error>(
    error: unknown,
    errorClass?: ErrorClass<E>,
    msgMatches?: string | RegExp,
    msg?: string,
  ): asserts error is E;
  /** Fails unless the text matches. */
  export function assertMatch(actual: string, expected: RegExp, msg?: string): void;
  /** Fails if the text matches. */
  export function assertNotMatch(actual: string, expected: RegExp, msg?: string): void;
  /** Fails unless `actual` contains `expected`. */
  export function assertStringIncludes(actual: string, expected: string, msg?: string): void;
  /** Fails unless each item of `expected` is deeply equal to some item of `actual`. */
  export function assertArrayIncludes<T>(actual: ArrayLike<T>, expected: ArrayLike<T>, msg?: string): void;
  /** Fails unless the properties that `expected` names, at every depth, are deeply equal in `actual`. */
  export function assertObjectMatch(actual: object, expected: object, msg?: string): void;
  /** Fails unless `fn` throws; returns what it threw. */
  export function assertThrows(fn: () => unknown, msg?: string): unknown;
  /** Fails unless `fn` throws an error of that class whose message contains `msgIncludes`; returns the error. */
  export function assertThrows<E extends Error>(
    fn: () => unknown,
    errorClass: ErrorClass<E>,
    msgIncludes?: string,
    msg?: string,
  ): E;
  /** Fails unless the promise of `fn` rejects (a synchronous throw is a failure); resolves to the reason. */
  export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
  /** Fails unless the promise of `fn` rejects with an error of that class; resolves to the error. */
  export function assertRejects<E extends Error>(
    fn: () => PromiseLike<unknown>,
    errorClass: ErrorClass<E>,
    msgIncludes?: string,
    msg?: string,
  ): Promise<E>;
  /** Always fails. */
  export function fail(msg?: string): never;
  /** Fails: the code that calls it must not be reached. */
  export function unreachable(msg?: string): never;
  /** Fails: the code that calls it is not written. */
  export function unimplemented(msg?: string): never;
}

declare module "@std/cli/parse-args" {
  /** Alternative names of options: one, or a list. */
  type AliasMap = Readonly<Record<string, string | readonly string[]>>;
  /** The value of option `K`, by the lists that name it. */
  type OptionValue<K, B, S, C, N> = K extends B ? K extends C ? boolean[] : boolean
    : K extends S ? K extends C ? string[] : string | undefined | (K extends N ? false : never)
    : K extends C ? (string | number | boolean)[] | undefined
    : unknown;
  /** The value of option `K`, with the type of its default in the place of `undefined`. */
  type WithDefault<K, D, V> = K extends keyof D ? Exclude<V, undefined> | D[K] : V;
  /** Names with a dot become nested objects, so they are left to the index signature. */
  type Flat<K> = K extends `${string}.${string}` ? never : K;
  /** The names that stand for option `K`. */
  type AliasOf<A, K extends keyof A> = A[K] extends string ? A[K]
    : A[K] extends readonly (infer Name)[] ? Name & string
    : never;

  /** The options that {@linkcode parseArgs} takes. */
  export interface ParseOptions<
    B extends string = string,
    S extends string = string,
    C extends string = string,
    N extends string = string,
    D extends Readonly<Record<string, unknown>> = Readonly<Record<string, unknown>>,
    A extends AliasMap = AliasMap,
    DD extends boolean = boolean,
  > {
    /** Puts what follows `--` into `"--"` instead of `_`. */
    readonly "--"?: DD;
    /** Alternative names; the value appears under every one of them. */
    readonly alias?: A;
    /** Options without a value; `true` for every `--name` that has none. Absent ones are `false`. */
    readonly boolean?: true | B | readonly B[];
    /** Options whose value is never turned into a number. `"_"` does the same for the positional arguments. */
    readonly string?: S | readonly S[];
    /** Options that may be repeated: their values come as a list. */
    readonly collect?: C | readonly C[];
    /** Options that `--no-<name>` sets to `false`. */
    readonly negatable?: N | readonly N[];
    /** Values of options that are absent. */
    readonly default?: D;
    /** Puts everything after the first positional argument into `_`, unparsed. */
    readonly stopEarly?: boolean;
    /** Called for each argument that no other list names; `false` drops it. */
    readonly unknown?: (arg: string, key?: string, value?: unknown) => unknown;
  }

  /** What {@linkcode parseArgs} returns. Options that no list names are `unknown`. */
  export type Args<B, S, C, N, D, A, DD> =
    & { [K in Flat<(B | S | C) & string>]: WithDefault<K, D, OptionValue<K, B, S, C, N>> }
    & { [K in keyof A as Flat<AliasOf<A, K>>]: WithDefault<K, D, OptionValue<K, B, S, C, N>> }
    & { [K in Exclude<keyof D, B | S | C>]: unknown }
    & { _: "_" extends S ? string[] : (string | number)[] }
    & (DD extends true ? { "--": string[] } : unknown)
    & { [name: string]: unknown };

  /** Parses command line arguments; see {@linkcode ParseOptions}. */
  export function parseArgs<
    const B extends string = never,
    const S extends string = never,
    const C extends string = never,
    const N extends string = never,
    D extends Readonly<Record<string, unknown>> = Record<never, unknown>,
    const A extends AliasMap = Record<never, string>,
    const DD extends boolean = false,
  >(args: readonly string[], options?: ParseOptions<B, S, C, N, D, A, DD>): Args<B, S, C, N, D, A, DD>;
}

declare module "@std/encoding/base64" {
  /** Bytes as base64, with padding. */
  export function encodeBase64(data: ArrayBuffer | Uint8Array | string): string;
  /** The bytes of a base64 text. Throws where it is none. */
  export function decodeBase64(b64: string): Uint8Array;
}

declare module "@std/jsonc" {
  /** What JSON can hold. */
  export type JsonValue =
    | { [key: string]: JsonValue | undefined }
    | JsonValue[]
    | string
    | number
    | boolean
    | null;
  /** Parses JSON with comments and trailing commas. Throws SyntaxError, with the offset in its message. */
  export function parse(text: string): JsonValue;
}

declare module "@std/path" {
  /** The parts of a path: `dir/base`, where `base` is `name` + `ext`. */
  export interface ParsedPath {
    root: string;
    dir: string;
    base: string;
    ext: string;
    name: string;
  }
  /** How globs are read. */
  export interface GlobOptions {
    /** Whether `?(…)` and its like are patterns. Default: true. */
    extended?: boolean;
    /** Whether `**` matches any number of folders. Default: true. */
    globstar?: boolean;
  }
  /** How {@linkcode globToRegExp} reads a glob. */
  export interface GlobToRegExpOptions extends GlobOptions {
    /** Whether upper and lower case are the same. Default: false. */
    caseInsensitive?: boolean;
  }

  /** Between folders: `/`, or `\` on Windows. */
  export const SEPARATOR: "/" | "\\";
  /** One or more separators. */
  export const SEPARATOR_PATTERN: RegExp;
  /** Between the entries of `PATH`: `:`, or `;` on Windows. */
  export const DELIMITER: ":" | ";";

  /** The last part of a path, without `suffix`. */
  export function basename(path: string | URL, suffix?: string): string;
  /** The path that all of them begin with, with a trailing separator, or an empty string. */
  export function common(paths: readonly string[]): string;
  /** A path without its last part. */
  export function dirname(path: string | URL): string;
  /** The extension with its dot, or an empty string. */
  export function extname(path: string | URL): string;
  /** Builds a path from its parts. */
  export function format(parts: Partial<ParsedPath>): string;
  /** The path of a `file:` URL. */
  export function fromFileUrl(url: string | URL): string;
  /** Whether the path starts at a root. */
  export function isAbsolute(path: string): boolean;
  /** Joins and normalizes. */
  export function join(path?: string | URL, ...paths: string[]): string;
  /** Resolves `.`, `..` and repeated separators by text alone. */
  export function normalize(path: string | URL): string;
  /** Takes a path apart. */
  export function parse(path: string): ParsedPath;
  /** The way from one path to another. */
  export function relative(from: string, to: string): string;
  /** An absolute path: segments from the right until one is absolute, then the working directory. */
  export function resolve(...segments: string[]): string;
  /** The `file:` URL of an absolute path. */
  export function toFileUrl(path: string): URL;
  /** The path itself; on Windows in its `\\?\` form. */
  export function toNamespacedPath(path: string): string;
  /** A regular expression that matches whole paths as the glob does. */
  export function globToRegExp(glob: string, options?: GlobToRegExpOptions): RegExp;
  /** Whether the text holds glob characters. */
  export function isGlob(text: string): boolean;
  /** Joins globs; `..` after `**` stays. */
  export function joinGlobs(globs: readonly string[], options?: Pick<GlobOptions, "globstar">): string;
  /** Normalizes a glob; `..` after `**` stays. */
  export function normalizeGlob(glob: string, options?: Pick<GlobOptions, "globstar">): string;
}

declare module "@std/yaml" {
  /** The value of a YAML document; throws for one that is none. */
  export function parse(content: string): unknown;
}
