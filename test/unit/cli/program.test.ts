import { CommanderError, type Command } from "commander";
import { expect, test } from "vitest";
import { buildProgram } from "../../../src/cli/program.ts";

interface Call {
  readonly verb: string;
  readonly arguments: readonly unknown[];
  readonly options: Readonly<Record<string, unknown>>;
}

/** Parses a command line without running its verb. */
async function parse(line: string): Promise<Call> {
  const calls: Call[] = [];
  const program = buildProgram((command: Command) => {
    calls.push({
      verb: command.name(),
      arguments: command.processedArgs,
      options: command.optsWithGlobals(),
    });
    return Promise.resolve();
  });
  quiet(program);
  await program.parseAsync(line.split(" "), { from: "user" });
  const [call] = calls;
  if (call === undefined) throw new Error("no verb ran");
  return call;
}

function quiet(command: Command): void {
  command.configureOutput({ writeErr: () => {}, writeOut: () => {} });
  for (const sub of command.commands) quiet(sub);
}

test("the instance's folders may be given before the verb or after it", async () => {
  expect((await parse("--root /a --run /b ps")).options).toMatchObject({ root: "/a", run: "/b" });
  expect((await parse("ps --root /a --run /b")).options).toMatchObject({ root: "/a", run: "/b" });
});

test("apply takes several files and a project, and up is another word for it", async () => {
  const { verb, options } = await parse("up -f a.yaml -f b.yaml -p shop --wait --dry-run");
  expect(verb).toBe("apply");
  expect(options).toMatchObject({ file: ["a.yaml", "b.yaml"], project: "shop", wait: true, dryRun: true });
});

test("the flags of exec end where the command begins", async () => {
  const { arguments: words, options } = await parse("exec -i -e A=1 -e B web ls -l -i -e x");
  expect(words).toEqual(["web", ["ls", "-l", "-i", "-e", "x"]]);
  expect(options).toMatchObject({ interactive: true, env: ["A=1", "B"] });
});

test("the -f of logs follows, as docker's does", async () => {
  const { options } = await parse("logs -f --tail 10 -t web --file x.yaml");
  expect(options).toMatchObject({ follow: true, tail: 10, timestamps: true, file: ["x.yaml"] });
});

test("--tail all is all lines, as without it", async () => {
  expect((await parse("logs --tail all")).options["tail"]).toBe("all");
});

test("scale edits the file unless told not to", async () => {
  expect((await parse("scale web=3")).options["edit"]).toBe(true);
  expect(await parse("scale --no-edit web=3 db=2")).toMatchObject({
    arguments: [["web=3", "db=2"]],
    options: { edit: false },
  });
});

test("lists are tables unless asked otherwise, inspect is JSON", async () => {
  expect((await parse("ps")).options["output"]).toBe("table");
  expect((await parse("images -o yaml")).options["output"]).toBe("yaml");
  expect((await parse("inspect x")).options["output"]).toBe("json");
});

test.each([
  "ps --bogus",
  "nonsense",
  "ps -o xml",
  "logs --tail -3",
  "stop -t soon web",
  "scale",
  "rm",
  "import x",
])("%o is a usage error", async (line) => {
  const failed = parse(line);
  await expect(failed).rejects.toBeInstanceOf(CommanderError);
  await expect(failed).rejects.not.toMatchObject({ exitCode: 0 });
});

test("every verb and every option of every verb is described", () => {
  const program = buildProgram(() => Promise.resolve());
  const undescribed = program.commands.flatMap((command) => [
    ...(command.description() === "" ? [command.name()] : []),
    ...command.options
      .filter(({ description }) => description === "")
      .map(({ flags }) => `${command.name()} ${flags}`),
  ]);
  expect(undescribed).toEqual([]);
});
