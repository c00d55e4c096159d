import * as fc from "fast-check";
import { expect, test } from "vitest";
import { AddressPool, chooseSubnet, POOL } from "../../src/net/allocate.ts";
import {
  formatAddress,
  formatSubnet,
  overlaps,
  parseAddress,
  parseSubnet,
  sizeOf,
} from "../../src/net/ipv4.ts";

const address = fc.nat({ max: 0xffffffff });
const subnet = fc
  .record({ base: address, prefix: fc.integer({ min: 8, max: 32 }) })
  .map(({ base, prefix }) => {
    const size = 2 ** (32 - prefix);
    return { base: Math.floor(base / size) * size, prefix };
  });
const nearby = subnet.map(({ base, prefix }) => {
  const size = 2 ** (32 - prefix);
  return { base: Math.floor((POOL.base + (base % sizeOf(POOL))) / size) * size, prefix };
});

test("an address and a subnet survive being printed and read", () => {
  fc.assert(fc.property(address, (value) => parseAddress(formatAddress(value)) === value));
  fc.assert(
    fc.property(subnet, (value) => {
      const read = parseSubnet(formatSubnet(value));
      return read.base === value.base && read.prefix === value.prefix;
    }),
  );
});

test("a chosen subnet lies in the pool and meets neither a network in use nor a route inside the pool", () => {
  const some = fc.array(
    nearby.filter(({ prefix }) => prefix >= 14),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(some, some, fc.string(), (used, routes, name) => {
      let chosen;
      try {
        chosen = chooseSubnet(used, routes, name);
      } catch (error) {
        expect(error).toMatchObject({ code: "network.exhausted" });
        const blocks = Array.from({ length: 256 }, (_, i) => ({ base: POOL.base + i * 4096, prefix: 20 }));
        expect(blocks.every((block) => [...used, ...routes].some((other) => overlaps(other, block)))).toBe(
          true,
        );
        return;
      }
      expect(overlaps(chosen, POOL) && chosen.prefix === 20).toBe(true);
      expect([...used, ...routes].some((other) => overlaps(other, chosen))).toBe(false);
    }),
  );
});

test("a pool never gives an address to two at once, nor one outside its range, whatever comes and goes", () => {
  const step = fc.record({ key: fc.integer({ min: 1, max: 16 }).map(String), release: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), fc.integer({ min: 27, max: 29 }), (steps, prefix) => {
      const own = { base: POOL.base, prefix };
      const pool = new AddressPool(own);
      const model = new Map<string, number>();
      for (const { key, release } of steps) {
        if (release) {
          pool.release(key);
          model.delete(key);
          continue;
        }
        if (!model.has(key) && model.size === sizeOf(own) - 3) {
          expect(() => pool.take(key)).toThrow("are in use");
          continue;
        }
        const taken = pool.take(key);
        expect(model.get(key) ?? taken).toBe(taken);
        model.set(key, taken);
        expect(taken).toBeGreaterThanOrEqual(own.base + 2);
        expect(taken).toBeLessThan(own.base + sizeOf(own) - 1);
        expect(new Set(model.values()).size).toBe(model.size);
      }
    }),
  );
});
