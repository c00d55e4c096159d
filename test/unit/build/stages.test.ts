import { describe, expect, it } from "vitest";
import { parseDockerfile } from "../../../src/build/dockerfile/parse.ts";
import { type PlanOptions, planStages } from "../../../src/build/stages.ts";

const plan = (text: string, options: Partial<PlanOptions> = {}) =>
  planStages(parseDockerfile(text, "Dockerfile"), { given: {}, contexts: new Set(), ...options });
const needed = (text: string, options: Partial<PlanOptions> = {}) =>
  plan(text, options).stages.map(({ stage }) => stage.index);

const FOUR = `ARG V=3
FROM alpine:$V AS base
FROM base AS build
FROM scratch AS unused
FROM base
COPY --from=build /x /x
`;

describe("the stages of a build", () => {
  it("are those that the last one needs", () => {
    expect(needed(FOUR)).toEqual([0, 1, 3]);
  });
  it("are those that the target needs, by name or number", () => {
    expect(needed(FOUR, { target: "BUILD" })).toEqual([0, 1]);
    expect(needed(FOUR, { target: "2" })).toEqual([2]);
    expect(() => plan(FOUR, { target: "bild" })).toThrow('there is no stage bild (did you mean "build"?)');
  });
  it("begin with what the arguments before them say", () => {
    expect(plan(FOUR).stages[0]).toMatchObject({ base: { kind: "image", reference: "alpine:3" } });
    expect(plan(FOUR, { given: { V: "4" } }).stages[0]?.baseName).toBe("alpine:4");
    expect(() => plan("ARG B\nFROM $B")).toThrow("Dockerfile:2: FROM $B is empty");
  });
  it("can be named by a mount and by number", () => {
    expect(needed("FROM scratch\nFROM scratch\nRUN --mount=from=0,target=/x y")).toEqual([0, 1]);
    expect(() => plan("FROM scratch\nCOPY --from=0 /x /x")).toThrow("there is no stage 0 before this one");
  });
  it("step back behind a further context of their name", () => {
    expect(plan(FOUR, { contexts: new Set(["build"]) }).stages.map(({ stage }) => stage.index)).toEqual([
      0, 3,
    ]);
  });
  it("may have a platform of their own", () => {
    const [stage] = plan("FROM --platform=linux/arm/v7 x").stages;
    expect(stage?.platform).toEqual({ os: "linux", architecture: "arm", variant: "v7" });
  });
});
