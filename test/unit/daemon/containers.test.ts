import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { duration, stateText, statusText } from "../../../src/daemon/api/container-status.ts";
import { json, serve, type Served } from "./served.ts";

let api: Served;
beforeEach(async () => {
  api = await serve();
});
afterEach(() => api.close());

interface Summary {
  Names: string[];
  State: string;
  Status: string;
  Ports: { IP: string; PrivatePort: number; PublicPort: number; Type: string }[];
}

async function names(query = ""): Promise<string[]> {
  return json<Summary[]>(await api.request("GET", `/containers/json${query}`)).map(
    ({ Names }) => Names[0] ?? "",
  );
}

function filters(value: unknown): string {
  return `?all=1&filters=${encodeURIComponent(JSON.stringify(value))}`;
}

describe("versions of the API", () => {
  it("serves every path with and without a version from 1.24 to 1.50", async () => {
    for (const path of ["/_ping", "/v1.24/_ping", "/v1.50/_ping"]) {
      const { status, headers, body } = await api.request("GET", path);
      expect([status, headers["api-version"], String(body)]).toEqual([200, "1.50", "OK"]);
    }
    expect((await api.request("HEAD", "/_ping")).status).toBe(200);
  });

  it("refuses a version it does not speak, by name", async () => {
    for (const version of ["1.12", "1.51", "2.0"]) {
      const answer = await api.request("GET", `/v${version}/_ping`);
      expect(answer.status).toBe(400);
      expect(json<{ message: string }>(answer).message).toContain(version);
    }
  });
});

describe("listing containers", () => {
  it("lists running ones, newest first, and all of them when asked", async () => {
    api.engine.add("old", { createdAt: 1000 });
    api.engine.add("dead", { createdAt: 2000, state: "exited", exitCode: 1 });
    api.engine.add("young", { createdAt: 3000 });
    expect(await names()).toEqual(["/young", "/old"]);
    expect(await names("?all=true")).toEqual(["/young", "/dead", "/old"]);
    expect(await names("?limit=2")).toEqual(["/young", "/dead"]);
    expect(await names("?all=0")).toEqual(["/young", "/old"]);
  });

  it("filters by name, id, status, label and ancestor, in both spellings of filters", async () => {
    const config = api.engine.add("shop-web-1").config;
    const db = api.engine.add("shop-db-1", {
      state: "exited",
      imageId: "sha256:abcdef",
      config: { ...config, restart: { name: "no" }, image: "db:latest", labels: { tier: "back" } },
    });
    expect(await names(filters({ name: ["web"] }))).toEqual(["/shop-web-1"]);
    expect(await names(filters({ name: { "^/shop-db-1$": true } }))).toEqual(["/shop-db-1"]);
    expect(await names(filters({ name: ["^web"] }))).toEqual([]);
    expect(await names(filters({ id: [db.id.slice(0, 12)] }))).toEqual(["/shop-db-1"]);
    expect(await names(filters({ status: ["exited"] }))).toEqual(["/shop-db-1"]);
    expect(await names(filters({ label: ["tier=back"] }))).toEqual(["/shop-db-1"]);
    expect(await names(filters({ label: ["tier", "tier=front"] }))).toEqual([]);
    expect(await names(filters({ ancestor: ["db"] }))).toEqual(["/shop-db-1"]);
    expect(await names(filters({ ancestor: ["abcdef"] }))).toEqual(["/shop-db-1"]);
  });

  it("shows the ports of its service while it runs", async () => {
    const owner = { project: "shop", service: "web", number: 1 };
    const web = api.engine.add("shop-web-1", { owner });
    const service = {
      ...web.config,
      ports: [{ protocol: "tcp", hostPort: 8080, containerPort: 80 }],
      replicas: 1,
    };
    const rest = { volumes: {}, images: {}, workingFolder: "/", files: [] };
    const put = await api.request("PUT", "/gantry/v1/projects/shop", {
      project: { name: "shop", services: { web: service }, ...rest },
    });
    expect(put.status).toBe(200);
    const [summary] = json<Summary[]>(await api.request("GET", "/containers/json"));
    expect(summary?.Ports).toEqual([
      { IP: "0.0.0.0", PrivatePort: 80, PublicPort: 8080, Type: "tcp" },
      { IP: "::", PrivatePort: 80, PublicPort: 8080, Type: "tcp" },
    ]);
  });

  it("says what became of a container as docker ps does", () => {
    const container = api.engine.add("a");
    const at = (state: "created" | "running" | "exited") =>
      statusText({ ...container, state, startedAt: 0, finishedAt: 0, exitCode: 3 }, 120_000);
    expect(at("created")).toBe("Created");
    expect(at("running")).toBe("Up 2 minutes");
    expect(at("exited")).toBe("Exited (3) 2 minutes ago");
    const killed = { ...container, state: "exited", exitCode: 137, finishedAt: 0, oomKilled: true } as const;
    expect(statusText(killed, 120_000)).toBe("Exited (137) 2 minutes ago (out of memory)");
  });

  it("says of what will be started again when, how often before, and why", () => {
    const container = { ...api.engine.add("a"), state: "exited", startedAt: 0, exitCode: 1 } as const;
    const config = { ...container.config, restart: { name: "always", delayMs: 10_000 } } as const;
    const ended = { ...container, config, finishedAt: 1000, failures: 4 };
    expect(statusText(ended, 3000)).toBe("Restarting in 8 s (5th time): exit 1");
    expect(statusText({ ...ended, oomKilled: true, failures: 1 }, 3000)).toBe(
      "Restarting in 8 s (2nd time): out of memory",
    );
    expect(stateText(ended, 3000)).toBe("restarting");
    expect(statusText({ ...ended, stoppedByUser: true }, 3000)).toBe("Exited (1) 2 seconds ago");
    expect(stateText({ ...ended, stoppedByUser: true }, 3000)).toBe("exited");
    const ailing = { since: 3000, servedMs: 0, reason: "live: HTTP status 503" };
    const health = {
      status: "unhealthy",
      failingStreak: 3,
      log: [],
      countedAt: 0,
      changedAt: 0,
      ailing,
    } as const;
    expect(statusText({ ...ended, state: "running", failures: 6, id: "f".repeat(64), health }, 3000)).toBe(
      "Up 3 seconds (unhealthy), restarting in 6 s (7th time): live: HTTP status 503",
    );
  });

  it("writes durations as docker does", () => {
    const hour = 3_600_000;
    const texts = [0, 1000, 59_000, 60_000, hour - 1, hour, 1.5 * hour, 7 * hour, 48 * hour, 336 * hour];
    expect(texts.map(duration).join(", ")).toBe(
      "Less than a second, 1 second, 59 seconds, About a minute, 59 minutes, About an hour, 2 hours, 7 hours, 2 days, 2 weeks",
    );
  });
});

