/** `omk log append`: appends events to a log of the user's own. */

import { ExitCode, InfraError, reasonOf } from "../../errors.ts";
import { openFreeLog } from "../../log/file_log.ts";
import type { Durability } from "../../log/group_commit.ts";
import { createUuid7 } from "../../log/uuid7.ts";
import { appendLines } from "../append_lines.ts";
import type { Command, CommandContext } from "../command.ts";
import { counted } from "../render/text.ts";

/** How long an append waits for other processes, in milliseconds. */
const LOCK_BUDGET_MS = 60_000;

const DURABILITIES: readonly Durability[] = ["strict", "batch", "none"];

/** See the module. */
export const logAppendCommand: Command = {
  name: "log append",
  summary: "append events to a log file of your own",
  usage: ["omk log append FILE"],
  description: [
    "Reads JSON Lines from stdin, each an event: kind (a word of lower-case letters, digits and underscores), and as\n" +
    "you like actor (default: cli/<pid>), subject (run, the default, or task/<id>) and payload (any JSON). The log is\n" +
    "created where it is missing. Any number of processes may append to it at once. Secrets in payloads are hidden.",
    'Each line is answered on stdout, in order, as soon as it is committed: {"index":N,"id":"…"}. A line that is no\n' +
    'event is answered by {"line":N,"error":"why"} and left out; the lines before and behind it are appended, and the\n' +
    "exit code is 1. Where the log itself fails, what was read is answered and nothing more is read. Stdin is read\n" +
    "only as fast as events are committed and answers are taken, so take them while you write; at its end everything is\n" +
    "answered before omk ends.",
    "An answered event survives the end of any process. With --durability strict it is on the disk before it is\n" +
    "answered; with batch (the default) within a second, and at the end; with none when the system sees fit.",
  ],
  positionals: { min: 1, max: 1 },
  options: [
    {
      name: "durability",
      type: "string",
      placeholder: "HOW",
      choices: DURABILITIES,
      description: "When events reach the disk: strict, batch (default), none",
    },
    { name: "actor", type: "string", placeholder: "NAME", description: "The actor of events that name none" },
  ],
  examples: [
    {
      command: `echo '{"kind":"deployed","payload":{"version":"1.4"}}' | omk log append audit.jsonl`,
      note: "one event",
    },
    {
      command: "producer | omk log append audit.jsonl --durability strict",
      note: "a stream of events, each safe when it is answered",
    },
  ],
  exitCodes: [
    { code: 0, meaning: "every line was appended" },
    { code: 1, meaning: "some lines are no events; all others were appended" },
    { code: 2, meaning: "wrong usage, or FILE is a run's own log" },
    { code: 5, meaning: "the log is damaged or poisoned, or cannot be locked or written" },
  ],
  needs: { run: false, write: true },
  async run(context: CommandContext): Promise<number> {
    const { args, output } = context;
    const file = args.positionals[0] ?? "";
    const path = file.startsWith("/") ? file : `${context.cwd}/${file}`;
    const asked = args.text("durability");
    await using log = await openFreeLog(path, {
      // Names the log: every event of it says so.
      runId: createUuid7(Date.now)(),
      durability: DURABILITIES.find((each) => each === asked) ?? "batch",
      lockBudgetMs: LOCK_BUDGET_MS,
    });
    const actor = args.text("actor") ?? `cli/${Deno.pid}`;
    let unanswered: number | undefined;
    const { appended, refused, failure } = await appendLines(log, Deno.stdin, actor, (answer) => {
      if ("index" in answer) return output.json({ index: answer.index, id: answer.id });
      unanswered ??= answer.line;
      output.json(answer);
      output.note(
        `${output.errorStyle.yellow("warning:")} line ${answer.line} was not appended: ${answer.error}`,
      );
    });
    if (failure !== undefined) {
      throw new InfraError({
        what: `Not all of the input was appended, only ${counted(appended, "event")}`,
        where: path,
        why: reasonOf(failure.error),
        fix: `go on from line ${unanswered}: the answers say which lines behind it were appended`,
        cause: failure.error,
      });
    }
    return refused === 0 ? ExitCode.OK : ExitCode.NOT_READY;
  },
};
