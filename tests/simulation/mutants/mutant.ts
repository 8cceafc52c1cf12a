/** A deliberate mistake: in `file`, `text` becomes `replacement`. */
export interface Mutant {
  readonly name: string;
  /** Relative to the root of the project. */
  readonly file: string;
  /** Must occur in the file exactly once. */
  readonly text: string;
  readonly replacement: string;
}
