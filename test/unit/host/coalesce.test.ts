import { expect, it } from "vitest";
import { Coalesce } from "../../../src/host/coalesce.ts";

it("a hundred requests while one run is under way cost one further run, begun after the last of them", async () => {
  let asked = 0;
  const seen: number[] = [];
  let release: () => void = () => undefined;
  const first = new Promise<void>((resolve) => (release = resolve));
  const coalesce = new Coalesce(async () => {
    seen.push(asked);
    if (seen.length === 1) await first;
  });
  asked = 1;
  const running = coalesce.request("x");
  while (seen.length === 0) await Promise.resolve();
  const waiting = Array.from({ length: 100 }, () => {
    asked += 1;
    return coalesce.request("x");
  });
  release();
  await Promise.all([running, ...waiting]);
  expect(seen).toEqual([1, 101]);
});

it("keys do not wait for each other, and a run that fails fails those it served and no other", async () => {
  let broken = true;
  const coalesce = new Coalesce((key) =>
    key === "bad" && broken ? Promise.reject(new Error("broken")) : Promise.resolve(),
  );
  await expect(coalesce.request("bad")).rejects.toThrow("broken");
  await coalesce.request("good");
  broken = false;
  await coalesce.request("bad");
});
