/**
 * The project's own lint rules. They hold the structure that the documentation promises:
 *
 * - `omk/terminal`: only `main.ts` and `src/cli/` touch arguments, exit codes, signals and the console;
 * - `omk/pure`: the deterministic core uses no I/O, clock or randomness, and imports only what is pure too;
 * - `omk/layers`: imports between the folders of `src/` point one way;
 * - `omk/documented`: every export has a doc comment;
 * - `omk/kept_using`: no `using` is written in a way that the minifier of the executable drops.
 *
 * Tests are exempt, and scripts but for the last.
 */

import { documented } from "./lint/documented.ts";
import { keptUsing } from "./lint/kept_using.ts";
import { layers } from "./lint/layers.ts";
import { pure } from "./lint/pure.ts";
import { terminal } from "./lint/terminal.ts";

/** The plugin that deno.json names under `lint.plugins`. */
const plugin: Deno.lint.Plugin = {
  name: "omk",
  rules: { terminal, pure, layers, documented, kept_using: keptUsing },
};

export default plugin;
