import { describe, expect, test } from "vitest";
import { defaultNetwork } from "../../../src/net/definition.ts";
import { plan } from "../../../src/reconcile/plan.ts";
import { renderPlan } from "../../../src/reconcile/render.ts";
import {
  desired,
  emptySnapshot,
  imageId,
  linesFor,
  NOW,
  planFor,
  port,
  project,
  replica,
  replicas,
  service,
  settledSnapshot,
} from "./fixture.ts";

describe("a project that is not there yet", () => {
  const wanted = project(
    {
      web: service({ replicas: 2, ports: [port(8080)], image: "tools" }),
      db: service({
        image: "db:1",
        mounts: [{ type: "volume", source: "shop_data", target: "/data", readOnly: false }],
      }),
    },
    {
      volumes: { data: { name: "shop_data", external: false, labels: {} } },
      images: { tools: { importFrom: "/srv/shop/tools.tar.gz" } },
    },
  );

  test("is made: network, port, volume, image, containers", () => {
    expect(renderPlan(planFor(wanted, emptySnapshot()))).toBe(
      [
        "+ network shop_default  create  not there",
        "~ port 8080  publish  web publishes 8080:80",
        "+ volume shop_data  create  not there",
        "+ image tools  import  not there, the file imports it from /srv/shop/tools.tar.gz",
        "+ db.1  create  not there",
        "+ web.1  create  not there",
        "+ web.2  create  not there",
        "6 to create, 0 to update, 0 to replace, 0 to remove, 1 to publish",
      ].join("\n"),
    );
  });

  test("every step waits for what it needs, and replicas do not wait for each other", () => {
    const after = Object.fromEntries(
      planFor(wanted, emptySnapshot()).steps.map((step) => [step.key, step.after]),
    );
    expect(after).toEqual({
      "create-network shop_default": [],
      "publish web": ["create-network shop_default"],
      "create-volume shop_data": ["publish web"],
      "import-image tools": ["publish web"],
      "create db.1": ["publish web", "create-volume shop_data"],
      "create web.1": ["publish web", "import-image tools"],
      "create web.2": ["publish web", "import-image tools"],
    });
  });

  test("a container is made with its name, its owner and Compose's labels", () => {
    const [step] = planFor(wanted, emptySnapshot()).steps.filter(({ key }) => key === "create web.2");
    expect(step?.action).toMatchObject({
      kind: "create",
      name: "shop-web-2",
      owner: { project: "shop", service: "web", number: 2 },
      config: {
        labels: {
          "com.docker.compose.project": "shop",
          "com.docker.compose.service": "web",
          "com.docker.compose.container-number": "2",
          "com.docker.compose.oneoff": "False",
          "com.docker.compose.project.working_dir": "/srv/shop",
          "com.docker.compose.project.config_files": "/srv/shop/compose.yaml",
        },
      },
    });
    expect(step?.action).not.toHaveProperty("imageId");
    expect(step?.action).not.toHaveProperty("config.hostname");
  });
});

describe("a project that is as it should be", () => {
  const wanted = project({ web: service({ replicas: 3, ports: [port(8080), port(0)] }), db: service() });

  test("needs nothing done", () => {
    expect(renderPlan(planFor(wanted, settledSnapshot(wanted)))).toBe("nothing to do");
    expect(planFor(wanted, settledSnapshot(wanted)).wakeAt).toBeNull();
  });

  test("needs nothing done though other projects and containers are about", () => {
    const other = project({ web: service({ ports: [port(9090)] }) }, { name: "blog" });
    const mine = settledSnapshot(wanted);
    const { owner: _, ...foreign } = replica(other, "web", 2);
    const containers = [...mine.containers, ...replicas(other), foreign];
    const published = [...mine.published, ...settledSnapshot(other).published];
    expect(linesFor(wanted, { ...mine, containers, published })).toEqual([]);
  });

  test("needs nothing done after the file moved or another version of gantry labels otherwise", () => {
    const moved = { ...wanted, workingFolder: "/home/shop", files: ["/home/shop/compose.yaml"] };
    expect(linesFor(moved, settledSnapshot(wanted))).toEqual([]);
  });

  test("services named like members of Object are services like any other", () => {
    const odd = project({ constructor: service(), toString: service({ image: "web:2" }) });
    expect(linesFor(odd, settledSnapshot(odd))).toEqual([]);
    expect(linesFor(odd, emptySnapshot({ networks: [defaultNetwork("shop")] }))).toEqual([
      "+ constructor.1  create  not there",
      "+ toString.1  create  not there",
    ]);
  });
});

