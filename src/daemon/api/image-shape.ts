import type { HistoryRow, ImageInspection, ImageSummary, ImageUsage } from "../engine.ts";
import { formatPlatform } from "../../image/platform.ts";

/** Engine API, ImageSummary. `usage` where it was asked for: it costs a look at every layer. */
export function imageSummary(image: ImageSummary, usage?: ImageUsage): object {
  const used = usage?.images.get(image.id);
  return {
    Id: image.id,
    ParentId: "",
    RepoTags: image.references,
    RepoDigests: image.digests,
    Created: Math.floor(image.createdAt / 1000),
    Size: image.sizeBytes,
    VirtualSize: image.sizeBytes,
    SharedSize: used?.sharedBytes ?? -1,
    Labels: image.labels,
    Containers: image.containers,
  };
}

/** Engine API, ImageInspect: the configuration as the image has it, which has docker's names for everything. */
export function imageDetail({ image, configuration = {}, diffIds }: ImageInspection): object {
  const { architecture, variant, os } = image.platform;
  const text = (name: string): string => {
    const value = configuration[name];
    return typeof value === "string" ? value : "";
  };
  return {
    Id: image.id,
    RepoTags: image.references,
    RepoDigests: image.digests,
    Parent: "",
    Comment: "",
    Created: text("created") === "" ? new Date(image.createdAt).toISOString() : text("created"),
    DockerVersion: text("docker_version"),
    Author: text("author"),
    Config: configuration["config"] ?? { Labels: image.labels },
    Architecture: architecture,
    ...(variant === undefined ? {} : { Variant: variant }),
    Os: os,
    Size: image.sizeBytes,
    VirtualSize: image.sizeBytes,
    RootFS: { Type: "layers", Layers: diffIds },
    Metadata: { LastTagTime: "0001-01-01T00:00:00Z" },
    Platform: formatPlatform(image.platform),
  };
}

/** Engine API, HistoryResponseItem: only the newest step has the image's own id and names. */
export function historyShape(rows: readonly HistoryRow[], image: ImageSummary): readonly object[] {
  return rows.map(({ createdAt, createdBy, comment, sizeBytes }, index) => ({
    Id: index === 0 ? image.id : "<missing>",
    Created: Math.floor(createdAt / 1000),
    CreatedBy: createdBy,
    Tags: index === 0 ? image.references : null,
    Size: sizeBytes,
    Comment: comment,
  }));
}
