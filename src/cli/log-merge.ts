/** An item and the source it came from. */
export interface Merged<T> {
  readonly source: number;
  readonly item: T;
}

/**
 * Several sources that are each in order of time as one that is, reading no further ahead than one item of each.
 * Among equal times the earlier source comes first.
 */
export async function* mergeByTime<T extends { readonly time: string }>(
  sources: readonly AsyncIterable<T>[],
): AsyncGenerator<Merged<T>> {
  const iterators = sources.map((source) => source[Symbol.asyncIterator]());
  try {
    const heads = await Promise.all(iterators.map((iterator) => iterator.next()));
    for (;;) {
      let first: Merged<T> | undefined;
      for (const [source, head] of heads.entries())
        if (head.done !== true && (first === undefined || head.value.time < first.item.time))
          first = { source, item: head.value };
      if (first === undefined) return;
      yield first;
      const next = await iterators[first.source]?.next();
      if (next !== undefined) heads[first.source] = next;
    }
  } finally {
    await Promise.all(iterators.map(async (iterator) => iterator.return?.()));
  }
}
