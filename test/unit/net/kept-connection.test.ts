import { expect, test } from "vitest";
import { type Connection, KeptConnection } from "../../../src/net/kept-connection.ts";

/** One end of a connection that a test can break. */
class Breakable implements Connection {
  closed = false;
  readonly #listeners: (() => void)[] = [];

  close(): void {
    this.closed = true;
    for (const listener of this.#listeners.splice(0)) listener();
  }

  onClose(listener: () => void): void {
    this.#listeners.push(listener);
  }
}

function keep(told: Breakable[]): KeptConnection<Breakable> {
  return new KeptConnection({
    name: "it",
    connect: async () => new Breakable(),
    tellAll: async (connection) => void told.push(connection),
    onProblem: () => undefined,
    retryMinMs: 1,
  });
}

test("a conversation in which the program went away is held again with the next, which was told everything", async () => {
  const told: Breakable[] = [];
  const kept = keep(told);
  const partners: Breakable[] = [];
  const answer = await kept.run(async (connection) => {
    partners.push(connection);
    if (partners.length > 1) return "answer";
    connection.close();
    throw new Error("it went away");
  });
  kept.close();
  expect(answer).toBe("answer");
  expect(partners).toEqual(told);
});

test("an error of a program that is still there is told at once", async () => {
  const kept = keep([]);
  let asked = 0;
  const refused = kept.run(async () => {
    asked += 1;
    throw new Error("no");
  });
  await expect(refused).rejects.toThrow("no");
  kept.close();
  expect(asked).toBe(1);
});