describe("one container", () => {
  it("is inspected with its limits, restart policy and state", async () => {
    const base = api.engine.add("base").config;
    const config = {
      ...base,
      limits: { memoryBytes: 1 << 26, nanocpus: 5e8, pids: 10 },
      restart: { name: "on-failure", maxRetries: 3 } as const,
    };
    api.engine.add("web", { config, oomKilled: true, failures: 2 });
    const detail = json<Record<string, Record<string, unknown>>>(
      await api.request("GET", "/containers/web/json"),
    );
    expect(detail["HostConfig"]).toMatchObject({
      Memory: 1 << 26,
      NanoCpus: 5e8,
      PidsLimit: 10,
      RestartPolicy: { Name: "on-failure", MaximumRetryCount: 3 },
    });
    expect(detail["State"]).toMatchObject({ Running: true, Pid: 4242, OOMKilled: true });
    expect(detail["Name"]).toBe("/web");
    expect(detail["RestartCount"]).toBe(2);
  });

  it("is started and stopped once: the second time nothing was to do", async () => {
    api.engine.add("web");
    const status = async (verb: string) => (await api.request("POST", `/containers/web/${verb}`)).status;
    expect([await status("start"), await status("stop?t=1"), await status("stop")]).toEqual([304, 204, 304]);
    expect([await status("start"), await status("restart"), await status("kill?signal=term")]).toEqual([
      204, 204, 204,
    ]);
    expect(api.engine.asked).toContain("TERM");
  });

  it("is not removed while it runs, unless by force", async () => {
    api.engine.add("web");
    const refused = await api.request("DELETE", "/containers/web");
    expect([refused.status, json(refused)]).toEqual([
      409,
      { message: "web is running", code: "container.running", next: "try: gantry stop" },
    ]);
    // Docker's client reads the message under no other media type.
    expect(refused.headers["content-type"]).toBe("application/json");
    expect((await api.request("DELETE", "/containers/web?force=1")).status).toBe(204);
    const gone = await api.request("GET", "/containers/web/json");
    expect([gone.status, json<{ message: string }>(gone).message]).toEqual([404, "No such container: web"]);
  });

  it("is waited for until it exits", async () => {
    const web = api.engine.add("web");
    const waiting = api.request("POST", "/containers/web/wait");
    api.engine.exit(web, 7);
    expect(json(await waiting)).toEqual({ StatusCode: 7 });
  });
});

describe("what docker's API has and gantry does not", () => {
  it("is 501 and says so", async () => {
    for (const [method, path] of [
      ["POST", "/v1.47/grpc"],
      ["POST", "/build/cancel"],
    ] as const) {
      const answer = await api.request(method, path, method === "POST" ? "not even JSON" : undefined);
      expect([path, answer.status]).toEqual([path, 501]);
      expect(json<{ message: string }>(answer).message).toContain("not built yet");
    }
  });

  it("is 503 in docker's words for swarm, and 404 for what nobody knows", async () => {
    for (const path of ["/services", "/swarm", "/v1.43/nodes/x"]) {
      const answer = await api.request("GET", path);
      expect(answer.status).toBe(503);
      expect(json<{ message: string }>(answer).message).toContain("This node is not a swarm manager.");
    }
    expect((await api.request("GET", "/nonsense")).status).toBe(404);
  });
});