describe("scaling", () => {
  const three = project({ web: service({ replicas: 3 }) });

  test("out creates the numbers above those there are", () => {
    const five = project({ web: service({ replicas: 5 }) });
    expect(linesFor(five, settledSnapshot(three))).toEqual([
      "+ web.4  create  replicas 3 -> 5",
      "+ web.5  create  replicas 3 -> 5",
    ]);
  });

  test("in removes the highest numbers first", () => {
    const one = project({ web: service({ replicas: 1 }) });
    expect(linesFor(one, settledSnapshot(three))).toEqual([
      "- web.3  remove  replicas 3 -> 1",
      "- web.2  remove  replicas 3 -> 1",
    ]);
  });

  test("to zero keeps the network and the port", () => {
    const none = project({ web: service({ replicas: 0, ports: [port(8080)] }) });
    const some = project({ web: service({ replicas: 1, ports: [port(8080)] }) });
    expect(linesFor(none, settledSnapshot(some))).toEqual(["- web.1  remove  replicas 1 -> 0"]);
  });

  test("by an override wins over the file", () => {
    expect(linesFor(desired(three, { replicas: { web: 4 } }), settledSnapshot(three))).toEqual([
      "+ web.4  create  replicas 3 -> 4",
    ]);
  });

  test("a replica removed behind gantry's back is made anew", () => {
    const snapshot = settledSnapshot(three);
    const containers = snapshot.containers.filter((container) => container.owner?.number !== 2);
    expect(linesFor(three, { ...snapshot, containers })).toEqual(["+ web.2  create  not there"]);
  });

  test("a replica that was there twice is left once, and the one as wanted stays", () => {
    const old = project({ web: service({ replicas: 3, image: "web:2" }) });
    const containers = [...replicas(three), replica(old, "web", 2, { id: "f".repeat(64), createdAt: NOW })];
    expect(planFor(three, settledSnapshot(three, { containers })).steps).toEqual([
      {
        key: `remove web.2 ${"f".repeat(64)}`,
        action: { kind: "remove", id: "f".repeat(64), graceMs: 10_000 },
        subject: "web.2",
        cause: "another container took its place",
        after: [],
      },
    ]);
  });
});

describe("services that go", () => {
  const both = project({ web: service({ replicas: 2, ports: [port(8080)] }), db: service() });
  const onlyDb = project({ db: service() });

  test("lose their containers, then their ports", () => {
    const result = planFor(onlyDb, settledSnapshot(both));
    expect(renderPlan(result).split("\n")).toEqual([
      "- web.2  remove  service is no longer in the file",
      "- web.1  remove  service is no longer in the file",
      "- port 8080  close  service is no longer in the file",
      "0 to create, 0 to update, 0 to replace, 2 to remove, 1 to publish",
    ]);
    expect(result.steps.at(-1)?.after).toEqual(["remove web.2", "remove web.1"]);
  });

  test("hand their port to a service that takes it up, before anything is removed", () => {
    const renamed = project({ site: service({ replicas: 1, ports: [port(8080)] }), db: service() });
    const result = planFor(renamed, settledSnapshot(both));
    expect(renderPlan(result).split("\n").slice(0, -1)).toEqual([
      "- port 8080  close  web hands it to site",
      "~ port 8080  publish  site publishes 8080:80",
      "+ site.1  create  not there",
      "- web.2  remove  service is no longer in the file",
      "- web.1  remove  service is no longer in the file",
    ]);
    expect(result.steps.map((step) => step.after)).toEqual([
      [],
      ["release web"],
      ["publish site"],
      ["publish site"],
      ["publish site"],
    ]);
  });
});

