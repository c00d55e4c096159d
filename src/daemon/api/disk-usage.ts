import type { FastifyInstance } from "fastify";
import type { Engine } from "../engine.ts";
import { imageSummary } from "./image-shape.ts";

/** `GET /system/df` (Engine API, SystemDataUsage). A container's logs count as its own, beside its writable layer. */
export function diskUsageRoutes(app: FastifyInstance, engine: Engine): void {
  app.get("/system/df", () => describe(engine));
}

async function describe(engine: Engine): Promise<object> {
  const [{ containers, volumes }, images, usage] = await Promise.all([
    engine.diskUsage(),
    engine.images.list(),
    engine.images.usage(),
  ]);
  return {
    LayersSize: usage.totalBytes,
    Images: images
      .filter(({ id }) => id !== "host")
      .map((image) => ({ ...imageSummary(image, usage), Size: usage.images.get(image.id)?.sizeBytes ?? 0 })),
    Containers: containers.map(({ container, writableBytes, logBytes }) => ({
      Id: container.id,
      Names: [`/${container.name}`],
      Image: container.config.image,
      ImageID: container.imageId,
      Created: Math.floor(container.createdAt / 1000),
      State: container.state,
      Status: container.state,
      SizeRw: writableBytes + logBytes,
      SizeRootFs: (usage.images.get(container.imageId)?.sizeBytes ?? 0) + writableBytes,
      Labels: container.config.labels,
    })),
    Volumes: volumes.map(({ name, folder, bytes, users }) => ({
      Name: name,
      Driver: "local",
      Mountpoint: folder,
      Labels: {},
      Options: {},
      Scope: "local",
      UsageData: { Size: bytes, RefCount: users },
    })),
    BuildCache: [],
  };
}
