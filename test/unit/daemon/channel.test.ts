import { expect, it } from "vitest";
import { Channel } from "../../../src/daemon/channel.ts";

async function collect<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

it("hands on what was pushed before and after somebody listens, in order, to its end", async () => {
  const channel = new Channel<number>();
  channel.push(1);
  const read = collect(channel);
  channel.push(2);
  await Promise.resolve();
  channel.push(3);
  channel.close();
  expect(await read).toEqual([1, 2, 3]);
});

it("a reader who leaves does not stop the writer", async () => {
  const channel = new Channel<number>();
  channel.push(1);
  for await (const one of channel) {
    expect(one).toBe(1);
    break;
  }
  channel.push(2);
  channel.close();
});
