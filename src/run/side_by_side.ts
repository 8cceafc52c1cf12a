/** Several pieces of work at once. */

/**
 * Begins the work on each item in their order, and waits until all of it is over, where some is rejected too: nothing goes
 * on behind the caller's back. The results are in the order of the items. Rejects with the first reason of theirs.
 */
export async function sideBySide<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const pieces = items.map(work);
  await Promise.allSettled(pieces);
  return await Promise.all(pieces);
}
