/** Names of gate logs: `gates/007-test.log`, numbered through a run, resumed ones included. */

/** Where the log of one gate goes; paths are relative to the run's directory. */
export interface GateArtifacts {
  readonly log: string;
  /** Output of the set-up of its slot, where one runs. */
  readonly setup: string;
  /** The tests that its reports list. */
  readonly tests: string;
  /** What the names of the reports that are kept begin with. */
  readonly report: string;
}

/** The directory of the logs, in the run's. */
const DIRECTORY = "gates";

/** A longer name is cut: file systems end at 255 bytes. */
const NAME_LENGTH = 60;

/** Gives each run of a gate a number of its own. One per omk process; a run has one process that runs its gates. */
export class GateArtifactNames {
  readonly #runDirectory: string;
  /** The highest number that was given; read from the disk once. */
  #highest: Promise<number> | null = null;

  /** Takes the absolute path of the run's directory. */
  constructor(runDirectory: string) {
    this.#runDirectory = runDirectory;
  }

  /** The names for the next run of a gate; their directory exists. Rejects where the disk refuses. */
  async next(gate: string): Promise<GateArtifacts> {
    const before = this.#highest ?? highestNumber(`${this.#runDirectory}/${DIRECTORY}`);
    const mine = before.then((number) => number + 1);
    this.#highest = mine;
    // A disk that refused may have space the next time.
    mine.catch(() => this.#highest = null);
    const stem = `${DIRECTORY}/${String(await mine).padStart(3, "0")}-${gateFileName(gate)}`;
    return { log: `${stem}.log`, setup: `${stem}.setup.log`, tests: `${stem}.tests.json`, report: stem };
  }
}

/** A gate's name as part of a file name. */
export function gateFileName(gate: string): string {
  const safe = gate.replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[.-]+/, "").slice(0, NAME_LENGTH);
  return safe === "" ? "gate" : safe;
}

async function highestNumber(directory: string): Promise<number> {
  await Deno.mkdir(directory, { recursive: true, mode: 0o700 });
  let highest = 0;
  for await (const { name } of Deno.readDir(directory)) {
    const number = Number(/^(\d+)-/.exec(name)?.[1] ?? 0);
    highest = Math.max(highest, number);
  }
  return highest;
}
