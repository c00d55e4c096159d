import type { ImageStore } from "../image/store.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Engine, EngineEvent } from "./engine.ts";

/** What can be asked for images. */
export function imageOperations(
  images: ImageStore,
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
    remove: async (reference, { force }) => {
      const removed = await images.remove(reference, { force, usedBy });
      for (const one of removed)
        if ("untagged" in one) tell("untag", one.untagged, one.untagged);
        else tell("delete", one.deleted, reference);
      return removed;
    },
  };
}
