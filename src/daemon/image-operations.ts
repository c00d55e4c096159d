import { GantryError } from "../error.ts";
import type { Image, ImageRemoval } from "../image/image.ts";
import { parsePlatform } from "../image/platform.ts";
import type { ImageStore } from "../image/store.ts";
import type { Registries } from "../registry/registries.ts";
import type { TransferEvent } from "../registry/transfer.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { Channel } from "./channel.ts";
import type { Engine, EngineEvent, PullEvent, PushEvent } from "./engine.ts";
import { pruneImages } from "./image-prune.ts";
import { imageUsage } from "./image-usage.ts";

/** What can be asked for images. */
export function imageOperations(
  images: ImageStore,
  registries: Registries,
  runtime: Runtime,
  emit: (event: EngineEvent) => void,
  pinOf: (id: string) => string | undefined,
): Engine["images"] {
  const usedBy = (id: string): number =>
    runtime.records.list().filter(({ imageId }) => imageId === id).length;
  const tell = (action: string, id: string, name: string): void =>
    emit({ type: "image", action, id, attributes: { name }, time: Date.now() });

  const tellRemoval = (one: ImageRemoval, name: string): void => {
    if ("untagged" in one) tell("untag", one.untagged, one.untagged);
    else tell("delete", one.deleted, name === "" ? one.deleted : name);
  };
  const summary = ({ id, references, digests, platform, createdAt, sizeBytes, config }: Image) => ({
    id,
    references,
    digests,
    platform,
    createdAt,
    sizeBytes,
    labels: config.labels,
    containers: usedBy(id),
  });
  const find = async (reference: string): Promise<Image> => {
    const image = await images.resolve(reference);
    if (image !== undefined) return image;
    throw new GantryError("image.not-found", `No such image: ${reference}`, { next: "gantry images" });
  };

  return {
    list: async () => (await images.list()).map(summary),
    inspect: async (reference) => {
      const image = await find(reference);
      if (image.id === "host") return { image: summary(image), diffIds: [] };
      const configuration = JSON.parse(await images.configuration(image.id)) as Record<string, unknown>;
      return { image: summary(image), configuration, diffIds: images.diffIds(image.id) };
    },
    history: async (reference) => {
      const { id } = await find(reference);
      const steps = id === "host" ? [] : await images.history(id);
      return steps
        .map((step) => ({ ...step, sizeBytes: images.layer(step.diffId ?? "")?.bytes ?? 0 }))
        .toReversed();
    },
    tag: async (image, reference) => {
      const { id } = await find(image);
      if (id === "host") throw new GantryError("request.invalid", "the host image has one name only");
      await images.tag(id, reference);
      tell("tag", id, reference);
    },
    push: (reference, { credentials, signal }) =>
      told<PushEvent>(async (say) => {
        const options = { ...(credentials === undefined ? {} : { credentials }), signal, tell: say };
        const { digest, size } = await registries.push(reference, options);
        say({ kind: "pushed", digest, size });
        tell("push", reference, reference);
      }),
    save: async (references) => await images.save(references),
    load: async (body) => {
      const loaded = await images.load(body);
      for (const { image, names } of loaded) tell("load", image.id, names[0] ?? image.id);
      return loaded.map(({ image, names }) => ({ id: image.id, names }));
    },
    prune: async (options) => {
      const pruned = await pruneImages(
        images,
        (id) => usedBy(id) + (pinOf(id) === undefined ? 0 : 1),
        options,
      );
      for (const one of pruned.removed) tellRemoval(one, "");
      return pruned;
    },
    usage: async () => await imageUsage(images),
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
      const removed = await images.remove(reference, { force, usedBy, pinOf });
      for (const one of removed) tellRemoval(one, reference);
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
