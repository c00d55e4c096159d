import { parsePlatform } from "../image/platform.ts";
import type { ImageStore } from "../image/store.ts";
import type { Registries } from "../registry/registries.ts";
import type { TransferEvent } from "../registry/transfer.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { Channel } from "./channel.ts";
import type { Engine, EngineEvent, PullEvent } from "./engine.ts";

/** What can be asked for images. */
export function imageOperations(
  images: ImageStore,
  registries: Registries,
  runtime: Runtime,
  emit: (event: EngineEvent) => void,
): Engine["images"] {
  const usedBy = (id: string): number =>
    runtime.records.list().filter(({ imageId }) => imageId === id).length;
  const tell = (action: string, id: string, name: string): void =>
    emit({ type: "image", action, id, attributes: { name }, time: Date.now() });

  return {
    list: async () =>
      (await images.list()).map(({ id, references, createdAt, sizeBytes, config }) => ({
        id,
        references,
        createdAt,
        sizeBytes,
        labels: config.labels,
        containers: usedBy(id),
      })),
    import: async (body, reference) => {
      const { id } = await images.import(body, reference);
      tell("import", id, reference);
      return id;
    },
    pull: (reference, { platform, credentials, signal }) =>
      told<PullEvent>(async (say) => {
        const { image, digest, changed } = await registries.pull(reference, {
          ...(platform === undefined ? {} : { platform: parsePlatform(platform) }),
          ...(credentials === undefined ? {} : { credentials }),
          signal,
          tell: say,
        });
        say({ kind: "pulled", id: image.id, digest, changed });
        tell("pull", image.id, reference);
      }),
    logIn: async (server, who) => await registries.logIn(server, who),
    remove: async (reference, { force }) => {
      const removed = await images.remove(reference, { force, usedBy });
      for (const one of removed)
        if ("untagged" in one) tell("untag", one.untagged, one.untagged);
        else tell("delete", one.deleted, reference);
      return removed;
    },
  };
}

/** A task's news as they come, and its error after them. */
async function* told<T>(
  task: (tell: (event: T | TransferEvent) => void) => Promise<void>,
): AsyncGenerator<T | TransferEvent> {
  const channel = new Channel<T | TransferEvent>();
  const running = task((event) => channel.push(event)).finally(() => channel.close());
  running.catch(() => undefined); // It is awaited below, and may reject before that.
  yield* channel;
  await running;
}
