import { readFile, rename, rm, symlink, writeFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { GantryError } from "../../../src/error.ts";
import { FileWatch } from "../../../src/cli/file-watch.ts";
import { WatchLoop } from "../../../src/cli/watch-loop.ts";
import { temporaryFolder } from "./temporary-folder.ts";

interface Watched {
  readonly file: string;
  readonly folder: string;
  readonly applied: string[];
  readonly reported: string[];
}

/** Watches a real file whose text is the spec; text that holds "broken" cannot be loaded. */
async function watched(apply?: (text: string, signal: AbortSignal) => Promise<void>): Promise<Watched> {
  const folder = await temporaryFolder();
  const file = join(folder, "compose.yaml");
  const [applied, reported]: [string[], string[]] = [[], []];
  await writeFile(file, "first");
  const files = new FileWatch(() => loop.changed());
  const loop = new WatchLoop<string>({
    load: async () => {
      await files.markSeen();
      const text = await readFile(file, "utf8");
      if (text.includes("broken")) throw new GantryError("spec.invalid", text);
      return text;
    },
    apply: async (text, signal) => {
      await apply?.(text, signal);
      applied.push(text);
    },
    report: (error) => reported.push(error instanceof Error ? error.message : ""),
  });
  onTestFinished(async () => {
    await files.close();
    await loop.close();
  });
  await files.watch([file]);
  loop.changed();
  await vi.waitFor(() => expect(applied).toEqual(["first"]));
  return { file, folder, applied, reported };
}

/** How long a test looks for something that must not happen: both of the watcher's looks are over by then. */
const SETTLED_MS = 400;

test("a save in place is applied", async () => {
  const { file, applied } = await watched();
  await writeFile(file, "second");
  await vi.waitFor(() => expect(applied).toEqual(["first", "second"]));
});

test("a save by rename, as editors do it, is applied, and so is the one after it", async () => {
  const { file, applied } = await watched();
  for (const text of ["second", "third", "fourth"]) {
    await writeFile(`${file}.swp`, text);
    await rename(`${file}.swp`, file);
    await vi.waitFor(() => expect(applied.at(-1)).toBe(text));
  }
});

test("saves in quick succession end with the last one applied", async () => {
  const { file, applied } = await watched();
  for (let number = 0; number < 30; number += 1) {
    await writeFile(file, `save ${number}`);
    await delay(number % 7);
  }
  await vi.waitFor(() => expect(applied.at(-1)).toBe("save 29"));
});

test("a broken file is reported once and not applied; the next good save is", async () => {
  const { file, applied, reported } = await watched();
  await writeFile(file, "broken");
  await vi.waitFor(() => expect(reported).toEqual(["broken"]));
  await writeFile(file, "good again");
  await vi.waitFor(() => expect(applied).toEqual(["first", "good again"]));
  expect(reported).toEqual(["broken"]);
});

test("a file that is deleted is reported, and applied when it is back", async () => {
  const { file, applied, reported } = await watched();
  await rm(file);
  await vi.waitFor(() => expect(reported).toHaveLength(1));
  expect(applied).toEqual(["first"]);
  await writeFile(file, "back");
  await vi.waitFor(() => expect(applied).toEqual(["first", "back"]));
});

test("saving the same text, and other files of the folder, change nothing", async () => {
  const { file, folder, applied } = await watched();
  await writeFile(file, "first");
  await writeFile(join(folder, "other.yaml"), "other");
  await delay(SETTLED_MS);
  expect(applied).toEqual(["first"]);
});

test("a file reached through a link is watched where it lies", async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, "far"));
  const [link, real] = [join(folder, "compose.yaml"), join(folder, "far", "real.yaml")];
  await writeFile(real, "first");
  await symlink("far/real.yaml", link);
  const changed = vi.fn<() => void>();
  const files = new FileWatch(changed);
  onTestFinished(() => files.close());
  await files.watch([link]);
  await writeFile(`${real}.new`, "second");
  await rename(`${real}.new`, real);
  await vi.waitFor(() => expect(changed).toHaveBeenCalledTimes(1));
});

test("a save during an apply stops waiting for it and goes next", async () => {
  const begun: string[] = [];
  const { file, applied } = await watched(async (text, signal) => {
    begun.push(text);
    if (text === "slow") await delay(60_000, undefined, { signal });
  });
  await writeFile(file, "slow");
  await vi.waitFor(() => expect(begun).toContain("slow"));
  await writeFile(file, "quick");
  await vi.waitFor(() => expect(applied).toEqual(["first", "quick"]));
});

test("a daemon that is away is tried again until it answers, and reported once", async () => {
  let away = 0;
  const { file, applied, reported } = await watched(async (text) => {
    if (text !== "second") return;
    away += 1;
    if (away < 4) throw new GantryError("daemon.unreachable", "no daemon answers");
  });
  await writeFile(file, "second");
  await vi.waitFor(() => expect(applied).toEqual(["first", "second"]), { timeout: 4000 });
  expect([away, reported]).toEqual([4, ["no daemon answers"]]);
});
