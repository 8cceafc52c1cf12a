/** omk's variables in the environments of other processes. */

/** What a process carries of omk's. */
export interface OmkVariables {
  /** The elements of OMK_MARK: the mark of each omk process around it, outermost first. */
  readonly marks: readonly string[];
  readonly taskId: string | undefined;
  readonly attempt: string | undefined;
  /** OMK_GUARDIAN: the mark of the omk process that this one is, or is part of, the guardian of. */
  readonly guardianOf: string | undefined;
}

/**
 * Parses NUL-terminated `PID/environ:ENTRY`. An entry of one character only says that there is an environment.
 * Every process with an environment is in the result.
 */
export function parseEnvironments(lines: readonly string[]): Map<number, OmkVariables> {
  const entries = new Map<number, string[]>();
  for (const item of lines.join("\n").split("\0")) {
    const match = /^\n*(\d+)\/environ:(.*)$/.exec(item);
    if (match === null) continue;
    const pid = Number(match[1]);
    const own = entries.get(pid);
    if (own === undefined) entries.set(pid, [match[2] ?? ""]);
    else own.push(match[2] ?? "");
  }
  return new Map([...entries].map(([pid, own]) => [pid, omkVariables(own)]));
}

/**
 * Parses lines `ps PID COMMAND ENVIRONMENT`, in which entries end at a space: a task id with a space is read up
 * to it.
 */
export function parsePsEnvironments(lines: readonly string[]): Map<number, OmkVariables> {
  const found = new Map<number, OmkVariables>();
  for (const line of lines) {
    const [, pid, ...words] = line.split(/ +/);
    found.set(Number(pid), omkVariables(words));
  }
  return found;
}

function omkVariables(entries: readonly string[]): OmkVariables {
  const valueOf = (name: string) =>
    entries.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
  return {
    marks: valueOf("OMK_MARK")?.split(":") ?? [],
    taskId: valueOf("OMK_TASK_ID"),
    attempt: valueOf("OMK_ATTEMPT"),
    guardianOf: valueOf("OMK_GUARDIAN"),
  };
}
