import { describe, expect, test } from "vitest";
import { runToYaml } from "../../../src/cli/verbs/run-to-yaml.ts";
import { shellWords } from "../../../src/cli/shell-words.ts";
import type { Context } from "../../../src/cli/context.ts";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadProject } from "../../../src/spec/load.ts";

async function yamlOf(...words: readonly string[]): Promise<string> {
  let text = "";
  await runToYaml(
    { stdout: { write: (more: string) => ((text += more), true) } } as unknown as Context,
    words,
  );
  return text;
}

test("words are a shell's: quotes, backslashes, lines that go on", () => {
  expect(shellWords(`docker run \\\n  -e 'A=one two' -e B="x \\"y\\" \\z" a\\ b ''`)).toEqual([
    "docker",
    "run",
    "-e",
    "A=one two",
    "-e",
    'B=x "y" \\z',
    "a b",
    "",
  ]);
  expect(() => shellWords("it's")).toThrow("not closed");
});

describe("a docker run line as a Compose file", () => {
  test("holds what the line says, and says what has no place in it", async () => {
    const line = `sudo docker run -d --rm --name web -p 8080:80 -v ./site:/srv:ro -v data:/data -e A=1
      --memory 64m --cpus 1.5 --restart unless-stopped --ulimit nofile=10:20 --health-cmd 'curl -f localhost'
      --network front --network-alias w --log-opt max-size=1m -it nginx:1.27 nginx -g 'daemon off;'`;
    expect(await yamlOf(line)).toBe(`# -d: \`gantry apply\` never stays attached.
# --rm: a service is removed by \`gantry down\`.
services:
  web:
    image: nginx:1.27
    container_name: web
    command:
      - nginx
      - -g
      - daemon off;
    environment:
      - A=1
    tty: true
    stdin_open: true
    ports:
      - 8080:80
    volumes:
      - ./site:/srv:ro
      - data:/data
    networks:
      front:
        aliases:
          - w
    restart: unless-stopped
    healthcheck:
      test:
        - CMD-SHELL
        - curl -f localhost
    cpus: "1.5"
    mem_limit: 64m
    ulimits:
      nofile:
        soft: 10
        hard: 20
    logging:
      options:
        max-size: 1m
volumes:
  data:
    external: false
    name: data
networks:
  front:
    external: true
`);
  });

  test.each([
    "docker run busybox",
    "run --privileged --pid host --network host --tmpfs /tmp:size=1m --device /dev/fuse reg.example:5000/a/b@sha256:" +
      "a".repeat(64),
    "docker container run --mount type=bind,src=/a,dst=/b,ro --mount target=/v,volume-nocopy --entrypoint sh x -c 'echo $HOME'",
    "docker run --cap-drop ALL --cap-add CHOWN --security-opt no-new-privileges --sysctl net.core.somaxconn=9 --init --read-only x",
    "docker run --no-healthcheck --stop-timeout 3 --stop-signal INT --dns 1.1.1.1 --add-host a:10.0.0.1 -l a=b --shm-size 1m x",
  ])("%s loads", async (line) => {
    const folder = await mkdtemp(join(tmpdir(), "gantry-yaml-"));
    try {
      await writeFile(join(folder, "compose.yaml"), await yamlOf(line));
      const { project } = await loadProject({ cwd: folder, env: {} });
      const [service] = Object.values(project.services);
      expect(service).toBeDefined();
      if (line.includes("$HOME")) expect(service?.command).toEqual(["-c", "echo $HOME"]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test("a flag that docker does not have is an error that suggests", async () => {
    await expect(yamlOf("docker run --nam x busybox")).rejects.toThrow(/unknown option '--nam'[^]*--name/);
  });
});
