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

/**
 * As `sideBySide`, but a piece begins once `hasRoom` lets it beside those at work; the first that has room goes first, and
 * one runs in any case.
 */
export async function asRoomAllows<Item, Result>(
  items: readonly Item[],
  hasRoom: (item: Item, beside: readonly Item[]) => boolean,
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const running: Item[] = [];
  const waiting = new Map<Item, () => void>();
  const look = () => {
    for (const [item, begin] of waiting) {
      if (running.length > 0 && !hasRoom(item, running)) continue;
      waiting.delete(item);
      running.push(item);
      begin();
    }
  };
  const all = sideBySide(items, async (item) => {
    await new Promise<void>((begin) => waiting.set(item, begin));
    try {
      return await work(item);
    } finally {
      running.splice(running.indexOf(item), 1);
      look();
    }
  });
  look();
  return await all;
}
