import { expect, test } from "vitest";
import { portsText } from "../../../src/cli/verbs/ps.ts";
import { eventText, parseFilters } from "../../../src/cli/verbs/events.ts";
import { environment } from "../../../src/cli/verbs/exec.ts";
import { printList } from "../../../src/cli/listing.ts";
import { splitReference } from "../../../src/cli/reference.ts";
import { TextBuffer } from "./text-buffer.ts";

const columns = { heading: ["NAME"], row: ({ name }: { readonly name: string }) => [name] };

test("a list prints as a table, or as the objects themselves", async () => {
  const outputs = await Promise.all(
    (["table", "json", "yaml"] as const).map(async (format) => {
      const stdout = new TextBuffer();
      await printList({ stdout }, format, [{ name: "web" }], columns);
      return stdout.text;
    }),
  );
  expect(outputs).toEqual(["NAME\nweb\n", '[\n  {\n    "name": "web"\n  }\n]\n', "- name: web\n"]);
});

test("ports print as docker prints them", () => {
  expect(
    portsText([
      { IP: "0.0.0.0", PrivatePort: 80, PublicPort: 8080, Type: "tcp" },
      { IP: "::", PrivatePort: 80, PublicPort: 8080, Type: "tcp" },
      { PrivatePort: 53, Type: "udp" },
    ]),
  ).toBe("0.0.0.0:8080->80/tcp, [::]:8080->80/tcp, 53/udp");
});

test("the colon of a registry's port is not a tag's", () => {
  expect(splitReference("registry:5000/tools")).toEqual({ name: "registry:5000/tools" });
  expect(splitReference("registry:5000/tools:1.2")).toEqual({ name: "registry:5000/tools", tag: "1.2" });
});

test("an event is one line, whatever its attributes hold", () => {
  const event = {
    Type: "container",
    Action: "die",
    Actor: { ID: "ab12", Attributes: { name: "web\n-1", exitCode: "1" } },
    timeNano: 1_700_000_000_123_000_000,
  };
  expect(eventText(event)).toBe("2023-11-14T22:13:20.123Z container die ab12 (exitCode=1, name=web?-1)");
});

test("filters collect by key, and a value may hold an equals sign", () => {
  expect(parseFilters(["label=a=b", "event=die", "event=start"])).toEqual({
    label: ["a=b"],
    event: ["die", "start"],
  });
  expect(() => parseFilters(["die"])).toThrow('"die" is not KEY=VALUE');
});

test("an environment name without a value takes the one it has here, or is left out", () => {
  expect(environment(["A=1", "HOME", "NOPE", "B="], { HOME: "/root" })).toEqual(["A=1", "HOME=/root", "B="]);
});
