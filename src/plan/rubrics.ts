/** What reviewers look for: the rubrics that a plan can name. They are kept with the plan, as any other rubric is. */

/** The names of the rubrics that omk has. */
export const RUBRIC_NAMES = ["architect", "code", "test", "security", "performance"] as const;

/** See {@linkcode RUBRIC_NAMES}. */
export type RubricName = typeof RUBRIC_NAMES[number];

/** What a review looks for where its plan does not say. */
export const DEFAULT_RUBRIC: RubricName = "code";

/** The texts, each in the second person: they stand in the prompt of the reviewer. */
export const RUBRICS: Readonly<Record<RubricName, string>> = {
  architect: `You review as the architect of the project.
- Does the change stand where a reader would look for it, and does it follow the structure and the names that are there?
- Do dependencies point the way they do elsewhere, with no new cycle, and no knowledge that leaks across a boundary?
- Is there one place for each idea? Report a second way to do what the project does already.
- Would the next likely change be harder because of this one? Is there machinery that nothing needs yet?
- Blocking: a broken boundary, a public interface or stored format that changes what others rely on, state that can contradict itself.`,
  code: `You review the code itself.
- Does it do what the task asks, in every case that can happen: empty, huge, missing, repeated, concurrent, interrupted?
- Are errors told with their cause and never swallowed? Are files, processes, locks and timers given back on every way out?
- Do names and comments say what is true? Is anything dead, duplicated or left half done?
- Does it read like the code around it?
- Blocking: wrong results, lost data, crashes, leaks, a requirement of the task that is not met.`,
  test: `You review how the change is tested.
- Would a test fail if the change were taken out, or if its most likely mistake were made?
- Are the failures and the edges tested, not only the way that works?
- Do tests check results instead of repeating the implementation? Do they replace what should run for real?
- Can they fail by chance: sleeps, clocks, order, the network, shared files?
- Blocking: new behaviour without any test, a test that cannot fail, a test that was weakened, skipped or deleted to pass.`,
  security: `You review for security.
- Where does data come from that somebody else controls, and where does it end: shell, path, query, markup, regular expression, deserialiser?
- Is every action authorised, and is what is denied denied on every way to it?
- Do secrets reach logs, errors, files or the repository? Is randomness fit for its use, cryptography standard and checked?
- What can be made to grow without bound, or to run for ever? What new dependency is trusted, and why?
- Blocking: anything that an attacker of the project's own threat model could use, with the path that shows it.`,
  performance: `You review for performance.
- What happens at a hundred times the size: does time or memory grow faster than the input?
- Is work repeated that could be done once, or done one by one that could be done together? Are there calls in loops?
- Does anything block that others wait for? Is what is read bounded, and what is kept let go?
- Is a claim about speed backed by a measurement?
- Blocking: growth that an ordinary input will meet, a hot path that became much slower, memory that is never given back.`,
};
