import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { copyFile, readFile, rename } from "node:fs/promises";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { listenerId } from "../../src/net/listener.ts";
import type { GantryError } from "../../src/error.ts";
import {
  addresses,
  connectError,
  program,
  publish,
  publishedPort,
  readAll,
  Stage,
  until,
} from "./proxy.fixture.ts";

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.set();
});
afterEach(() => stage.strike());

const sayNumber = (socket: Socket, number: number) => void socket.end(`${number}`);
const echo = (socket: Socket) => void socket.pipe(socket);

describe("balancing", () => {
  test("requests one after another visit three replicas in turn", async () => {
    const proxy = await stage.open();
    const { port } = await publish(
      proxy,
      publishedPort(await stage.replicas(3, sayNumber)),
      addresses(1, 2, 3),
    );
    const answers: string[] = [];
    for (let i = 0; i < 9; i++) answers.push(await stage.ask(port));
    const round = answers.slice(0, 3);
    expect([...round].sort()).toEqual(["1", "2", "3"]);
    expect(answers).toEqual([...round, ...round, ...round]);
  });

  test("a new connection goes to the replica with the fewest", async () => {
    const proxy = await stage.open();
    const replicas = await stage.replicas(2, (socket, number) => void socket.write(`${number}`));
    const { id, port } = await publish(proxy, publishedPort(replicas), addresses(1));
    for (let i = 0; i < 3; i++) await once(stage.connect(port), "data");
    await proxy.setEndpoints(id, addresses(1, 2));
    const next: string[] = [];
    for (let i = 0; i < 3; i++) next.push(String((await once(stage.connect(port), "data"))[0]));
    expect(next).toEqual(["2", "2", "2"]);
  });

  test("a replica that refuses is skipped, and used again once it is back", async () => {
    const proxy = await stage.open();
    const replicas = await stage.replicas(2, sayNumber);
    await stage.stopReplica(1);
    const { port } = await publish(proxy, publishedPort(replicas), addresses(1, 2));
    for (let i = 0; i < 6; i++) expect(await stage.ask(port)).toBe("2");
    const back = createServer((socket) => void socket.end("back")).listen(replicas, "127.0.1.1");
    try {
      await until("the replica is used again", async () => (await stage.ask(port)) === "back");
    } finally {
      back.close();
    }
  });
});

describe("scaling", () => {
  test("connections are held while there is no endpoint, and served when one appears", async () => {
    const proxy = await stage.open();
    const replicas = await stage.replicas(1, sayNumber);
    const { id, port } = await publish(proxy, publishedPort(replicas), []);
    const answers = Array.from({ length: 20 }, () => stage.ask(port, "hello"));
    await until("all are held", async () => (await proxy.status())[0]?.held === 20);
    await proxy.setEndpoints(id, addresses(1));
    expect(await Promise.all(answers)).toEqual(Array<string>(20).fill("1"));
    expect((await proxy.status())[0]?.held).toBe(0);
  });

  test("no more than 1,024 connections are held; the next one is reset", async () => {
    const proxy = await stage.open();
    const { port } = await publish(proxy, publishedPort(9), []);
    const held = Array.from({ length: 1024 }, () => stage.connect(port));
    await until("all are held", async () => (await proxy.status())[0]?.held === 1024);
    const [error] = await once(stage.connect(port), "error");
    expect(error).toMatchObject({ code: "ECONNRESET" });
    expect(held.some((socket) => socket.destroyed)).toBe(false);
  });

  test("a leaving replica keeps its connections, gets no new ones, and drains", async () => {
    const proxy = await stage.open();
    const replicas = await stage.replicas(2, (socket, number) => {
      socket.write(`${number}`);
      echo(socket);
    });
    const { id, port } = await publish(proxy, publishedPort(replicas), addresses(1));
    const old = stage.connect(port);
    await once(old, "data");
    await proxy.setEndpoints(id, addresses(2));
    for (let i = 0; i < 3; i++) expect(await stage.ask(port)).toBe("2");
    old.write("still there");
    expect(String((await once(old, "data"))[0])).toBe("still there");
    expect(await proxy.connections("127.0.1.1")).toBe(1);
    const drained = proxy.drain("127.0.1.1", 30_000);
    old.end();
    expect(await drained).toBe(0);
    expect((await proxy.status())[0]?.endpoints.map(({ address }) => address)).toEqual([
      `127.0.1.2:${replicas}`,
    ]);
  });

  test("what is left after the grace period is reset, also on a port that is closed already", async () => {
    const proxy = await stage.open();
    const replicas = await stage.replicas(1, echo);
    const { id, port } = await publish(proxy, publishedPort(replicas), addresses(1));
    const client = stage.connect(port);
    client.write("x");
    await once(client, "data");
    await proxy.unlisten([id]);
    expect(await proxy.connections("127.0.1.1")).toBe(1);
    const [[error], dropped] = await Promise.all([once(client, "error"), proxy.drain("127.0.1.1", 0)]);
    expect(dropped).toBe(1);
    expect(error).toMatchObject({ code: "ECONNRESET" });
    await until("nothing is left", async () => (await proxy.status()).length === 0);
  });
});

