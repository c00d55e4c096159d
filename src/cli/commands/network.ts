import type { Command } from "commander";
import type { InspectOptions } from "../inspect-each.ts";
import type { Run } from "../program.ts";
import type { NetworkConnectOptions } from "../verbs/network-connect.ts";
import type { NetworkCreateOptions } from "../verbs/network-create.ts";
import type { NetworkListOptions } from "../verbs/network-ls.ts";
import { append, group, outputOption, verb } from "./options.ts";

/** Verbs about networks, in docker's words: `network ls` and its like, and `port`. */
export function networkCommands(program: Command, run: Run): void {
  group(program, "Networks:");
  const network = verb(program, "network", "list, make and remove networks; put containers into them");
  verb(network, "ls", "list networks")
    .alias("list")
    .option("-q, --quiet", "only the ids")
    .addOption(outputOption())
    .action((options: NetworkListOptions, command: Command) =>
      run(command, async (context) => (await import("../verbs/network-ls.ts")).networkLs(context, options)),
    );
  verb(network, "inspect", "show everything known of networks")
    .argument("<network...>")
    .addOption(outputOption(["json", "yaml"]))
    .option("-f, --format <template>", "print this of each, in Go's templates, as docker does")
    .action((names: readonly string[], options: InspectOptions, command: Command) =>
      run(command, async (context) =>
        (await import("../verbs/network-inspect.ts")).networkInspect(context, names, options),
      ),
    );
  verb(network, "create", "make a network")
    .argument("<network>")
    .option("--internal", "nothing leaves it, and nothing comes in")
    .option("--subnet <subnet>", "its addresses, such as 172.28.0.0/16 (default: a free one is chosen)")
    .option("--gateway <address>", "the host's address in it (default: its first)")
    .option("--label <name[=value]>", "add a label", append)
    .option("--opt <name=value>", "com.docker.network.driver.mtu=BYTES", append)
    .action((name: string, options: NetworkCreateOptions, command: Command) =>
      run(command, async (context) =>
        (await import("../verbs/network-create.ts")).networkCreate(context, name, options),
      ),
    );
  verb(network, "rm", "remove networks that nobody is in")
    .alias("remove")
    .argument("<network...>")
    .action((names: readonly string[], _options: unknown, command: Command) =>
      run(command, async (context) => (await import("../verbs/network-rm.ts")).networkRm(context, names)),
    );
  verb(network, "prune", "remove all networks made by hand that nobody is in").action(
    (_options: unknown, command: Command) =>
      run(command, async (context) => (await import("../verbs/network-prune.ts")).networkPrune(context)),
  );
  verb(network, "connect", "put a container into one more network")
    .argument("<network>")
    .argument("<container>")
    .option("--alias <name>", "a further name it is found under there", append)
    .option("--ip <address>", "the address it is to have")
    .action((name: string, container: string, options: NetworkConnectOptions, command: Command) =>
      run(command, async (context) =>
        (await import("../verbs/network-connect.ts")).networkConnect(context, name, container, options),
      ),
    );
  verb(network, "disconnect", "take a container out of a network")
    .argument("<network>")
    .argument("<container>")
    .action((name: string, container: string, _options: unknown, command: Command) =>
      run(command, async (context) =>
        (await import("../verbs/network-disconnect.ts")).networkDisconnect(context, name, container),
      ),
    );
  verb(program, "port", "show where a container's ports are published")
    .argument("<container>")
    .argument("[port]", "only this one: 80, 53/udp")
    .action((container: string, port: string | undefined, _options: unknown, command: Command) =>
      run(command, async (context) => (await import("../verbs/port.ts")).port(context, container, port)),
    );
}
