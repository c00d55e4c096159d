import { describe, expect, it } from "vitest";
import { parseDockerfile } from "../../../src/build/dockerfile/parse.ts";

const parse = (text: string) => parseDockerfile(text, "Dockerfile");
const instructions = (text: string) => parse(`FROM scratch\n${text}`).stages[0]?.instructions ?? [];
const one = (text: string) => instructions(text)[0];
const refusal = (text: string): string => {
  try {
    parse(text);
  } catch (error) {
    return (error as Error).message;
  }
  return "";
};

describe("lines of a Dockerfile", () => {
  it("go on after a backslash, and comments and empty lines in between are passed over", () => {
    expect(one("RUN a && \\\n# no\n\n  # no either\n    b")).toMatchObject({
      keyword: "RUN",
      rest: "a &&     b",
      place: { line: 2 },
    });
  });
  it("do not go on after an escaped backslash", () => {
    expect(instructions("RUN echo \\\\\nCMD x").map(({ rest }) => rest)).toEqual(["echo \\\\", "x"]);
  });
  it("go on after the escape that a directive names", () => {
    expect(parse("# escape=`\nFROM scratch\nRUN a `\n b\\\nCMD c").stages[0]?.instructions[0]?.rest).toBe(
      "a  b\\",
    );
  });
  it("hold no directive after the first comment", () => {
    expect(parse("# hello\n# escape=`\nFROM scratch").escape).toBe("\\");
  });
  it("may end with carriage returns and begin with a byte order mark", () => {
    expect(parse("\uFEFFFROM scratch\r\nRUN a\\\r\nb\r\n").stages[0]?.instructions[0]?.rest).toBe("ab");
  });
});

describe("here-documents", () => {
  it("are read to their ends, several in turn", () => {
    expect(one('COPY <<A <<-"B" /x/\none\nA\n\ttwo $x\n\tB\n')).toMatchObject({
      heredocs: [
        { name: "A", content: "one\n", expand: true },
        { name: "B", content: "two $x\n", expand: false },
      ],
    });
  });
  it("are none between quotes, nor in instructions without them", () => {
    expect(one('RUN echo "<<EOF"')?.heredocs).toEqual([]);
    expect(one("CMD cat <<EOF")?.heredocs).toEqual([]);
  });
  it("without an end are refused", () => {
    expect(refusal("FROM scratch\nRUN <<EOF\nx\n")).toMatch(
      /^Dockerfile:2: the here-document EOF has no end/,
    );
  });
});

describe("instructions", () => {
  it("have their flags taken off, quoted ones too", () => {
    expect(one(`COPY --chown=1:2 --exclude="a b" --link x /y`)).toMatchObject({
      flags: [
        { name: "chown", value: "1:2" },
        { name: "exclude", value: "a b" },
        { name: "link", value: "true" },
      ],
      rest: "x /y",
    });
  });
  it("can be JSON, and a shell's [ is none", () => {
    expect(one('CMD ["a", "b c"]')?.json).toEqual(["a", "b c"]);
    expect(one("RUN [ -d / ]")?.json).toBeUndefined();
  });
  it("belong to stages, whose names are in lower case", () => {
    const { globals, stages } = parse("ARG V=1\nFROM a:$V AS Base\nRUN x\nFROM --platform=linux/arm64 base");
    expect(globals).toHaveLength(1);
    expect(stages).toMatchObject([
      { index: 0, name: "base", base: "a:$V", instructions: [{ keyword: "RUN" }] },
      { index: 1, base: "base", platform: "linux/arm64", instructions: [] },
    ]);
  });
  it.each([
    ["RUM x", 'Dockerfile:2: unknown instruction RUM (did you mean "RUN"?)'],
    ["COPY --form=x a b", 'Dockerfile:2: COPY knows no flag --form (did you mean "--from"?)'],
    ["COPY a", "Dockerfile:2: COPY needs what to copy, and where to"],
    ["COPY a b c", "Dockerfile:2: COPY with several sources needs a folder as its target: c must end with /"],
    ["SHELL /bin/sh -c", "Dockerfile:2: SHELL is written as a JSON list"],
    ["ONBUILD ONBUILD RUN x", "Dockerfile:2: ONBUILD cannot hold back ONBUILD"],
    ["ENV a=1 b", "Dockerfile:2: b has no value"],
    ["ENV a", "Dockerfile:2: ENV needs a name and a value"],
    ["HEALTHCHECK --interval=1 CMD x", "Dockerfile:2: --interval is a duration"],
    ["HEALTHCHECK x", "Dockerfile:2: HEALTHCHECK is followed by CMD or NONE, not x"],
    [
      "RUN --mount=type=cach,target=/x y",
      'Dockerfile:2: --mount of an unknown type cach (did you mean "cache"?)',
    ],
    ["RUN --network=x y", "Dockerfile:2: --network is default, none or host, not x"],
    ["RUN --security=insecure y", "Dockerfile:2: --security=insecure is not allowed"],
    ["RUN", "Dockerfile:2: RUN needs an argument"],
    ["FROM a b", "Dockerfile:2: FROM is written: FROM IMAGE [AS NAME]"],
    ["FROM a AS 1x", "Dockerfile:2: 1x cannot be the name of a stage"],
    ["WORKDIR", "Dockerfile:2: WORKDIR needs an argument"],
  ])("that make no sense are refused with their line: %s", (text, message) => {
    expect(refusal(`FROM scratch\n${text}`)).toContain(message);
  });
  it("before the first FROM are ARG alone", () => {
    expect(refusal("RUN x\nFROM scratch")).toContain("Dockerfile:1: RUN stands before the first FROM");
    expect(refusal("# nothing")).toContain("no FROM");
  });
});