describe("bytes", () => {
  test("half-close goes through in both directions", async () => {
    const proxy = await stage.open();
    const replicas = await stage.replicas(2, (socket, number) => {
      if (number === 1) void readAll(socket).then((text) => socket.end(`heard ${text}`));
      else {
        socket.end("I am done");
        void readAll(socket).then((text) => heard.push(text));
      }
    });
    const heard: string[] = [];
    const { id, port } = await publish(proxy, publishedPort(replicas), addresses(1));
    expect(await stage.ask(port, "all of it")).toBe("heard all of it");
    await proxy.setEndpoints(id, addresses(2));
    const client = stage.connect(port);
    expect(await readAll(client)).toBe("I am done");
    client.end("but I was not");
    await until("the server has heard the rest", () => heard[0] === "but I was not");
    await until("the proxy has forgotten it", async () => (await proxy.connections("127.0.1.2")) === 0);
  });

  test("a reset goes through in both directions, after what was said before it", async () => {
    const proxy = await stage.open();
    const ends: string[] = [];
    const replicas = await stage.replicas(2, (socket, number) => {
      socket.on("error", (error) => ends.push((error as NodeJS.ErrnoException).code ?? ""));
      socket.write("hello");
      if (number === 1) socket.once("data", () => socket.resetAndDestroy());
    });
    const { id, port } = await publish(proxy, publishedPort(replicas), addresses(1));
    const client = stage.connect(port);
    expect(String((await once(client, "data"))[0])).toBe("hello");
    const reset = once(client, "error");
    client.write("go");
    expect((await reset)[0]).toMatchObject({ code: "ECONNRESET" });
    await proxy.setEndpoints(id, addresses(2));
    const other = stage.connect(port);
    await once(other, "data");
    other.resetAndDestroy();
    await until("the server sees the reset", () => ends.includes("ECONNRESET"));
  });

  test("a thousand connections at once all get their own answer", async () => {
    const proxy = await stage.open();
    const { port } = await publish(proxy, publishedPort(await stage.replicas(3, echo)), addresses(1, 2, 3));
    const sockets = Array.from({ length: 1000 }, (_, number) => {
      const socket = stage.connect(port);
      socket.write(`${number}`);
      return socket;
    });
    const answers = await Promise.all(sockets.map((socket) => once(socket, "data")));
    expect(answers.map(([data]) => String(data))).toEqual(sockets.map((_, number) => `${number}`));
    const counts = (await proxy.status())[0]!.endpoints
      .map(({ connections }) => connections)
      .sort((a, b) => a - b);
    expect(counts).toEqual([333, 333, 334]);
    for (const socket of sockets) socket.end();
    await until("all are gone", async () => (await proxy.connections("127.0.1.1")) === 0);
  });

  test("64 MiB arrive unchanged both ways at once, through a slow reader", async () => {
    const proxy = await stage.open();
    const { port } = await publish(proxy, publishedPort(await stage.replicas(1, echo)), addresses(1));
    const client = stage.connect(port);
    const block = randomBytes(1024 * 1024);
    const sent = createHash("sha256");
    const received = createHash("sha256");
    const sending = (async () => {
      for (let i = 0; i < 64; i++) {
        block.writeUInt32LE(i);
        sent.update(block);
        if (!client.write(Buffer.from(block))) await once(client, "drain");
      }
      client.end();
    })();
    let size = 0;
    for await (const part of client) {
      received.update(part as Buffer);
      size += (part as Buffer).length;
    }
    await sending;
    expect(size).toBe(64 * 1024 * 1024);
    expect(received.digest("hex")).toBe(sent.digest("hex"));
  });

  test("UDP: each client gets its answers, from the address it spoke to", async () => {
    const server = createSocket("udp4", (text, from) =>
      server.send(`you said ${text.toString()}`, from.port, from.address),
    );
    const clients = [createSocket("udp4"), createSocket("udp4")];
    try {
      server.bind(0, "127.0.1.1");
      await once(server, "listening");
      const proxy = await stage.open();
      const wish = publishedPort(server.address().port, { protocol: "udp", hostIp: "0.0.0.0" });
      const { port } = await publish(proxy, wish, addresses(1));
      for (const [number, client] of clients.entries()) {
        const answer = once(client, "message");
        client.send(`I am ${number}`, port, "127.0.0.2");
        const [text, from] = (await answer) as [Buffer, AddressInfo];
        expect(text.toString()).toBe(`you said I am ${number}`);
        expect(from).toMatchObject({ address: "127.0.0.2", port });
      }
      expect(await proxy.connections("127.0.1.1")).toBe(2);
      await proxy.drain("127.0.1.1", 0);
      expect(await proxy.connections("127.0.1.1")).toBe(0);
    } finally {
      server.close();
      for (const client of clients) client.close();
    }
  });

  test("a port without an address is reached by IPv4 and IPv6", async () => {
    const proxy = await stage.open();
    const { hostIp: _, ...everywhere } = publishedPort(await stage.replicas(1, sayNumber));
    const { port } = await publish(proxy, everywhere, addresses(1));
    expect(await stage.ask(port)).toBe("1");
    expect(await stage.ask(port, "", "::1")).toBe("1");
  });
});

