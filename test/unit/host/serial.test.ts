import { expect, it } from "vitest";
import { Serial } from "../../../src/host/serial.ts";

/** A task that ends when told to, and notes when it begins. */
function gate(begun: string[], name: string) {
  let open: (result: string) => void = () => undefined;
  const opened = new Promise<string>((resolve) => (open = resolve));
  const task = async (): Promise<string> => {
    begun.push(name);
    return await opened;
  };
  return { task, open: () => open(name) };
}

it("tasks of one key run one after another, in order; another key does not wait", async () => {
  const serial = new Serial();
  const begun: string[] = [];
  const [a, b, other] = ["a", "b", "other"].map((name) => gate(begun, name));
  const results = [serial.run("x", a!.task), serial.run("x", b!.task), serial.run("y", other!.task)];
  other!.open();
  expect(await results[2]).toBe("other");
  expect([...begun].sort((p, q) => p.localeCompare(q))).toEqual(["a", "other"]);
  a!.open();
  b!.open();
  expect(await Promise.all(results)).toEqual(["a", "b", "other"]);
  expect(begun.at(-1)).toBe("b");
});

it("a task that throws fails alone", async () => {
  const serial = new Serial();
  const failing = serial.run("x", () => Promise.reject(new Error("broken")));
  const next = serial.run("x", () => Promise.resolve("fine"));
  await expect(failing).rejects.toThrow("broken");
  expect(await next).toBe("fine");
});
