import { GantryError } from "../error.ts";

export interface Scale {
  readonly service: string;
  readonly replicas: number;
}

const MAX_REPLICAS = 100_000;

/** Reads `web=3` words. Throws GantryError `request.invalid` for anything else, and for a service that is named twice. */
export function parseScales(words: readonly string[]): readonly Scale[] {
  const seen = new Set<string>();
  return words.map((word) => {
    const [, service, number] = /^([^=]+)=(\d{1,7})$/.exec(word) ?? [];
    const replicas = Number(number);
    if (service === undefined || replicas > MAX_REPLICAS)
      throw new GantryError(
        "request.invalid",
        `"${word}" is not SERVICE=N with N from 0 to ${MAX_REPLICAS}`,
        {
          next: "try: gantry scale web=3",
        },
      );
    if (seen.has(service)) throw new GantryError("request.invalid", `${service} is given twice`);
    seen.add(service);
    return { service, replicas };
  });
}
