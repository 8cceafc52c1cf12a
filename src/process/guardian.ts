/** The guardian: ends what this omk process started if omk itself is gone, however it ended. */

import { InfraError, reasonOf } from "../errors.ts";
import { CONTROL_GROUP_FUNCTIONS } from "./control_group_script.ts";
import { helperEnvironment } from "./helper_environment.ts";

/**
 * Reads `+ PGID`, `- PGID` and `quit` lines. At the end of its input, omk is gone: it kills the groups that are
 * left, then every process with its mark as one element of OMK_MARK, until three looks in a row find none: a single
 * look can miss what runs exec, or is between the two forks of a daemon. The number of rounds bounds the wait for a
 * process that cannot be killed. Where there is a control group for all that omk starts, it is killed too, in the same
 * rounds, and removed.
 *
 * It ignores signals and has a session of its own, so neither Ctrl-C nor a signal to omk's group reaches it. It
 * carries OMK_GUARDIAN, not the mark, and therefore does not find itself.
 */
const GUARDIAN_SCRIPT = `
trap '' HUP INT QUIT TERM PIPE USR1 USR2 ALRM
cd /
mark=$OMK_GUARDIAN
groups=' '
while read -r verb group; do
  case $verb in
  +) groups="$groups$group " ;;
  -) case $groups in *" $group "*) groups="\${groups%% $group *} \${groups#* $group }" ;; esac ;;
  quit) exit 0 ;;
  esac
done

marked() {
  if [ -r "/proc/$$/environ" ]; then
    printf '%s\\n' /proc/[1-9]*/environ | xargs grep -lszE "^OMK_MARK=([^:]*:)*$mark(:.*)?\\$" |
      while IFS=/ read -r root proc pid file; do echo "$pid"; done
  else
    { ps -A -E -ww -o pid=,command= || ps axeww -o pid=,args=; } |
      grep -E " OMK_MARK=([^ :]*:)*$mark([ :]|\\$)" |
      while read -r pid text; do echo "$pid"; done
  fi
}

${CONTROL_GROUP_FUNCTIONS}
cells=$OMK_GUARDIAN_CELLS
is_populated() {
  [ -n "$cells" ] && [ -d "$cells" ] || return 1
  group_value "$cells/cgroup.events" populated
  [ "$value" -ne 0 ]
}

for group in $groups; do kill -KILL "-$group"; done
round=0 quiet=0
while [ "$quiet" -lt 3 ] && [ "$round" -lt 1000 ]; do
  found=$(marked)
  if is_populated; then
    quiet=-1
    group_kill "$cells"
  fi
  if [ -z "$found" ]; then
    quiet=$((quiet + 1))
  else
    quiet=0
    # A carrier that leads a group may have members that dropped the mark.
    for pid in $found; do
      [ "$pid" -gt 1 ] || continue
      kill -KILL "-$pid"
      kill -KILL "$pid"
    done
  fi
  round=$((round + 1))
  sleep 0.02 || sleep 1
done
[ -z "$cells" ] || group_remove "$cells"
`;

/** The guardian could not be started: nothing may run without it. */
export class GuardianError extends InfraError {
  override readonly name: string = "GuardianError";
}

/** How a {@linkcode Guardian} is started. */
export interface GuardianOptions {
  /** Absolute path of a POSIX shell. */
  readonly shell: string;
  /** The mark of this omk process. */
  readonly mark: string;
  /** omk's own environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** The control group of all that omk starts, absolute; absent: there is none. */
  readonly cells?: string | undefined;
}

/** How long the guardian may not know that a group has ended: a pid is not given out again that soon. */
const REMOVAL_DELAY_MS = 50;

/** One life of the guardian process. */
interface Watch {
  readonly child: Deno.ChildProcess;
  readonly writer: WritableStreamDefaultWriter<Uint8Array>;
}

/**
 * One detached shell per omk process, started by the first `start`. If somebody kills it, another takes over the
 * groups that still run.
 */
