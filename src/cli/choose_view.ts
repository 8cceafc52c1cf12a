/** Which view shows a run: JSON for programs, a live picture on a terminal, lines everywhere else. */

import type { CommandContext } from "./command.ts";
import { OUTPUT, VERBOSITY } from "./config/settings.ts";
import { createJsonView } from "./json_view.ts";
import { ciMarks } from "./render/ci/marks.ts";
import { PlainView } from "./render/plain_view.ts";
import type { RunView } from "./run_view.ts";

/** See the module. What a view shows follows the settings `output` and `verbosity`. */
export async function chooseView(context: CommandContext): Promise<RunView> {
  const { output, env, config } = context;
  // Resolved first: a wrong option is an error under --json too.
  const mode = config.value(OUTPUT);
  const verbosity = config.value(VERBOSITY) ?? "normal";
  if (context.json) return createJsonView(output);
  const marks = ciMarks(env);
  const isLive = output.stdoutIsTerminal && marks === null && env.TERM !== "dumb" && verbosity !== "quiet" &&
    mode !== "prefix" && mode !== "stream";
  if (!isLive) return new PlainView(output, { mode: mode ?? "group", verbosity, marks });
  const [{ LiveView }, { stdoutTerminal }] = await Promise.all([
    import("./render/live/live_view.ts"),
    import("./render/live/terminal.ts"),
  ]);
  return new LiveView(
    output,
    stdoutTerminal(output),
    (print) =>
      new PlainView({ ...output, print: (line = "") => print(line) }, {
        mode: mode ?? "none",
        verbosity,
        marks,
        onlyEnds: true,
      }),
  );
}