describe("a service stopped by hand", () => {
  const wanted = project({ web: service({ replicas: 2, ports: [port(8080)], restart: { name: "always" } }) });
  const stopped = desired(wanted, { stopped: ["web"] });

  test("has its containers stopped and then its port closed", () => {
    const result = planFor(stopped, settledSnapshot(wanted));
    expect(renderPlan(result).split("\n")).toEqual([
      "~ web.1  stop  its service was stopped by hand",
      "~ web.2  stop  its service was stopped by hand",
      "- port 8080  close  service was stopped by hand",
      "0 to create, 0 to update, 0 to replace, 0 to remove, 2 to stop, 1 to publish",
    ]);
    expect(result.steps.at(-1)?.after).toEqual(["stop web.1", "stop web.2"]);
  });

  test("is neither started, created nor changed while it rests", () => {
    const changed = project({ web: service({ replicas: 3, image: "web:2", restart: { name: "always" } }) });
    const containers = replicas(wanted).map((item) => ({ ...item, state: "exited" as const, exitCode: 143 }));
    const snapshot = settledSnapshot(wanted, { containers, published: [] });
    expect(linesFor(stopped, snapshot)).toEqual([]);
    expect(linesFor(desired(changed, { stopped: ["web"] }), snapshot)).toEqual([]);
  });
});

describe("taking a project down", () => {
  const wanted = project(
    {
      web: service({ replicas: 2, ports: [port(8080)] }),
      db: service({
        image: "db:1",
        stopGraceMs: 30_000,
        mounts: [{ type: "volume", source: "shop_data", target: "/data", readOnly: false }],
      }),
    },
    { volumes: { data: { name: "shop_data", external: false, labels: {} } } },
  );
  const input = { desired: null, project: "shop", snapshot: settledSnapshot(wanted), now: NOW };

  test("removes containers, ports and network, and keeps volumes", () => {
    const result = plan(input);
    expect(renderPlan(result).split("\n")).toEqual([
      "- web.2  remove  the project is taken down",
      "- web.1  remove  the project is taken down",
      "- db.1  remove  the project is taken down",
      "- port 8080  close  the project is taken down",
      "- network shop_default  remove  the project is taken down",
      "0 to create, 0 to update, 0 to replace, 4 to remove, 1 to publish",
    ]);
    expect(result.steps.map((step) => step.after)).toEqual([
      [],
      [],
      [],
      ["remove web.2", "remove web.1"],
      ["remove web.2", "remove web.1", "remove db.1", "close web"],
    ]);
    expect(result.steps[2]?.action).toMatchObject({ kind: "remove", graceMs: 30_000 });
  });

  test("removes the volumes it is told to, after the containers that use them", () => {
    const result = plan({ ...input, removeVolumes: ["shop_data", "never_there"] });
    expect(result.steps.at(-1)).toMatchObject({
      key: "remove-volume shop_data",
      subject: "volume shop_data",
      after: ["remove db.1"],
    });
    expect(result.steps.filter((step) => step.action.kind === "remove-volume")).toHaveLength(1);
  });

  test("does not take a volume from a container of somebody else's", () => {
    const blog = { ...wanted, name: "blog" };
    const snapshot = { ...input.snapshot, containers: [...replicas(wanted), ...replicas(blog)] };
    const result = plan({ ...input, snapshot, removeVolumes: ["shop_data"] });
    expect(renderPlan(result).split("\n").slice(-3)).toEqual([
      "! volume shop_data  conflict  volume shop_data is in use by container blog-db-1, which does not belong to the project",
      "    remove blog-db-1 first, or keep the volumes",
      "1 problem: nothing will be changed",
    ]);
  });

  test("finds nothing to do the second time, and touches no other project", () => {
    const blog = { ...wanted, name: "blog" };
    const result = plan({ ...input, snapshot: settledSnapshot(blog) });
    expect(renderPlan(result)).toBe("nothing to do");
  });
});

describe("pulls", () => {
  const nginx = { image: "nginx:1.27" };

  test("an image that is not here, once for all that use it, before what is made from it", () => {
    const wanted = project({ a: service(nginx), web: service(nginx) });
    const { steps } = planFor(wanted, emptySnapshot({ networks: [defaultNetwork("shop")] }));
    expect(steps.map(({ key, after }) => [key, after])).toEqual([
      ["pull-image nginx:1.27", []],
      ["create a.1", ["pull-image nginx:1.27"]],
      ["create web.1", ["pull-image nginx:1.27"]],
    ]);
    expect(linesFor(wanted, emptySnapshot())).toContain("+ image nginx:1.27  pull  not on this machine");
  });

  test("pull_policy: always only when somebody asks by hand, and then what runs stays until it is known", () => {
    const wanted = project({ web: service({ pullPolicy: "always" }) });
    const snapshot = settledSnapshot(wanted);
    expect(linesFor(wanted, snapshot)).toEqual([]);
    const { steps } = plan({ desired: desired(wanted), project: "shop", snapshot, now: NOW, again: ["web"] });
    expect(steps.map(({ key, cause }) => [key, cause])).toEqual([
      ["pull-image web:1", "pull_policy: always"],
    ]);
  });

  test("a policy with a time, when it has run out", () => {
    const wanted = project({ web: service({ pullPolicy: 1000 }) });
    const keys = (checkedAt: number) => {
      const snapshot = settledSnapshot(wanted, { imagesCheckedAt: { "web:1": checkedAt } });
      return plan({
        desired: desired(wanted),
        project: "shop",
        snapshot,
        now: NOW,
        again: ["web"],
      }).steps.map(({ key }) => key);
    };
    expect(keys(NOW - 999)).toEqual([]);
    expect(keys(NOW - 1000)).toEqual(["pull-image web:1"]);
  });
});

