import { describe, expect, it } from "vitest";
import { commandLine, environmentOf, hostnameOf } from "../../../src/runtime/command.ts";
import type { ContainerConfig } from "../../../src/runtime/container.ts";

function config(more: Partial<ContainerConfig>): ContainerConfig {
  return {
    image: "web:1",
    environment: {},
    mounts: [],
    limits: {},
    restart: { name: "no" },
    stopGraceMs: 0,
    labels: {},
    init: false,
    ...more,
  };
}

describe("the command line", () => {
  const image = { layers: [], hostMounts: [], entrypoint: ["/start"], cmd: ["--all"] };
  it.each([
    ["the image's own", {}, ["/start", "--all"]],
    ["with another command", { command: ["--one"] }, ["/start", "--one"]],
    ["with another entry point, which drops the image's command", { entrypoint: ["sh"] }, ["sh"]],
    ["with both", { entrypoint: ["sh"], command: ["-c", "x"] }, ["sh", "-c", "x"]],
    ["with an empty entry point", { entrypoint: [], command: ["x"] }, ["x"]],
    ["with an empty command", { command: [] }, ["/start"]],
  ])("is %s", (_, more, line) => expect(commandLine(config(more), image)).toEqual(line));
});

describe("the environment", () => {
  const of = (own: Readonly<Record<string, string>>, env: readonly string[]) =>
    Object.fromEntries(
      environmentOf(config({ environment: own }), { env }, "box").map((entry) =>
        entry.split(/=(.*)/s).slice(0, 2),
      ),
    ) as Readonly<Record<string, string>>;

  it("has a PATH and a HOSTNAME where nobody set them", () =>
    expect(of({}, [])).toMatchObject({
      HOSTNAME: "box",
      PATH: expect.stringContaining("/usr/bin") as string,
    }));
  it("the container's wins over the image's, and both over the default", () => {
    expect(of({ A: "own" }, ["A=image", "B=image", "PATH=/bin"])).toMatchObject({
      A: "own",
      B: "image",
      PATH: "/bin",
    });
    expect(of({ HOSTNAME: "told" }, [])).toMatchObject({ HOSTNAME: "told" });
  });
  it("values may be empty or hold equals signs; an entry without a name is dropped", () => {
    expect(of({ E: "" }, ["A=b=c", "=x", "lonely"])).toMatchObject({ A: "b=c", E: "" });
    expect(
      Object.keys(of({}, ["=x", "lonely"])).filter((name) => name !== "PATH" && name !== "HOSTNAME"),
    ).toEqual([]);
  });
});

it("the hostname is the one asked for, else twelve digits of the id", () => {
  expect(hostnameOf("0123456789abcdef", config({}))).toBe("0123456789ab");
  expect(hostnameOf("0123456789abcdef", config({ hostname: "box" }))).toBe("box");
});
