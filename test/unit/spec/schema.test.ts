import { expect, test } from "vitest";
import { readSchema } from "../../../src/spec/file.ts";
import { UNBUILT } from "../../../src/spec/unbuilt.ts";

type Json = Readonly<Record<string, unknown>>;

/** Every object of the schema that describes values, with the way to it. */
function* nodes(value: unknown, at: string): Generator<readonly [string, Json]> {
  if (typeof value !== "object" || value === null) return;
  yield [at, value as Json];
  for (const [key, child] of Object.entries(value)) yield* nodes(child, `${at}/${key}`);
}

const schema = readSchema();
const all = [...nodes(schema, "#")];

test("every property has a description that is a sentence", () => {
  const properties = all.flatMap(([at, node]) =>
    Object.entries((node["properties"] ?? {}) as Json).map(
      ([key, child]) => [`${at}/${key}`, child as Json] as const,
    ),
  );
  expect(properties.length).toBeGreaterThan(100);
  const bad = properties.filter(([, child]) => !/^\S.+\.$/s.test(String(child["description"])));
  expect(bad.map(([at]) => at)).toEqual([]);
});

test("no anyOf and no oneOf, whose errors nobody understands", () => {
  expect(all.filter(([, node]) => "anyOf" in node || "oneOf" in node).map(([at]) => at)).toEqual([]);
});

test("every map with known keys refuses others, except x- ones", () => {
  const open = all.filter(([, node]) => {
    if (!("properties" in node) || !("type" in node)) return false;
    const patterns = Object.keys(node["patternProperties"] ?? {});
    return node["additionalProperties"] !== false || !patterns.includes("^x-");
  });
  expect(open.map(([at]) => at)).toEqual([]);
});

test("every key in the table of what is not built is one the schema knows", () => {
  const unknown = UNBUILT.filter((entry) => {
    let node: unknown = schema;
    for (const part of entry.split(".")) {
      const { properties, patternProperties, items } = follow(node);
      if (part === "*") node = Object.values((patternProperties ?? {}) as Json)[0];
      else if (part === "[]") node = items;
      else node = (properties as Json | undefined)?.[part];
      if (node === undefined) return true;
    }
    return false;
  });
  expect(unknown).toEqual([]);
});

test("every key of a service is built, or in the table of what is not", () => {
  const service = (schema["definitions"] as Json)["service"] as Json;
  const built = Object.keys(service["properties"] as Json).filter(
    (key) => !UNBUILT.includes(`services.*.${key}`),
  );
  expect(built.toSorted()).toEqual(
    (
      "blkio_config cap_add cap_drop cgroup command cpu_shares cpus cpuset deploy device_cgroup_rules devices dns " +
      "dns_opt dns_search domainname entrypoint env_file environment extends extra_hosts group_add hostname image init ipc label_file labels " +
      "mem_limit mem_reservation memswap_limit network_mode oom_score_adj pid pids_limit ports privileged profiles read_only " +
      "restart scale security_opt shm_size stop_grace_period stop_signal sysctls tmpfs ulimits user userns_mode uts " +
      "volumes working_dir"
    ).split(" "),
  );
});

function follow(node: unknown): Json {
  const { $ref: reference } = node as { readonly $ref?: string };
  return reference === undefined
    ? (node as Json)
    : ((schema["definitions"] as Json)[reference.replace("#/definitions/", "")] as Json);
}
