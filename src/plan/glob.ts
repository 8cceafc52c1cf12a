/**
 * Globs of path sets: `*` and `?` inside a segment, `**` over segments, `[a-z]`, `{a,b}`.
 *
 * A bracket expression also matches its own text, so that `app/[id]/page.tsx` means the file of that name too.
 * Braces without a comma are plain text. Matching simulates an automaton: its time is at most the product of the
 * lengths of glob and path, whatever the glob.
 */

/** Whether a segment holds anything but literal text. */
export function hasWildcard(segment: string): boolean {
  return /[*?[{]/.test(segment);
}

/** The segments of a glob: the text between slashes that stand outside of braces. */
export function splitSegments(glob: string): string[] {
  if (!glob.includes("{")) return glob.split("/");
  const chars = [...glob];
  const segments: string[] = [];
  let segment = "";
  for (let at = 0; at < chars.length; at++) {
    const end = chars[at] === "{" ? readBraces(chars, at)?.end ?? at : at;
    if (chars[at] === "/") {
      segments.push(segment);
      segment = "";
    } else {
      segment += chars.slice(at, end + 1).join("");
    }
    at = end;
  }
  segments.push(segment);
  return segments;
}

/** What is wrong with the form of a glob; undefined where nothing is. */
export function globProblem(glob: string): string | undefined {
  const chars = [...glob];
  let depth = 0;
  for (let at = 0; at < chars.length; at++) {
    if (chars[at] === "[") {
      const end = bracketEnd(chars, at);
      if (end === undefined) return 'has a "[" without its "]"';
      at = end;
    } else if (chars[at] === "{") {
      depth++;
    } else if (chars[at] === "}") {
      depth = Math.max(0, depth - 1);
    }
  }
  return depth > 0 ? 'has a "{" without its "}"' : undefined;
}

/** A test for paths. With `orBelow`, what lies below a matching path matches as well. */
export function compileGlob(glob: string, options: { readonly orBelow: boolean }): (path: string) => boolean {
  const program: Instruction[] = [];
  const chars = [...glob];
  emitSequence(program, parseSequence(chars, 0, chars.length));
  if (options.orBelow) {
    const split = program.push({ op: "split", to: 0 }) - 1;
    program.push({ op: "char", char: "/" }, { op: "anything" });
    program.push({ op: "split", to: program.length - 1 });
    program[split] = { op: "split", to: program.length };
  }
  program.push({ op: "match" });
  return (path) => runProgram(program, path);
}

type Node =
  | { readonly kind: "char"; readonly char: string }
  | { readonly kind: "any" }
  | { readonly kind: "star" }
  /** `**` and the slash after it: any number of folders. */
  | { readonly kind: "folders" }
  /** `**` at the end: everything below, but not the folder itself. */
  | { readonly kind: "rest" }
  | { readonly kind: "class"; readonly test: (char: string) => boolean; readonly text: readonly string[] }
  | { readonly kind: "choice"; readonly options: readonly (readonly Node[])[] };

function parseSequence(chars: readonly string[], from: number, end: number): Node[] {
  const nodes: Node[] = [];
  for (let at = from; at < end; at++) {
    const char = chars[at];
    if (char === undefined) break;
    if (char === "*") {
      let last = at;
      while (last + 1 < end && chars[last + 1] === "*") last++;
      const isSegment = isDelimiter(chars[at - 1]) && isDelimiter(chars[last + 1]) && last > at;
      if (!isSegment) {
        nodes.push({ kind: "star" });
        at = last;
      } else if (last + 1 < end && chars[last + 1] === "/") {
        nodes.push({ kind: "folders" });
        at = last + 1;
      } else {
        nodes.push({ kind: "rest" });
        at = last;
      }
    } else if (char === "?") {
      nodes.push({ kind: "any" });
    } else if (char === "[") {
      const close = bracketEnd(chars, at);
      if (close === undefined) {
        nodes.push({ kind: "char", char });
      } else {
        nodes.push({
          kind: "class",
          test: classTest(chars.slice(at + 1, close)),
          text: chars.slice(at, close + 1),
        });
        at = close;
      }
    } else if (char === "{") {
      const braces = readBraces(chars, at);
      if (braces === undefined) {
        nodes.push({ kind: "char", char });
      } else {
        const options = braces.options.map(([first, last]) => parseSequence(chars, first, last));
        nodes.push({ kind: "choice", options });
        at = braces.end;
      }
    } else {
      nodes.push({ kind: "char", char });
    }
  }
  return nodes;
}

/** Whether `**` beside this character fills a segment, or an alternative, by itself. */
function isDelimiter(char: string | undefined): boolean {
  return char === undefined || char === "/" || char === "{" || char === "," || char === "}";
}

/** The closing bracket of the expression that starts at `at`; it lies in the same segment. */
function bracketEnd(chars: readonly string[], at: number): number | undefined {
  let scan = at + 1;
  if (chars[scan] === "!" || chars[scan] === "^") scan++;
  // A bracket in the first place stands for itself.
  if (chars[scan] === "]") scan++;
  for (; scan < chars.length && chars[scan] !== "/"; scan++) {
    if (chars[scan] === "]") return scan;
  }
  return undefined;
}

/** The alternatives `[from, to)` of the braces that open at `at`; undefined where they are plain text. */
function readBraces(
  chars: readonly string[],
  at: number,
): { readonly end: number; readonly options: readonly (readonly [number, number])[] } | undefined {
  const options: [number, number][] = [];
  let from = at + 1;
  let depth = 0;
  for (let scan = at + 1; scan < chars.length; scan++) {
    const char = chars[scan];
    if (char === "[") {
      scan = bracketEnd(chars, scan) ?? scan;
    } else if (char === "{") {
      depth++;
    } else if (char === "," && depth === 0) {
      options.push([from, scan]);
      from = scan + 1;
    } else if (char === "}" && depth > 0) {
      depth--;
    } else if (char === "}") {
      options.push([from, scan]);
      return options.length > 1 ? { end: scan, options } : undefined;
    }
  }
  return undefined;
}

function classTest(body: readonly string[]): (char: string) => boolean {
  const negated = body[0] === "!" || body[0] === "^";
  const members = negated ? body.slice(1) : body;
  const ranges: [number, number][] = [];
  for (let at = 0; at < members.length; at++) {
    const first = codeOf(members[at]);
    if (members[at + 1] === "-" && at + 2 < members.length) {
      ranges.push([first, codeOf(members[at + 2])]);
      at += 2;
    } else {
      ranges.push([first, first]);
    }
  }
  return (char) => {
    if (char === "/") return false;
    const code = codeOf(char);
    return ranges.some(([low, high]) => code >= low && code <= high) !== negated;
  };
}

function codeOf(char: string | undefined): number {
  return char?.codePointAt(0) ?? 0;
}

/** One step of the automaton. `split` goes on with the next instruction and, besides, at `to`. */
type Instruction =
  | { readonly op: "char"; readonly char: string }
  | { readonly op: "class"; readonly test: (char: string) => boolean }
  | { readonly op: "in_segment" }
  | { readonly op: "anything" }
  | { readonly op: "split"; readonly to: number }
  | { readonly op: "jump"; readonly to: number }
  | { readonly op: "match" };

function emitSequence(program: Instruction[], nodes: readonly Node[]): void {
  for (const node of nodes) emit(program, node);
}

function emit(program: Instruction[], node: Node): void {
  switch (node.kind) {
    case "char":
      program.push({ op: "char", char: node.char });
      return;
    case "any":
      program.push({ op: "in_segment" });
      return;
    case "star": {
      const start = program.length;
      program.push({ op: "split", to: start + 3 }, { op: "in_segment" }, { op: "jump", to: start });
      return;
    }
    case "rest":
      program.push({ op: "anything" });
      program.push({ op: "split", to: program.length - 1 });
      return;
    case "folders": {
      const start = program.length;
      program.push({ op: "split", to: start + 4 }, { op: "anything" }, { op: "split", to: start + 1 });
      program.push({ op: "char", char: "/" });
      return;
    }
    case "class":
      emitChoice(program, [
        () => void program.push({ op: "class", test: node.test }),
        () => emitSequence(program, node.text.map((char) => ({ kind: "char", char }))),
      ]);
      return;
    case "choice":
      emitChoice(program, node.options.map((option) => () => emitSequence(program, option)));
      return;
  }
}

function emitChoice(program: Instruction[], options: readonly (() => void)[]): void {
  const exits: number[] = [];
  options.forEach((emitOption, index) => {
    if (index === options.length - 1) return emitOption();
    const split = program.push({ op: "split", to: 0 }) - 1;
    emitOption();
    exits.push(program.push({ op: "jump", to: 0 }) - 1);
    program[split] = { op: "split", to: program.length };
  });
  for (const exit of exits) program[exit] = { op: "jump", to: program.length };
}

/** Follows all ways through the program at once; each instruction is visited at most once per character. */
function runProgram(program: readonly Instruction[], path: string): boolean {
  const visited = new Uint32Array(program.length);
  let step = 1;
  let places: number[] = [];
  const enter = (start: number) => {
    const pending = [start];
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
      const instruction = program[at];
      if (instruction === undefined || visited[at] === step) continue;
      visited[at] = step;
      if (instruction.op === "jump") pending.push(instruction.to);
      else if (instruction.op === "split") pending.push(instruction.to, at + 1);
      else places.push(at);
    }
  };
  enter(0);
  for (const char of path) {
    const before = places;
    places = [];
    step++;
    for (const at of before) {
      if (consumes(program[at], char)) enter(at + 1);
    }
    if (places.length === 0) return false;
  }
  return places.some((at) => program[at]?.op === "match");
}

function consumes(instruction: Instruction | undefined, char: string): boolean {
  switch (instruction?.op) {
    case "char":
      return instruction.char === char;
    case "class":
      return instruction.test(char);
    case "in_segment":
      return char !== "/";
    case "anything":
      return true;
    default:
      return false;
  }
}