describe("problems", () => {
  test("an image that is nowhere, and must not be pulled", () => {
    const wanted = project({ web: service({ image: "nginx:1.27", pullPolicy: "never" }) });
    expect(linesFor(wanted, emptySnapshot()).slice(-2)).toEqual([
      "! image nginx:1.27  image.not-found  image nginx:1.27, which service web uses, is not on this machine",
      "    try: gantry pull nginx:1.27, or gantry import FILE nginx:1.27",
    ]);
  });

  test("an image called like a member of Object is nowhere too", () => {
    const wanted = project({ web: service({ image: "constructor", pullPolicy: "never" }) });
    expect(planFor(wanted, emptySnapshot()).problems).toMatchObject([{ code: "image.not-found" }]);
  });

  test("an image that was untagged is no problem for the containers made from it", () => {
    const wanted = project({ web: service({ restart: { name: "always" } }) });
    const settled = settledSnapshot(wanted, { images: {} });
    expect(linesFor(wanted, settled)).toEqual([]);
    const dead = { ...settled, containers: [replica(wanted, "web", 1, { state: "exited", exitCode: 1 })] };
    expect(planFor(wanted, dead).problems).toEqual([]);
    expect(planFor(wanted, dead).steps.map((step) => step.key)).toEqual(["start web.1"]);
  });

  test("changing to an image that is nowhere", () => {
    const wanted = project({ web: service({ image: "nginx:1.27", pullPolicy: "never" }) });
    const before = project({ web: service() });
    expect(planFor(wanted, settledSnapshot(before)).problems).toMatchObject([{ code: "image.not-found" }]);
  });

  test("an external volume that does not exist", () => {
    const wanted = project({}, { volumes: { data: { name: "data", external: true, labels: {} } } });
    expect(linesFor(wanted, emptySnapshot())).toEqual([
      "! volume data  conflict  volume data is declared external, and there is no such volume on this machine",
      "    create it first, or drop external from data",
    ]);
    expect(linesFor(wanted, emptySnapshot({ volumes: ["data"] }))).toEqual([]);
  });

  test("a volume that two entries mean is made once", () => {
    const data = { name: "data", external: false, labels: {} };
    const wanted = project({}, { volumes: { a: data, b: data } });
    expect(linesFor(wanted, emptySnapshot())).toEqual(["+ volume data  create  not there"]);
  });

  test("a name that another project's container holds", () => {
    const wanted = project({ web: service() });
    const other = project({ "b-web": service() }, { name: "sho" });
    const holder = replica(other, "b-web", 1, { name: "shop-web-1" });
    expect(linesFor(wanted, emptySnapshot({ containers: [holder] })).slice(-2)).toEqual([
      "! web.1  conflict  the name shop-web-1 is taken by a container that belongs to project sho",
      "    try: gantry rm -f shop-web-1",
    ]);
  });

  test("a name that a container without a project holds", () => {
    const wanted = project({ web: service() });
    const { owner: _, ...holder } = replica(wanted, "web", 1);
    expect(planFor(wanted, emptySnapshot({ containers: [holder] })).problems).toMatchObject([
      { code: "conflict", message: "the name shop-web-1 is taken by a container that belongs to no project" },
    ]);
  });
});

test("the image a container is made from is the one the reference stands for now", () => {
  const wanted = project({ web: service() });
  const [step] = planFor(wanted, emptySnapshot({ networks: [defaultNetwork("shop")] })).steps;
  expect(step?.action).toMatchObject({ kind: "create", imageId: imageId("web:1") });
});
