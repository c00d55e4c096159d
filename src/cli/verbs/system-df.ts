import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";
import { humanBytes } from "../human.ts";
import { printList, printValue, type Format } from "../listing.ts";

/** Engine API, SystemDataUsageResponse, as far as it is shown. */
interface DiskUsage {
  readonly LayersSize: number;
  readonly Images: readonly {
    readonly Size: number;
    readonly SharedSize: number;
    readonly Containers: number;
  }[];
  readonly Containers: readonly { readonly SizeRw: number; readonly State: string }[];
  readonly Volumes: readonly { readonly UsageData: { readonly Size: number; readonly RefCount: number } }[];
}

interface Row {
  readonly type: string;
  readonly total: number;
  readonly active: number;
  readonly size: number;
  readonly reclaimable: number;
}

/** `gantry system df`: what images, containers and volumes take on the disk, in docker's columns. */
export async function systemDf(context: Context, options: { readonly output: Format }): Promise<number> {
  const client = await connect(context);
  const usage = await client.json<DiskUsage>("GET", "/system/df");
  if (options.output !== "table") {
    await printValue(context, options.output, usage);
    return 0;
  }
  await printList(context, "table", rowsOf(usage), {
    heading: ["TYPE", "TOTAL", "ACTIVE", "SIZE", "RECLAIMABLE"],
    row: ({ type, total, active, size, reclaimable }) => {
      const share = size === 0 ? "" : ` (${Math.floor((reclaimable * 100) / size)}%)`;
      return [type, String(total), String(active), humanBytes(size), `${humanBytes(reclaimable)}${share}`];
    },
  });
  return 0;
}

function rowsOf({ LayersSize, Images, Containers, Volumes }: DiskUsage): readonly Row[] {
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
  const idle = Images.filter((image) => image.Containers === 0);
  const stopped = Containers.filter(({ State }) => State !== "running" && State !== "paused");
  const unused = Volumes.filter(({ UsageData }) => UsageData.RefCount === 0);
  const containers = sum(Containers.map(({ SizeRw }) => SizeRw));
  return [
    {
      type: "Images",
      total: Images.length,
      active: Images.length - idle.length,
      size: LayersSize,
      reclaimable: sum(idle.map(({ Size, SharedSize }) => Size - SharedSize)),
    },
    {
      type: "Containers",
      total: Containers.length,
      active: Containers.length - stopped.length,
      size: containers,
      reclaimable: sum(stopped.map(({ SizeRw }) => SizeRw)),
    },
    {
      type: "Local Volumes",
      total: Volumes.length,
      active: Volumes.length - unused.length,
      size: sum(Volumes.map(({ UsageData }) => UsageData.Size)),
      reclaimable: sum(unused.map(({ UsageData }) => UsageData.Size)),
    },
  ];
}
