import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { contextArchive } from "../../src/build/context-archive.ts";
import { docker, HAS_DOCKER } from "./docker-command.ts";
import { CORPUS, type CorpusCase, readCorpus } from "./build-corpus.ts";
import { Instance } from "./instance.ts";
import { HAS_BUSYBOX, rootfs } from "./rootfs.fixture.ts";
import { tarOf } from "./tar-bytes.ts";
import { until } from "./until.ts";

const MORE_COMMANDS = "chmod chown find ln rm test touch false";

let instance: Instance;
let context: string;

beforeAll(async () => {
  instance = await Instance.open();
  context = join(instance.base, "context");
  await cp(join(CORPUS, "context"), context, { recursive: true, verbatimSymlinks: true });
  const files = tarOf(
    { name: "in", type: "5" },
    { name: "in/one.txt", data: "one\n", uid: 7, gid: 8, mode: 0o640 },
    { name: "in/link", type: "2", link: "one.txt" },
  );
  await writeFile(join(context, "files.tar"), files);
  await writeFile(join(context, "files.tar.gz"), gzipSync(files));
  const links = MORE_COMMANDS.split(" ").map((name) => ({ name: `bin/${name}`, type: "2", link: "busybox" }));
  await writeFile(join(instance.base, "bb.tar"), rootfs(...links, { name: "tmp", type: "5", mode: 0o1777 }));
  if (HAS_BUSYBOX) await instance.ok(["import", join(instance.base, "bb.tar"), "bb"]);
});
afterAll(async () => await instance.close());

interface Answer {
  readonly status: number;
  readonly lines: readonly {
    readonly stream?: string;
    readonly error?: string;
    readonly aux?: { readonly ID: string };
  }[];
  readonly text: string;
}

/** As docker's client asks for a build. */
async function build(
  body: AsyncIterable<Uint8Array>,
  query: Readonly<Record<string, string>>,
  more: object = {},
): Promise<Answer> {
  const path = `/v1.41/build?${new URLSearchParams(query).toString()}`;
  const headers = {
    "Content-Type": "application/x-tar",
    "X-Gantry-Build": Buffer.from(JSON.stringify(more)).toString("base64url"),
  };
  const socketPath = join(instance.env["GANTRY_RUN"] ?? "", "gantry.sock");
  return await new Promise((resolve, reject) => {
    const sent = request({ socketPath, path, method: "POST", headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("error", reject); // the daemon may be killed
      response.on("end", () => {
        const lines = text
          .split("\n")
          .filter((line) => line.trim() !== "")
          .map((line) => JSON.parse(line) as Answer["lines"][number]);
        resolve({ status: response.statusCode ?? 0, lines, text });
      });
    });
    sent.on("error", reject);
    Readable.from(body).pipe(sent);
  });
}

async function buildCase({ name, text, query, more }: CorpusCase): Promise<Answer> {
  return await build(contextArchive(context), { t: `corpus-${name}`, ...query }, { ...more, inline: text });
}

const idOf = ({ lines, text }: Answer): string => {
  const id = lines.find(({ aux }) => aux !== undefined)?.aux?.ID;
  if (id === undefined) throw new Error(text);
  return id;
};

describe.skipIf(!HAS_BUSYBOX)("the corpus of Dockerfiles", () => {
  it.concurrent.each(readCorpus())("$name", async (one) => {
    const answer = await buildCase(one);
    if (one.failure !== undefined) {
      expect(JSON.stringify(answer.lines)).toContain(JSON.stringify(one.failure).slice(1, -1));
      return;
    }
    const id = idOf(answer);
    const { Config } = await instance.get<{ readonly Config: Readonly<Record<string, unknown>> }>(
      `/images/${id}/json`,
    );
    const said = Object.fromEntries(Object.keys(one.expected).map((key) => [key, Config[key] ?? null]));
    expect(said).toEqual(one.expected);
  });
});

