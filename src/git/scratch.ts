/** A directory for a moment, also where TMPDIR names none. */

/** Where to try after TMPDIR. */
const PLACES: readonly (string | undefined)[] = [undefined, "/tmp", "/var/tmp"];

/**
 * Makes an empty directory that its caller removes.
 *
 * @throws what the system says of the last place, where none of them takes a directory.
 */
export async function makeScratch(prefix: string): Promise<string> {
  let refusal: unknown;
  for (const dir of PLACES) {
    try {
      return await Deno.makeTempDir({ prefix, ...(dir === undefined ? {} : { dir }) });
    } catch (error) {
      refusal = error;
    }
  }
  throw refusal;
}
