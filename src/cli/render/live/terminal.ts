/** The terminal of the program, as a view draws on it. */

import type { Output } from "../../output.ts";

/** Where pictures go. */
export interface Terminal {
  /** Writes text as it is. */
  write(text: string): void;
  /** Its size now; both at least 1. */
  size(): Size;
  /** Calls `listener` whenever the program goes on after it was stopped (Ctrl-Z, then `fg`), until disposed. */
  onContinue(listener: () => void): Disposable;
}

/** Columns and rows of characters. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** The size of a terminal that does not tell its own: serial lines and some pseudo-terminals say 0. */
const USUAL_SIZE: Size = { columns: 80, rows: 24 };

/** The terminal behind stdout. */
export function stdoutTerminal(output: Output): Terminal {
  let last = USUAL_SIZE;
  return {
    write: (text) => output.write(text),
    size() {
      last = askedSize() ?? last;
      return last;
    },
    onContinue(listener) {
      Deno.addSignalListener("SIGCONT", listener);
      return { [Symbol.dispose]: () => Deno.removeSignalListener("SIGCONT", listener) };
    },
  };
}

function askedSize(): Size | undefined {
  try {
    const size = Deno.consoleSize();
    return size.columns > 0 && size.rows > 0 ? size : undefined;
  } catch {
    // Its window was closed, and the run is ending: nobody sees what is drawn meanwhile.
    return undefined;
  }
}