describe("faults", () => {
  test("a port that is taken is an error that says so, and leaves nothing behind", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    try {
      const proxy = await stage.open();
      const taken = publishedPort(80, { hostPort: (other.address() as AddressInfo).port });
      await expect(proxy.listen([publishedPort(80), taken])).rejects.toMatchObject({
        code: "port.taken",
        message: `port 127.0.0.1:${taken.hostPort}/tcp of service web is taken by another program`,
        next: expect.stringContaining("ss -lnp") as string,
      });
      expect(proxy.published()).toEqual([]);
      expect(await proxy.status()).toEqual([]);
    } finally {
      other.close();
    }
  });

  test("a proxy that is killed comes back with its whole table, on the same ports", async () => {
    const proxy = await stage.open();
    const replicas = await stage.replicas(2, sayNumber);
    const { hostIp: _, ...everywhere } = publishedPort(replicas);
    const { port } = await publish(proxy, everywhere, addresses(1, 2));
    const before = await stage.pid();
    process.kill(before, "SIGKILL");
    await until("another one runs", async () =>
      stage.pid().then(
        (pid) => pid !== before,
        () => false,
      ),
    );
    await proxy.status(); // answered once the table has been sent
    expect([await stage.ask(port), await stage.ask(port)].sort()).toEqual(["1", "2"]);
    expect(proxy.published()).toMatchObject([{ boundPort: port, containerPort: replicas }]);
    expect(stage.problems).toEqual([]);
  });

  test("a port that was taken while the proxy was dead leaves the table and is reported", async () => {
    const copy = join(stage.run, "program");
    await copyFile(program, copy);
    const proxy = await stage.open(copy);
    const { port } = await publish(proxy, publishedPort(9), []);
    await rename(copy, `${copy}.away`);
    process.kill(await stage.pid(), "SIGKILL");
    await until("it cannot be brought back", () => stage.problems.length > 0);
    const thief = createServer().listen(port, "127.0.0.1");
    try {
      await once(thief, "listening");
      await rename(`${copy}.away`, copy);
      await until("it is reported", () =>
        stage.problems.some((problem) => (problem as GantryError).code === "port.taken"),
      );
      expect(proxy.published()).toEqual([]);
      expect(await proxy.status()).toEqual([]);
    } finally {
      thief.close();
    }
  });

  test("the daemon may go and come back while a transfer runs", async () => {
    const first = await stage.open();
    const replicas = await stage.replicas(1, echo);
    const { id, port } = await publish(first, publishedPort(replicas), addresses(1));
    const pid = await stage.pid();
    const client = stage.connect(port);
    const size = readAll(client).then((text) => text.length);
    client.write("x".repeat(4_000_000));
    first.close();
    client.write("y".repeat(4_000_000));
    const second = await stage.open();
    expect(second.published()).toEqual([{ ...publishedPort(replicas), boundPort: port }]);
    await second.listen([publishedPort(replicas)]);
    await second.setEndpoints(id, addresses(1));
    client.end();
    expect(await size).toBe(8_000_000);
    expect(await stage.pid()).toBe(pid);
  });

  test("garbage on the control socket gets errors and harms nobody", async () => {
    const proxy = await stage.open();
    const { port } = await publish(proxy, publishedPort(await stage.replicas(1, sayNumber)), addresses(1));
    const speak = async (bytes: string | Buffer) => {
      const socket = connect(join(stage.run, "proxy.sock"));
      socket.on("error", () => undefined);
      socket.end(bytes);
      return readAll(socket).catch(() => "");
    };
    const lines = [
      "", " ", "listen", "listen a tcp", "listen a tcp 127.0.0.1 65536", "listen a tcp 127.0.0.1 -1",
      "listen a tcp 127.0.0.1 1 1", "listen a icmp 127.0.0.1 1", "listen a tcp localhost 1", 'listen a"b tcp 127.0.0.1 0',
      `listen ${"a".repeat(256)} tcp 127.0.0.1 0`, "endpoints nobody 127.0.0.1:80", "endpoints", "drop a b", "status now",
      `endpoints ${listenerId(publishedPort(1))} 127.0.0.1`, `endpoints x ${"1.1.1.1:1 ".repeat(10_000)}`, "unlisten a b",
      "endpoints x [::1:80", "endpoints x ]:80", "endpoints x [127.0.0.1]:80", "a\0b",
    ]; // prettier-ignore
    for (const line of lines) expect(await speak(`${line}\n`), line).toMatch(/^error E[A-Z0-9]+ .+\n$/);
    await speak(randomBytes(3_000_000));
    await speak("no line end");
    await speak(Buffer.alloc(2_000_000, "a"));
    const idle = Array.from({ length: 40 }, () =>
      connect(join(stage.run, "proxy.sock")).on("error", () => undefined),
    );
    for (const socket of idle) socket.destroy();
    expect(await stage.ask(port)).toBe("1");
    expect(await proxy.status()).toHaveLength(1);
  });

  test("without descriptors to spare, connections wait and are served later, and the proxy does not spin", async () => {
    const proxy = await stage.open();
    const { port } = await publish(proxy, publishedPort(await stage.replicas(1, echo)), addresses(1));
    const pid = await stage.pid();
    execFileSync("prlimit", ["--pid", `${pid}`, "--nofile=40:20000"]);
    const sockets = Array.from({ length: 100 }, (_, number) => {
      const socket = stage.connect(port);
      socket.write(`${number}`);
      return socket;
    });
    const answers = sockets.map((socket) => once(socket, "data"));
    await Promise.all(answers.slice(0, 5));
    const before = await cpuTicks(pid);
    const started = Date.now();
    await until("a second has passed", () => Date.now() - started > 1000);
    expect((await cpuTicks(pid)) - before).toBeLessThan(50);
    execFileSync("prlimit", ["--pid", `${pid}`, "--nofile=20000:20000"]);
    expect((await Promise.all(answers)).map(([data]) => String(data))).toEqual(
      sockets.map((_, number) => `${number}`),
    );
  });

  test("those it had no descriptors for are accepted when the ones it held have been given up", async () => {
    const proxy = await stage.open();
    const { port } = await publish(proxy, publishedPort(9), []);
    execFileSync("prlimit", ["--pid", `${await stage.pid()}`, "--nofile=40:20000"]);
    // Nobody serves them: each is held for ten seconds, and more than half have to wait for that.
    const sockets = Array.from({ length: 40 }, () => stage.connect(port));
    const ended = sockets.map((socket) => new Promise((resolve) => socket.once("close", resolve)));
    for (const socket of sockets) socket.on("error", () => undefined);
    await Promise.all(ended);
  });

  test("told to end, it finishes its connections first and accepts no more", async () => {
    const proxy = await stage.open();
    const { port } = await publish(proxy, publishedPort(await stage.replicas(1, echo)), addresses(1));
    const client = stage.connect(port);
    client.write("a");
    await once(client, "data");
    const pid = await stage.pid();
    proxy.close();
    process.kill(pid, "SIGTERM");
    await until("the port is closed", async () => (await connectError(port)) === "ECONNREFUSED");
    client.write("b");
    expect(String((await once(client, "data"))[0])).toBe("b");
    client.end();
    await until("it has ended", () =>
      stage.pid().then(
        () => false,
        () => true,
      ),
    );
  });
});

/** User and system time in ticks of 10 ms (proc_pid_stat(5)). */
async function cpuTicks(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).replace(/^.*\) /, "").split(" ");
  return Number(fields[11]) + Number(fields[12]);
}