describe.skipIf(!HAS_BUSYBOX)("a build", () => {
  const FILES = {
    Dockerfile: "FROM bb\nCOPY one /one\nRUN cat /one > /copied\nCOPY two /two\n",
    one: "1",
    two: "2",
  };
  async function folderOf(name: string, files: Readonly<Record<string, string>>): Promise<string> {
    const folder = join(instance.base, name);
    await mkdir(folder, { recursive: true });
    for (const [file, content] of Object.entries(files)) await writeFile(join(folder, file), content);
    return folder;
  }
  const cached = ({ lines }: Answer): number =>
    lines.filter(({ stream }) => stream?.includes("Using cache") === true).length;

  it("that nothing changed for makes the same image, and one that a file changed for only what comes after it", async () => {
    const folder = await folderOf("again", FILES);
    const first = await build(contextArchive(folder), { t: "again" });
    const second = await build(contextArchive(folder), { t: "again" });
    expect([cached(first), cached(second)]).toEqual([0, 3]);
    expect(idOf(second)).toBe(idOf(first));
    await writeFile(join(folder, "two"), "other");
    expect(cached(await build(contextArchive(folder), { t: "again" }))).toBe(2);
    expect(cached(await build(contextArchive(folder), { t: "again", nocache: "1" }))).toBe(0);
  });

  it("with SOURCE_DATE_EPOCH makes the same image twice, without a cache", async () => {
    const folder = await folderOf("epoch", {
      Dockerfile: "FROM scratch\nCOPY f /new/f\nLABEL a=b\n",
      f: "x",
    });
    const query = { nocache: "1", buildargs: JSON.stringify({ SOURCE_DATE_EPOCH: "1000000000" }) };
    const first = idOf(await build(contextArchive(folder), query));
    await writeFile(join(folder, "f"), "x"); // newer than before
    expect(idOf(await build(contextArchive(folder), query))).toBe(first);
  });

  it("is shown by the command line, which ends with 1 when a step fails", async () => {
    const folder = await folderOf("shown", {
      Dockerfile: "FROM bb\nRUN echo loud\nCMD echo from the image\n",
    });
    const idFile = join(instance.base, "id");
    const shown = await instance.ok(["build", "-t", "shown", "-t", "shown:2", "--iidfile", idFile, folder]);
    expect(shown).toContain("Step 2/3 : RUN echo loud\nloud\n");
    expect(shown).toContain("Successfully tagged shown:2");
    expect(await readFile(idFile, "utf8")).toMatch(/^sha256:[0-9a-f]{64}$/);
    await writeFile(join(folder, "Broken"), "FROM bb\nRUN echo why; exit 7\n");
    const broken = await instance.gantry(["build", "-f", join(folder, "Broken"), folder]);
    expect(broken.code).toBe(1);
    expect(broken.stderr).toContain(
      "Broken:2: the command '/bin/sh -c echo why; exit 7' returned a non-zero code: 7",
    );
  });

  it.skipIf(!HAS_DOCKER)(
    "is asked for by docker's own client, which ends as the failed command did",
    async () => {
      const folder = await folderOf("docker", { Dockerfile: "FROM bb\nARG STATUS\nRUN exit $STATUS\n" });
      const run = async (status: string) => {
        const args = ["build", "-t", "by-docker", "--build-arg", `STATUS=${status}`, folder];
        return await docker(instance, ...args);
      };
      const built = await run("0");
      expect(built.stdout).toContain("Successfully tagged by-docker:latest");
      expect((await run("9")).code).toBe(9);
    },
  );

  it("on the host image is not shipped: elsewhere it would be half of what it is", async () => {
    await build(contextArchive(await folderOf("host", { Dockerfile: "FROM host\nCOPY f /opt/f\n", f: "" })), {
      t: "over",
    });
    const { code, stderr } = await instance.gantry(["save", "-o", join(instance.base, "over.tar"), "over"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("works here alone")]);
  });

  it("of a project is made when its image is missing, and anew when that is asked for", async () => {
    const folder = await folderOf("project", {
      "compose.yaml": `name: shop
services:
  web:
    build:
      context: .
      args: { WORD: first }
      additional_contexts: { tool: "service:tool" }
      secrets: [token]
    command: ["sh", "-c", "cat /word /tool /secret; exec sleep 600"]
    stop_grace_period: 0s
  tool:
    build: { dockerfile_inline: "FROM bb\\nRUN echo made > /tool\\n" }
    command: ["true"]
secrets:
  token: { content: hush }
`,
      Dockerfile: `FROM bb
ARG WORD
COPY --from=tool /tool /tool
RUN --mount=type=secret,id=token echo "$(cat /run/secrets/token)" > /secret
COPY more /more
RUN echo "$WORD" > /word && cat /more >> /word
`,
      more: "1\n",
    });
    const cwd = { cwd: folder };
    expect(await instance.ok(["apply", "--wait"], cwd)).toContain("Successfully tagged shop-web:latest");
    const logs = async (): Promise<string> => await instance.ok(["logs", "web"], cwd).catch(String);
    await until("what the image holds", async () => (await logs()).includes("first"));
    expect(await logs()).toMatch(/first[^]*1[^]*made[^]*hush/);
    const before = await instance.pidOf("shop-web-1");
    expect(await instance.ok(["apply", "--wait"], cwd)).not.toContain("Step 1/");
    await writeFile(join(folder, "more"), "2\n");
    expect(await instance.ok(["build", "web", "-q"], cwd)).toMatch(/^sha256:/);
    expect(await instance.ok(["apply", "--wait", "--build"], cwd)).toContain("Using cache");
    expect(await instance.pidOf("shop-web-1")).not.toBe(before);
    await until("the new image's words", async () => (await logs()).includes("2"));
    await instance.ok(["down"], cwd);
  });

  it("that is killed in the middle leaves nothing behind, and the next one succeeds", async () => {
    const folder = await folderOf("killed", { Dockerfile: "FROM bb\nRUN echo x > /x\nRUN sleep 60\n" });
    const broken = build(contextArchive(folder), { t: "killed" }).catch(() => undefined);
    const root = instance.env["GANTRY_ROOT"] ?? "";
    const steps = async (): Promise<number> =>
      (await readdir(join(root, "containers"))).filter((name) => name.endsWith(".json")).length;
    await until("the second step", async () => {
      const record = (await readdir(join(root, "containers"))).find((name) => name.endsWith(".json"));
      return (
        record !== undefined &&
        (await readFile(join(root, "containers", record), "utf8")).includes("sleep 60")
      );
    });
    expect(await instance.containers()).toEqual(new Map());
    await instance.endDaemon("SIGKILL");
    await broken;
    await instance.ok(["images"]);
    expect(await steps()).toBe(0);
    expect(await readdir(join(root, "builds"))).toEqual([]);
    await writeFile(join(folder, "Dockerfile"), "FROM bb\nRUN echo x > /x\nRUN true\n");
    expect(cached(await build(contextArchive(folder), { t: "killed" }))).toBe(1);
  });

  it("whose results are pruned keeps what images need, and nothing else", async () => {
    const folder = await folderOf("pruned", FILES);
    const id = idOf(await build(contextArchive(folder), { t: "pruned" }));
    await instance.ok(["builder", "prune", "-f"]);
    expect(await readdir(join(instance.env["GANTRY_ROOT"] ?? "", "images", "build-cache"))).toEqual([]);
    expect((await instance.get<{ Id: string }>("/images/pruned/json")).Id).toBe(id);
    expect(cached(await build(contextArchive(folder), { t: "pruned" }))).toBe(0);
  });
});
