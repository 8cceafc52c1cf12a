/** Reading a file that may not be there. */

/** The text of a file; null where there is none. Throws what the system says of every other trouble. */
export async function readIfThere(path: string): Promise<string | null> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