export class Guardian {
  readonly #options: GuardianOptions;
  readonly #groups = new Set<number>();
  readonly #encoder = new TextEncoder();
  #watch: Watch | null = null;
  #closed = false;
  /** Groups that have ended and that the guardian has not been told of. */
  #ended = "";
  #endedTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: GuardianOptions) {
    this.#options = options;
  }

  /** Process id of the guardian; null while none runs. */
  get pid(): number | null {
    return this.#watch?.child.pid ?? null;
  }

  /**
   * Makes sure that a guardian runs; to be called before anything is started.
   *
   * @throws {GuardianError} where it cannot be started.
   */
  start(): void {
    if (this.#watch === null && !this.#closed) this.#watch = this.#spawn();
  }

  /** Puts a process group under guard. */
  add(pgid: number): void {
    this.#groups.add(pgid);
    this.#tell(`+ ${pgid}\n`);
  }

  /**
   * Takes a group that has ended out of guard: its number may be given to others. The guardian hears of it with
   * the next group, or soon: a line for each would wake it twice as often.
   */
  remove(pgid: number): void {
    this.#groups.delete(pgid);
    this.#ended += `- ${pgid}\n`;
    if (this.#endedTimer !== undefined) return;
    const timer = setTimeout(() => {
      this.#endedTimer = undefined;
      if (this.#ended !== "") this.#tell("");
    }, REMOVAL_DELAY_MS);
    Deno.unrefTimer(timer);
    this.#endedTimer = timer;
  }

  /**
   * Ends the guardian. `orderly`: nothing that omk started is left, so it has nothing to do. Otherwise it ends
   * what is left, as if omk had died. Waits for its end for at most `waitMs`.
   */
  async close(orderly: boolean, waitMs: number): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#endedTimer);
    const watch = this.#watch;
    if (watch === null) return;
    this.#tell(orderly ? "quit\n" : "");
    await watch.writer.close().catch(ignoreBrokenPipe);
    watch.child.ref();
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, waitMs);
    await Promise.race([watch.child.status, late.promise]);
    clearTimeout(timer);
  }

  #spawn(): Watch {
    try {
      const child = new Deno.Command(this.#options.shell, {
        args: ["-c", GUARDIAN_SCRIPT],
        cwd: "/",
        clearEnv: true,
        env: {
          ...helperEnvironment(this.#options.environment),
          OMK_GUARDIAN: this.#options.mark,
          OMK_GUARDIAN_CELLS: this.#options.cells ?? "",
        },
        detached: true,
        stdin: "piped",
        // Neither of omk's own: a reader of omk's output must see its end when omk ends.
        stdout: "null",
        stderr: "null",
      }).spawn();
      child.unref();
      const watch = { child, writer: child.stdin.getWriter() };
      void child.status.then(() => this.#replace(watch));
      return watch;
    } catch (error) {
      throw new GuardianError({
        what: "Cannot start the guardian of the task processes",
        where: this.#options.shell,
        why: reasonOf(error),
        cause: error,
      });
    }
  }

  #tell(line: string): void {
    const text = this.#ended + line;
    this.#ended = "";
    // A broken pipe means that the guardian has ended, and its status starts the next.
    this.#watch?.writer.write(this.#encoder.encode(text)).catch(ignoreBrokenPipe);
  }

  #replace(ended: Watch): void {
    if (this.#closed || this.#watch !== ended) return;
    ended.writer.abort().catch(ignoreBrokenPipe);
    this.#watch = null;
    if (this.#groups.size === 0) return;
    try {
      this.#watch = this.#spawn();
    } catch (error) {
      // `start` tries again, and reports it, before the next body.
      if (!(error instanceof GuardianError)) throw error;
    }
    for (const pgid of this.#groups) this.#tell(`+ ${pgid}\n`);
  }
}

/** The guardian has ended; who needs to know learns it from its status. */
function ignoreBrokenPipe(): void {}
