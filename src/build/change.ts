import { GantryError } from "../error.ts";
import { parseInstruction } from "./dockerfile/parse.ts";
import type { ConfigJson } from "./image-json.ts";
import { afterMetadata, isMetadata, workingFolder } from "./metadata.ts";
import { environmentMap } from "./stage-state.ts";
import { expand } from "./variables.ts";

const ESCAPE = "\\";

/**
 * An image's configuration after one instruction in a Dockerfile's words, as `docker commit --change` has it. Throws
 * spec.invalid for one that makes no sense, request.invalid for one that says nothing about a configuration.
 */
export function applyChange(config: ConfigJson, text: string): ConfigJson {
  const place = { file: "change", line: 1 };
  const instruction = parseInstruction(text.trim(), place, [], ESCAPE);
  const environment = environmentMap(config);
  if (instruction.keyword === "WORKDIR") {
    const path = expand(instruction.rest, place, (name) => environment.get(name), ESCAPE);
    return { ...config, WorkingDir: workingFolder(config, path) };
  }
  if (!isMetadata(instruction.keyword) || instruction.keyword === "MAINTAINER")
    throw new GantryError(
      "request.invalid",
      `the change "${text}" cannot be made: ${instruction.keyword} says nothing about how an image runs`,
    );
  const nothing = {
    diffIds: [],
    overHost: false,
    baseHistory: [],
    history: [],
    declared: new Map<string, string>(),
  };
  const state = { ...nothing, platform: { os: "", architecture: "" }, config, ownCommand: false };
  return afterMetadata(instruction, state, ESCAPE).config;
}
