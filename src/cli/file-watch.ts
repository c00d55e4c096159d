import { readFile, realpath } from "node:fs/promises";
import { dirname } from "node:path";
import { watch, type FSWatcher } from "chokidar";

/** Long enough for an editor's burst of events, short enough not to be felt. */
const DEBOUNCE_MS = 20;
/** chokidar drops a change that follows another within 50 ms: a second look after that sees it. */
const SECOND_LOOK_MS = 120;

/**
 * Watches files by their content. An event only says "look again": `changed` is called when some file reads differently
 * from the last time, or appeared, or went away. The folders are watched, not the files, so that a file that is
 * replaced by rename, deleted and made again stays watched.
 */
export class FileWatch {
  readonly #changed: () => void;
  #watcher: FSWatcher | undefined;
  #files: readonly string[] = [];
  /** By file, the text it held when it was last looked at; null for one that cannot be read. */
  #seen = new Map<string, string | null>();
  #timers: NodeJS.Timeout[] = [];

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Watches exactly these files (absolute paths) from now on. What a new one of them holds now counts as seen. */
  async watch(files: readonly string[]): Promise<void> {
    const sorted = [...new Set(files)].sort();
    if (this.#watcher !== undefined && sorted.join("\0") === this.#files.join("\0")) return;
    this.#files = sorted;
    for (const file of sorted) if (!this.#seen.has(file)) this.#seen.set(file, await textOf(file));
    await this.#watcher?.close();
    const watcher = await watchFolders(sorted);
    this.#watcher = watcher;
    watcher.on("all", () => this.#lookSoon());
    watcher.on("error", () => this.#lookSoon());
    await new Promise<void>((resolve) => {
      watcher.once("ready", resolve);
    });
    // What was saved while the watcher was not ready yet made no event.
    this.#lookSoon();
  }

  /** Remembers what the files hold now; called before they are loaded, so that nothing saved later is missed. */
  async markSeen(): Promise<void> {
    for (const file of this.#files) this.#seen.set(file, await textOf(file));
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#watcher?.close();
  }

  #lookSoon(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [DEBOUNCE_MS, SECOND_LOOK_MS].map((ms) =>
      setTimeout(() => {
        void this.#look();
      }, ms),
    );
  }

  async #look(): Promise<void> {
    let changed = false;
    for (const file of this.#files) {
      const text = await textOf(file);
      if (text === this.#seen.get(file)) continue;
      this.#seen.set(file, text);
      changed = true;
    }
    if (changed) this.#changed();
  }
}

/** A watcher of the folders of these files, and of those that links among them lead to. */
async function watchFolders(files: readonly string[]): Promise<FSWatcher> {
  const targets = await Promise.all(files.map((file) => realpath(file).catch(() => file)));
  const paths = new Set([...files, ...targets]);
  const folders = new Set([...paths].map((path) => dirname(path)));
  return watch([...folders], {
    depth: 0,
    ignoreInitial: true,
    // Other files of the folder, however many, cost nothing.
    ignored: (path) => !paths.has(path) && !folders.has(path),
  });
}

async function textOf(file: string): Promise<string | null> {
  try {
    return await readFile(file, "utf8");
  } catch {
    return null;
  }
}
