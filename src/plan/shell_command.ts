/**
 * What the text of a shell command tells about the commands that it runs, without running anything. It knows enough of
 * the language to say with certainty that a text is one plain command; whatever it does not know counts as more.
 */

/** One command of a text: its words without their quotes. Null stands for a word that only the shell can tell. */
export type ShellWords = readonly (string | null)[];

/** See the module. */
export interface ShellText {
  /** The commands that can be seen, in their order. */
  readonly commands: readonly ShellWords[];
  /**
   * Whether it is one command of words alone: no operator, redirection, expansion, wildcard, assignment, comment, word of
   * the language or second line. Only such a text does what its words say.
   */
  readonly isSimple: boolean;
  /** Whether it may run commands that cannot be seen in it: a substitution, or a program that runs others. */
  readonly hidesCommands: boolean;
}

/** Programs and builtins that run what their arguments, their input or a file says. */
const RUNNERS = new Set(
  ("sh bash dash zsh ksh fish env xargs parallel sudo doas su nohup nice timeout exec eval command builtin time " +
    "setsid stdbuf find ssh busybox watch source . trap alias unshare chroot strace flock").split(" "),
);
/** Words that begin or go on with something longer than one command. */
const RESERVED = new Set(
  "if then elif else fi for while until do done case esac in function select coproc { } ! [[ ]]".split(" "),
);
const ASSIGNMENT = /^[A-Za-z_][A-Za-z0-9_]*(?:\[[^\]]*\])?\+?=/;
/** What the shell replaces outside of quotes, or gives a meaning of its own. */
const EXPANDED = "$`*?[]{}~!^";
/** Characters that end a command, or lead elsewhere. */
const OPERATORS = ";&|<>()\n\r";

/** Reads a text as a POSIX shell would take it apart. */
export function readShellText(text: string): ShellText {
  const reader = new Reader(text);
  reader.read();
  return reader.result();
}

class Reader {
  readonly #text: string;
  readonly #commands: ShellWords[] = [];
  #words: (string | null)[] = [];
  /** The word that is being read; null between words. */
  #word: string | null = null;
  #isWordKnown = true;
  #isSimple = true;
  #hides = false;
  #at = 0;

  constructor(text: string) {
    this.#text = text.trim();
  }

  read(): void {
    while (this.#at < this.#text.length) {
      const character = this.#text[this.#at] ?? "";
      this.#at++;
      this.#take(character);
    }
    this.#endCommand();
  }

  result(): ShellText {
    const commands = this.#commands;
    const runs = commands.some(([program]) => program === null || RUNNERS.has(baseName(program ?? "")));
    return {
      commands,
      isSimple: this.#isSimple && commands.length === 1,
      hidesCommands: this.#hides || runs,
    };
  }

  #take(character: string): void {
    if (character === " " || character === "\t") return this.#endWord();
    if (OPERATORS.includes(character)) {
      this.#isSimple = false;
      // A redirection goes on with the same command, whose words are a file's name from here on.
      if (character === "<" || character === ">") return this.#endWord();
      return this.#endCommand();
    }
    switch (character) {
      case "'":
        return this.#singleQuoted();
      case '"':
        return this.#doubleQuoted();
      case "\\":
        return this.#escaped();
      case "#":
        if (this.#word !== null) return this.#add(character);
        this.#isSimple = false;
        this.#at = this.#lineEnd();
        return;
    }
    if (EXPANDED.includes(character)) return this.#expanded(character);
    // Other control characters mean something else to a terminal than to whoever reads the text.
    if (character < " " || character === "\x7f") this.#isSimple = false;
    this.#add(character);
  }

  #expanded(character: string): void {
    this.#isSimple = false;
    if (character === "`" || (character === "$" && this.#text[this.#at] === "(")) this.#hides = true;
    this.#add(character);
    // A word of the language is known although its characters are of this kind.
    if (!"{}!".includes(character)) this.#isWordKnown = false;
  }

  #singleQuoted(): void {
    const end = this.#text.indexOf("'", this.#at);
    this.#add(this.#text.slice(this.#at, end < 0 ? undefined : end));
    if (end < 0) this.#unclosed();
    else this.#at = end + 1;
  }

  #doubleQuoted(): void {
    this.#add("");
    while (this.#at < this.#text.length) {
      const character = this.#text[this.#at] ?? "";
      this.#at++;
      if (character === '"') return;
      if (character === "\\" && '"\\$`\n'.includes(this.#text[this.#at] ?? "x")) {
        this.#add(this.#text[this.#at] ?? "");
        this.#at++;
      } else if (character === "$" || character === "`") {
        this.#expanded(character);
      } else {
        this.#add(character);
      }
    }
    this.#unclosed();
  }

  #escaped(): void {
    const next = this.#text[this.#at];
    if (next === undefined || next === "\n" || next === "\r") this.#isSimple = false;
    if (next === undefined) return;
    this.#add(next === "\n" ? "" : next);
    this.#at++;
  }

  #unclosed(): void {
    this.#isSimple = false;
    this.#hides = true;
    this.#at = this.#text.length;
  }

  #add(text: string): void {
    this.#word = (this.#word ?? "") + text;
  }

  #endWord(): void {
    const word = this.#word;
    if (word === null) return;
    const isFirst = this.#words.length === 0;
    this.#word = null;
    const isKnown = this.#isWordKnown;
    this.#isWordKnown = true;
    if (isFirst && (ASSIGNMENT.test(word) || RESERVED.has(word))) {
      // The command itself comes behind it.
      this.#isSimple = false;
      return;
    }
    this.#words.push(isKnown ? word : null);
  }

  #endCommand(): void {
    this.#endWord();
    if (this.#words.length > 0) this.#commands.push(this.#words);
    this.#words = [];
  }

  #lineEnd(): number {
    const end = this.#text.slice(this.#at).search(/[\r\n]/);
    return end < 0 ? this.#text.length : this.#at + end;
  }
}

/** The name of a program without its directory. */
export function baseName(program: string): string {
  return program.slice(program.lastIndexOf("/") + 1);
}
